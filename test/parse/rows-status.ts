import type {Stat} from '../../src/parse/proc/stat.ts';
import type {Status} from '../../src/parse/proc/status.ts';

export type StatusRow = {
  readonly id: string;
  readonly title: string;
  /** One character a byte. */ readonly input: string;
} & ({readonly stat: Stat} | {readonly status: Status});

/** Fields 3 to 52 of proc_pid_stat(5), by number. */
function fields(given: Record<number, string>): string {
  return Array.from({length: 50}, (_, index) => given[index + 3] ?? '0').join(' ');
}

const usual = {
  3: 'S',
  4: '1888',
  5: '1',
  6: '1',
  9: '4194368',
  10: '512',
  11: '70000',
  12: '3',
  13: '5',
  20: '3',
  22: '87654321',
  26: '4194304',
  27: '4206592',
  28: '140726000000016',
  47: '8192000',
  48: '140726000000500',
};

const seen = {
  pid: 2001,
  state: 'S',
  ppid: 1888,
  session: 1,
  isForked: true,
  threads: 3,
  childFaults: 70_005,
  startTime: 87_654_321,
  startCode: '4194304',
  endCode: '4206592',
  startStack: '140726000000016',
  startBrk: '8192000',
  argStart: '140726000000500',
  marks: {
    startCode: 4_194_304,
    endCode: 4_206_592,
    startStack: 140_726_000_000_016,
    startData: 0,
    endData: 0,
    startBrk: 8_192_000,
    argStart: 140_726_000_000_500,
    argEnd: 0,
    envStart: 0,
    envEnd: 0,
  },
};

const called = (id: string, title: string, comm: string, name = comm, behind = ''): StatusRow => ({
  id,
  title,
  input: `2001 (${comm}) ${fields(usual)}\n${behind}`,
  stat: {...seen, comm: name},
});

const MEMORY = 'VmPeak:\t    1200 kB\nVmRSS:\t     400 kB\nRssAnon:\t     100 kB\nVmSwap:\t       0 kB\n';

/** E91 to E97: /proc/PID/stat and /proc/PID/status. */
export const STATUS: readonly StatusRow[] = [
  called('E91', 'a process may call itself what looks like the end of its name', 'bad) S 1 2 3'),
  called('E91', 'even with enough numbers after it', 'x) R 1 2 3 4 5'),
  called(
    'E92',
    'a name may have a newline, a tab and bytes that are not UTF-8',
    'a) R 1\n\t\xff(',
    'a) R 1\n\t\ufffd(',
  ),
  called('E93', 'a name may have parentheses in pairs', '(a b ) ( c d) '),
  called('E94', 'a name may be empty', ''),
  called('E95', 'text after the record is not read', 'cat', 'cat', '#!/bin/cat /proc/self/stat (x) S\n'),
  {
    id: 'E96',
    title: 'numbers of 64 bits are not rounded',
    input:
      '2001 (x) ' +
      `${fields({...usual, 26: '18446744073709551615', 27: '-9223372036854775808', 28: '9223372036854775807'})}\n`,
    stat: {
      ...seen,
      comm: 'x',
      startCode: '18446744073709551615',
      endCode: '-9223372036854775808',
      startStack: '9223372036854775807',
      marks: undefined,
    },
  },
  {
    id: 'E97',
    title: 'sizes are in bytes',
    input: `Name:\tx\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t12\nPPid:\t1\nUid:\t1000\t1000\t1000\t1000\n${MEMORY}Threads:\t3\n`,
    status: {
      name: 'x',
      umask: '0022',
      state: 'S',
      pid: 12,
      pPid: 1,
      uid: 1000,
      vmPeak: 1_228_800,
      vmRss: 409_600,
      rssAnon: 102_400,
      vmSwap: 0,
      threads: 3,
    },
  },
  {
    id: 'E97',
    title: 'a zombie or a kernel thread has no memory lines',
    input: 'Name:\tkworker/R-rcu_gp\nState:\tI (idle)\nKthread:\t1\n',
    status: {name: 'kworker/R-rcu_gp', state: 'I', kthread: true},
  },
  {
    id: 'E97',
    title: 'a name may be empty in status',
    input: 'Name:\t\nState:\tZ (zombie)\n',
    status: {name: '', state: 'Z'},
  },
  {id: 'E97', title: 'a backslash in a name is written twice', input: 'Name:\ta\\\\b\n', status: {name: 'a\\b'}},
  {id: 'E97', title: 'a newline in a name is written \\n', input: 'Name:\tx\\ny\n', status: {name: 'x\ny'}},
  {
    id: 'E97',
    title: 'a backslash and an n in a name are not a newline',
    input: 'Name:\tx\\\\ny\n',
    status: {name: 'x\\ny'},
  },
  {id: 'E97', title: 'blanks around a name are its own', input: 'Name:\t  two \t\n', status: {name: '  two \t'}},
  {
    id: 'E97',
    title: 'captures may have blanks for tabs',
    input: 'Name:   x y\nState:  S (sleeping)\nVmRSS:      400 kB\nThreads:  3\n',
    status: {name: 'x y', state: 'S', vmRss: 409_600, threads: 3},
  },
];
