import type {ProcessRow} from '../../model/host/processes.ts';
import {Trouble} from '../../model/trouble.ts';
import {isInGroup} from '../../parse/proc/cgroup.ts';
import {findGroup} from '../../procfs/host/group.ts';
import {targetOf} from '../../input/open.ts';
import {namesOf} from '../../procfs/find.ts';

/** Which processes the arguments mean. */
export interface Meant {
  /** The PIDs, where nothing else was given. */
  readonly pids: ReadonlySet<number> | undefined;
  /** Is a process one of them? Remembers which argument it was meant by. */
  readonly has: (row: ProcessRow) => boolean;
  /** @throws Trouble `gone`: an argument by which no process was meant */
  readonly complain: () => void;
}

/**
 * What arguments stand for: a PID, a group, or a name, which here may be that of several processes.
 *
 * @param root where procfs is mounted
 * @throws Trouble for a number that is not a PID, and for a group that is not there
 */
export function meantBy(words: readonly string[], root: string): Meant {
  const tests = words.map((word) => ({...testOf(word, root), word, isUsed: false}));
  const pids = tests.flatMap(({pid}) => (pid === undefined ? [] : [pid]));
  return {
    pids: pids.length === words.length ? new Set(pids) : undefined,
    has: (row) => {
      const those = tests.filter(({test}) => test(row));
      for (const each of those) each.isUsed = true;
      return those.length > 0;
    },
    complain: () => {
      const unused = tests.find(({word, isUsed}) => !isUsed && !isGroup(word));
      if (unused) throw withoutRow(unused.word, root);
    },
  };
}

const isGroup = (word: string): boolean => /^(cgroup|unit|container):/.test(word);

function testOf(word: string, root: string): {readonly pid?: number; readonly test: (row: ProcessRow) => boolean} {
  if (!isGroup(word) && !IS_PID.test(word))
    return {test: ({name, title}) => namesOf({comm: name, command: title ?? ''}).includes(word)};
  const target = targetOf(word, root);
  if (target.is === 'process') return {pid: target.pid, test: ({pid}) => pid === target.pid};
  if (target.is !== 'group') throw withoutRow(word, root);
  const {path} = findGroup(target.group, root);
  return {test: ({cgroup}) => cgroup !== undefined && isInGroup(cgroup, path)};
}

const IS_PID = /^(?:\/proc\/)?\d+\/?$/;

function withoutRow(word: string, root: string): Trouble {
  const isPid = /^\d+$/.test(word);
  const why = isPid
    ? 'there is no process with this PID that has memory of its own.'
    : 'no process with memory of its own has this name.';
  return new Trouble({
    kind: 'gone',
    what: `Cannot find "${word}".`,
    why,
    next:
      isPid || root !== '/proc' ? 'List all: memmap ps' : `Look for it in names and titles: memmap ps --filter ${word}`,
  });
}
