import {counted, sizeText} from '../model/amounts.ts';
import {MEASURES} from '../model/measures.ts';
import {Trouble} from '../model/trouble.ts';
import {allProcesses, namesOf, residentIn, type Found} from '../procfs/find.ts';
import {say} from '../shell/output.ts';
import {nearest} from '../text/nearest.ts';
import {clip, safe} from '../text/safe.ts';

/**
 * The PID of the process that a name means: the one that has it, else the one with a name that contains it, in upper or
 * lower case. Which one that is, is said.
 *
 * @param root where procfs is mounted
 * @throws Trouble `gone` if there is none, with what is spelled nearly so; `usage` if there are several, with a list
 */
export function onlyProcess(name: string, root: string | undefined): number {
  const all = allProcesses(root);
  const exact = all.filter((each) => namesOf(each).includes(name));
  const small = name.toLowerCase();
  const found =
    exact.length > 0 ? exact : all.filter((each) => namesOf(each).some((its) => its.toLowerCase().includes(small)));
  const [first] = found;
  if (!first) throw noneOf(name, nearestOf(name, all));
  if (found.length > 1) throw severalOf(name, found, exact.length > 0, root);
  if (exact.length === 0) say(`memmap: ${safe(name)} is taken for ${whoIs(first)}.`);
  return first.pid;
}

function nearestOf(name: string, all: readonly Found[]): Found | undefined {
  const near = nearest(name, all.flatMap(namesOf));
  return all.find((each) => near !== undefined && namesOf(each).includes(near));
}

const whoIs = (found: Found): string => `${safe(namesOf(found).at(-1)!)} (pid ${found.pid})`;

const noneOf = (name: string, near: Found | undefined): Trouble =>
  new Trouble({
    kind: 'gone',
    what: `Cannot find "${name}".`,
    why: 'neither a process nor a file has this name, and no process has a name that contains it.',
    next: near ? `Did you mean ${whoIs(near)}?` : 'List processes with: memmap ps',
  });

/** Columns of a command line: enough to tell processes of one name apart. */
const LONGEST = 160;

function severalOf(name: string, found: readonly Found[], isExact: boolean, root: string | undefined): Trouble {
  const rows = found
    .map((each) => ({...each, resident: residentIn(each.pid, root)}))
    .sort((a, b) => (b.resident ?? -1) - (a.resident ?? -1));
  return new Trouble({
    kind: 'usage',
    what: `"${name}" is more than one process.`,
    why: `${found.length} processes have ${isExact ? 'this name' : 'a name that contains it'}:`,
    next: 'Give the PID of one of them.',
    list: rows.map(({pid, command, comm, threads, resident}) =>
      [
        String(pid).padStart(7),
        `${(resident === undefined ? '?' : sizeText(resident)).padStart(10)} ${MEASURES.rss.words}`,
        counted(threads, 'thread').padStart(10),
        clip(command || `[${comm}]`, LONGEST),
      ].join('  '),
    ),
  });
}
