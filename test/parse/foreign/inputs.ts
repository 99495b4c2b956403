import {line} from '../tools.ts';
import type {Wanted} from './shape.ts';

/** A paste, and what must come of it. */
export interface Input extends Wanted {
  readonly title: string;
  readonly text: string;
}

const APP = '/opt/kiosk/bin/kiosk';
const TEXT = line('00600000-00680000 r-xp 00000000 fe:01 8123', APP).trimEnd();
const HEAP = line('02b40000-02b82000 rw-p 00000000 00:00 0', '[heap]').trimEnd();
const ANON = '7e40b0000000-7e40b4000000 rw-p 00000000 00:00 0 ';
const STACK = line('7ffd5e1a0000-7ffd5e1c1000 rw-p 00000000 00:00 0', '[stack]').trimEnd();
const LINES = [TEXT, HEAP, ANON, STACK];
const COUNTERS = ['Size:                264 kB', 'Rss:                  44 kB', 'VmFlags: rd wr mr mw me ac '];
const SMAPS = [TEXT, ...COUNTERS, HEAP, ...COUNTERS, STACK, ...COUNTERS];

const ALL = [
  `600000-680000 r-xp ${APP}`,
  '2b40000-2b82000 rw-p [heap]',
  '7e40b0000000-7e40b4000000 rw-p',
  '7ffd5e1a0000-7ffd5e1c1000 rw-p [stack]',
];
const THREE = [ALL[0]!, ALL[1]!, ALL[3]!];

const text = (...lines: readonly string[]): string => lines.map((each) => `${each}\n`).join('');
const each = (lines: readonly string[], dress: (line: string, index: number) => string): string =>
  text(...lines.map(dress));

/** Each line behind something. */
const prefixed = (title: string, prefix: (index: number) => string, rest: Partial<Input> = {}): Input[] => [
  {title: `${title}, maps`, text: each(LINES, (line, index) => prefix(index) + line), regions: ALL, ...rest},
  {
    title: `${title}, smaps`,
    text: each(SMAPS, (line, index) => prefix(index) + line),
    regions: THREE,
    format: 'smaps',
    ...rest,
  },
];

const two = (value: number): string => String(value).padStart(2, '0');

const LOGS: readonly Input[] = [
  ...prefixed('syslog', (index) => `Nov 26 05:03:${two(index)} till kiosk[9917]: `),
  ...prefixed('journald with an ISO time', (index) => `2026-11-26T05:03:${two(index)}+0000 till kiosk[9917]: `),
  ...prefixed('kubectl logs --prefix', () => '[pod/kiosk-6f7d/main] '),
  ...prefixed('kubectl logs --timestamps', (index) => `2026-11-26T05:03:${two(index)}.123456789Z `),
  ...prefixed('the log of a CRI runtime', (index) => `2026-11-26T05:03:${two(index)}.1234Z stdout F `),
  ...prefixed('docker compose', () => 'kiosk-1  | '),
  ...prefixed('dmesg', (index) => `[ 1234.5678${two(index)}] `),
  ...prefixed('logcat', (index) => `11-26 05:03:${two(index)}.123  9917  9921 F DEBUG   : `),
  ...prefixed('a logger with a level', (index) => `05:03:${two(index)} ERROR kiosk.dump - `),
  {
    title: "a container's log of JSON lines",
    text: each(LINES, (line) => JSON.stringify({log: `${line}\n`, stream: 'stderr', time: '2026-11-26T05:03:00Z'})),
    regions: ALL,
    note: /JSON lines/,
  },
  {
    title: 'journalctl -o json',
    text: each(SMAPS, (line) => JSON.stringify({__CURSOR: 's=1', MESSAGE: line, _PID: '9917'})),
    regions: THREE,
    format: 'smaps',
  },
  {
    title: 'a structured log with other lines in between',
    text: text('{"level":"info","msg":"dumping"}', ...LINES.map((line) => JSON.stringify({level: 'info', msg: line}))),
    regions: ALL,
    rejected: [1],
  },
  {
    title: 'one JSON line that holds the whole listing',
    text: `${JSON.stringify({message: text(...LINES)})}\n`,
    regions: ALL,
  },
];

const NUMBERED: readonly Input[] = [
  ...prefixed('grep -n', (index) => `${index + 1}:`),
  ...prefixed('nl', (index) => `${String(index + 1).padStart(6)}\t`),
  ...prefixed('less -N', (index) => `${String(index + 1).padStart(7)} `),
  ...prefixed('grep -H', () => '/proc/9917/smaps:', {pid: 9917}),
  ...prefixed('grep -Hn of a saved file', (index) => `saved.txt:${index + 1}:`),
  {
    title: 'grep -n -A: a dash behind the numbers of the lines around',
    text: each(SMAPS, (line, index) => `${index + 1}${/^[0-9a-f]+-/.test(line) ? ':' : '-'}${line}`),
    regions: THREE,
    format: 'smaps',
  },
  {
    title: 'grep -H over saved files of several processes',
    text: text(...LINES.map((line) => `a.maps:${line}`), ...LINES.map((line) => `b.maps:${line}`)),
    regions: ALL,
    rejected: [5],
  },
  {
    title: 'tail of several files',
    text: text('==> /proc/310/maps <==', ...LINES, '', '==> /proc/455/maps <==', ...LINES),
    pid: 310,
    regions: ALL,
    rejected: [7],
  },
];

const QUOTED: readonly Input[] = [
  ...prefixed('a quoted mail', () => '> '),
  ...prefixed('a mail quoted twice', () => '> > '),
  ...prefixed('a remark in a program', () => '# '),
  ...prefixed('a remark in C', () => ' * '),
  ...prefixed('an indented block of Markdown', () => '    '),
  {
    title: 'a mail that is quoted and wrapped',
    text: text(
      '> 00600000-00680000 r-xp 00000000 fe:01 8123',
      `> ${APP}`,
      '> 02b40000-02b82000 rw-p 00000000 00:00 0',
      '> [heap]',
    ),
    regions: ALL.slice(0, 2),
  },
  {
    title: 'a name whose end was wrapped too',
    text: text('00600000-00680000 r-xp 00000000 fe:01 8123', APP, '(deleted)', HEAP),
    regions: [`${ALL[0]!} (deleted)`, ALL[1]!],
  },
  {
    title: 'a terminal that broke lines at its width',
    text: text(
      ...[TEXT, TEXT.replace('00600000-00680000', '00680000-00690000')].flatMap((line) => [
        line.slice(0, 80),
        line.slice(80),
      ]),
      HEAP,
    ),
    regions: [ALL[0]!, `680000-690000 r-xp ${APP}`, ALL[1]!],
    note: /broken were joined/,
  },
  {
    title: 'prose around a listing is reported, and joined to no name',
    text: text('It takes much memory:', ...LINES, 'What can I do?'),
    regions: ALL,
    rejected: [1, 6],
  },
];

const MARKED: readonly Input[] = [
  {
    title: 'a web page with pre',
    text: `<html><body><pre>${text(...LINES)}</pre></body></html>\n`,
    regions: ALL,
    note: /HTML/,
  },
  {
    title: 'a web page with br and entities',
    text: LINES.map((line) => `${line.replaceAll(' ', '&nbsp;').replaceAll('[', '&#91;')}<br/>`).join('\n'),
    regions: ALL,
  },
  {
    title: 'a table of a web page',
    text: each(
      LINES,
      (line) =>
        `<tr>${line
          .trim()
          .split(/\s+/)
          .map((cell) => `<td>${cell}</td>`)
          .join('')}</tr>`,
    ),
    regions: ALL,
  },
  {
    title: 'an ampersand in the name of a file on a web page',
    text: '<pre>00600000-00680000 r-xp 00000000 fe:01 8123 /opt/a&amp;b\n</pre>\n',
    regions: ['600000-680000 r-xp /opt/a&b'],
  },
  {
    title: 'blanks that do not break',
    text: each(LINES, (line) => line.replaceAll(' ', '\u00a0')),
    regions: ALL,
  },
  {
    title: 'dashes of a word processor',
    text: each(LINES, (line) => line.replace('-', '\u2013')),
    regions: ALL,
  },
  {
    title: 'a blank of no width before each line',
    text: each(LINES, (line) => `\u200b${line}`),
    regions: ALL,
  },
  {
    title: 'ls-like colours over whole lines',
    text: each(SMAPS, (line) => `\x1b[1;32m${line}\x1b[0m`),
    regions: THREE,
    format: 'smaps',
    note: /Colour codes/,
  },
  {
    title: 'a part of a path that grep has marked',
    text: text(TEXT.replace('kiosk/bin', '\x1b[01;31m\x1b[Kkiosk\x1b[m\x1b[K/bin'), HEAP),
    regions: ALL.slice(0, 2),
  },
  {
    title: 'the title that a terminal sets',
    text: text('\x1b]0;mira@till\x07mira@till:~$ cat /proc/9917/maps', ...LINES),
    pid: 9917,
    regions: ALL,
  },
];

const FRAMED: readonly Input[] = [
  {title: 'lines left out', text: text(TEXT, '...', HEAP, '[…]', STACK), regions: THREE},
  {
    title: 'a ruled heading',
    text: text('Address  Perms  Offset  Dev  Inode  Path', '=======  =====', ...LINES),
    regions: ALL,
  },
  {
    title: 'a prompt of a fancy shell',
    text: text('❯ cat /proc/9917/maps', ...LINES, '❯ '),
    pid: 9917,
    regions: ALL,
    rejected: [6],
  },
  {
    title: 'a prompt with a pipe',
    text: text('$ sudo cat /proc/9917/maps | head', ...LINES, '$ '),
    pid: 9917,
    regions: ALL,
  },
  {
    title: 'a prompt for root, and a second listing',
    text: text('root@till:/# cat /proc/310/maps', ...LINES, 'root@till:/# cat /proc/455/maps', ...LINES),
    pid: 310,
    regions: ALL,
    rejected: [6],
  },
  {
    title: 'a listing that somebody sorted',
    text: text(STACK, ANON, HEAP, TEXT),
    regions: ALL,
    note: /3 lines were not in the order/,
  },
  {title: 'a fence with a language', text: text('```text', ...LINES, '```'), regions: ALL},
];

const REPORTS: readonly Input[] = [
  {
    title: "a crash report of glibc's",
    text: text(
      "*** Error in `kiosk': double free or corruption (!prev): 0x0000000002b40010 ***",
      '======= Backtrace: =========',
      '/lib/libc.so.6(+0x777e5)[0x7e40b2a777e5]',
      '======= Memory map: ========',
      ...LINES,
      'Aborted (core dumped)',
    ),
    regions: ALL,
    note: /the C library's: its listing of memory is lines 5 to 8/,
  },
  {
    title: 'an error report of the JVM',
    text: text(
      '#',
      '# A fatal error has been detected by the Java Runtime Environment:',
      'Heap address: 0x0000000700000000, size: 4096 MB',
      '',
      'Dynamic libraries:',
      ...LINES,
      '',
      'VM Arguments:',
      'jvm_args: -Xmx4g',
    ),
    regions: ALL,
    note: /hs_err/,
  },
  {
    title: 'a profile of gperftools',
    text: text(
      'heap profile: 1: 1024 [1: 1024] @ heapprofile',
      '1: 1024 [1: 1024] @ 0x600010',
      'MAPPED_LIBRARIES:',
      ...LINES,
    ),
    regions: ALL,
  },
  {
    title: 'a crash report of a Rust program that prints its maps',
    text: text(
      "thread 'main' panicked at src/main.rs:4:5:",
      'memory map:',
      ...LINES,
      'note: run with RUST_BACKTRACE=1',
    ),
    regions: ALL,
  },
  {
    title: 'a log of CRIU with two processes',
    text: text(
      '(00.01) Collecting mappings (pid: 310)',
      `(00.02) Handling VMA with the following smaps entry: ${TEXT}`,
      '(00.03) Collecting mappings (pid: 455)',
      `(00.04) Handling VMA with the following smaps entry: ${HEAP}`,
    ),
    pid: 310,
    regions: ALL.slice(0, 1),
    rejected: [3],
  },
];

const TOOLS: readonly Input[] = [
  {
    title: 'busybox pmap -x',
    text: text(
      '77: /sbin/lightd',
      'Address\t\t  Kbytes     PSS   Dirty    Swap  Mode  Mapping',
      '0000000000600000     512      40       0       0 r-xp  /bin/busybox',
      '0000000002b40000     264      44      44       0 rw-p  [heap]',
      '----------------  ------  ------  ------  ------',
      'total                776      84      44       0',
    ),
    format: 'busybox pmap -x',
    pid: 77,
    regions: ['600000-680000 r-xp /bin/busybox', '2b40000-2b82000 rw-p [heap]'],
  },
  {
    title: 'pmap of SLES 11',
    text: text(
      '9917: kiosk',
      'START               SIZE     RSS     PSS   DIRTY    SWAP PERM MAPPING',
      '0000000000600000    512K    400K     40K      0K      0K r-xp /opt/kiosk/bin/kiosk',
      '0000000002b40000    264K     44K     44K     44K      0K rw-p [heap]',
      'Total:              776K    444K     84K     44K      0K',
      '',
      '264K writable-private, 512K readonly-private, 0K shared, and 444K referenced',
    ),
    format: 'pmap of SLES 11',
    pid: 9917,
    regions: ALL.slice(0, 2),
  },
  {
    title: 'pmap -x behind a prompt and with a colour',
    text: text(
      'Address           Kbytes     RSS   Dirty Mode  Mapping',
      '\x1b[32m0000000000600000     512     400       0 r-x-- kiosk\x1b[0m',
      '00007ffd5e1a0000     132      12      12 rw---   [ stack ]',
    ),
    format: 'pmap -x',
    regions: ['600000-680000 r-xp kiosk', ALL[3]!],
  },
  {
    title: 'pmap in a log',
    text: text(
      'Nov 26 05:03:01 till cron[12]: 0000000000600000    512K r-x-- kiosk',
      'Nov 26 05:03:02 till cron[12]: 00007ffd5e1a0000    132K rw---   [ stack ]',
    ),
    format: 'pmap',
    regions: ['600000-680000 r-xp kiosk', ALL[3]!],
  },
  {
    title: 'gdb with two inferiors: the first is used',
    text: text(
      'process 310',
      'Mapped address spaces:',
      '',
      '          Start Addr           End Addr       Size     Offset  Perms  objfile',
      `            0x600000           0x680000    0x80000        0x0  r-xp   ${APP}`,
      'process 455',
      'Mapped address spaces:',
      `            0x600000           0x680000    0x80000        0x0  r-xp   ${APP}`,
    ),
    format: 'gdb info proc mappings',
    pid: 310,
    regions: ALL.slice(0, 1),
    rejected: [7],
  },
  {
    title: 'gef vmmap',
    text: text(
      'gef➤  vmmap',
      '[ Legend:  Code | Heap | Stack ]',
      'Start              End                Offset             Perm Path',
      `0x0000000000600000 0x0000000000680000 0x0000000000000000 r-x ${APP}  ←  $rip`,
      '0x0000000002b40000 0x0000000002b82000 0x0000000000000000 rw- [heap]',
      '0x00007e40b0000000 0x00007e40b4000000 0x0000000000000000 rw- ',
    ),
    format: 'gef vmmap',
    regions: [`600000-680000 r-x- ${APP}`, '2b40000-2b82000 rw-- [heap]', '7e40b0000000-7e40b4000000 rw--'],
  },
  {
    title: 'peda vmmap',
    text: text(
      'gdb-peda$ vmmap',
      'Start              End                Perm\tName',
      `0x00600000         0x00680000         r-xp\t${APP}`,
      '0x00007e40b0000000 0x00007e40b4000000 rw-p\tmapped',
    ),
    format: 'peda vmmap',
    regions: [ALL[0]!, ALL[2]!],
  },
  {
    title: 'pwndbg names memory without a name',
    text: text(
      '             Start                End Perm     Size Offset File',
      '          0x600000           0x680000 r-xp    80000      0 /opt/kiosk/bin/kiosk',
      '    0x7e40b0000000     0x7e40b4000000 rw-p  4000000      0 [anon_7e40b0000]',
    ),
    format: 'pwndbg vmmap',
    regions: [ALL[0]!, ALL[2]!],
  },
  {
    title: 'radare2 dm',
    text: text(
      '[0x00600010]> dm',
      `0x0000000000600000 - 0x0000000000680000 * usr   512K s r-x ${APP} ${APP} ; map.kiosk.r_x`,
      '0x00007e40b0000000 - 0x00007e40b4000000 - usr    64M s rw- unk0 unk0 ; map.unk0.rw_',
      '0x00007ffd5e1a0000 - 0x00007ffd5e1c1000 - usr   132K s rw- [stack] [stack] ; map._stack_.rw_',
    ),
    format: 'radare2 dm',
    regions: [`600000-680000 r-x- ${APP}`, '7e40b0000000-7e40b4000000 rw--', '7ffd5e1a0000-7ffd5e1c1000 rw-- [stack]'],
  },
  {
    title: 'a tombstone in logcat, with all that comes before',
    text: each(
      [
        '*** *** *** *** ***',
        'pid: 5151, tid: 5160, name: kiosk  >>> org.kiosk <<<',
        'signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x10',
        'memory map (2 entries):',
        "    00000071'00000000-00000071'0001ffff rw-         0     20000  [anon:scudo:primary]",
        "    00000078'20010000-00000078'200a4fff r-x      1000     95000  /system/lib64/libkiosk.so (BuildId: 5af0c2)",
        'open files:',
      ],
      (line) => `11-26 05:03:01.123  5200  5200 F DEBUG   : ${line}`,
    ),
    format: 'android tombstone',
    pid: 5151,
    regions: [
      '7100000000-7100020000 rw-- [anon:scudo:primary]',
      '7820010000-78200a5000 r-x- /system/lib64/libkiosk.so',
    ],
    note: /lines 4 to 6; the other lines are something else/,
  },
  {
    title: 'a tombstone of a 32-bit process',
    text: text(
      'memory map: (fault address prefixed with --->)',
      '    a8000000-a800ffff rw-         0     10000  [anon:libc_malloc]',
    ),
    format: 'android tombstone',
    regions: ['a8000000-a8010000 rw-- [anon:libc_malloc]'],
  },
  {
    title: 'showmap -a',
    text: text(
      '           start              end  virtual                     shared   shared  private  private',
      '            addr             addr     size      RSS      PSS    clean    dirty    clean    dirty     swap  ' +
        'swapPSS object',
      '---------------- ---------------- -------- -------- -------- -------- -------- -------- -------- -------- ' +
        '-------- ------------------------------',
      '0000000000600000 0000000000680000      512      400       40      400        0        0        0        0   ' +
        '     0 /system/bin/kiosk',
      '0000007100000000 0000007100020000      128      128      128        0        0        0      128        4   ' +
        '     4 [anon:scudo:primary]',
    ),
    format: 'android showmap',
    regions: ['600000-680000 ???? /system/bin/kiosk', '7100000000-7100020000 ???? [anon:scudo:primary]'],
  },
  {
    title: "LeakSanitizer's map in a longer report",
    text: text(
      '==9917==ERROR: LeakSanitizer: detected memory leaks',
      'Direct leak of 7 byte(s) in 1 object(s) allocated from:',
      '==9917==Process memory map follows:',
      `\t0x000000600000-0x000000680000\t${APP}`,
      '\t0x7e40b0000000-0x7e40b4000000\t',
      '==9917==End of process memory map.',
      'SUMMARY: AddressSanitizer: 7 byte(s) leaked in 1 allocation(s).',
    ),
    format: 'sanitizer process map',
    pid: 9917,
    regions: [`600000-680000 ???? ${APP}`, '7e40b0000000-7e40b4000000 ????'],
    note: /lines 3 to 5/,
  },
  {
    title: 'lldb with the pages of each region',
    text: text(
      '[0x0000000000600000-0x0000000000680000) r-x /opt/kiosk/bin/kiosk PT_LOAD[1]',
      'memory tagging: enabled',
      'Modified memory (dirty) page list provided, 0 entries.',
    ),
    format: 'lldb memory region',
    regions: [`600000-680000 r-x- ${APP}`],
  },
];

const DIFFS: readonly Input[] = [
  {
    title: 'diff -u with the names of files',
    text: text(
      '--- before\t2026-11-26',
      '+++ after\t2026-11-26',
      '@@ -1,3 +1,3 @@',
      ` ${TEXT}`,
      `-${HEAP}`,
      `+${HEAP.replace('b82', 'ba4')}`,
      ` ${STACK}`,
    ),
    regions: [ALL[0]!, '2b40000-2ba4000 rw-p [heap]', ALL[3]!],
    note: /the side after the change/,
  },
  {
    title: "diff's normal form",
    text: text('2c2', `< ${HEAP}`, '---', `> ${HEAP.replace('b82', 'ba4')}`),
    regions: ['2b40000-2ba4000 rw-p [heap]'],
    note: /a diff of two listings/,
  },
];

export const INPUTS: readonly Input[] = [
  ...LOGS,
  ...NUMBERED,
  ...QUOTED,
  ...MARKED,
  ...FRAMED,
  ...REPORTS,
  ...TOOLS,
  ...DIFFS,
];
