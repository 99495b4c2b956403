import test from 'ava';
import {parse} from '../../../src/parse/parse.ts';
import {makeMinidump, minidump, SYSTEM} from './minidumps.ts';

test('a minidump of breakpad: the maps in it, the threads, and what ended it', (t) => {
  const {regions, process, clues, notes, source} = parse(makeMinidump());
  t.is(source.format, 'minidump');
  t.deepEqual(
    regions.map(({start, name, kind, usage}) => [start, name, kind, usage?.['dumped']]),
    [
      [0x600000, '/opt/kiosk/bin/kiosk', 'text', 0],
      [0x2b40000, '[heap]', 'heap', 0],
      [0x7f0000000000, '', 'guard', 0],
      [0x7f0000001000, '', 'thread-stack', 8192],
      [0x7ffd5e1a0000, '[stack]', 'stack', 0],
    ],
  );
  t.deepEqual(process, {pid: 9917, ppid: 1, comm: 'kiosk', threads: 1});
  t.deepEqual(clues.signal, {number: 11, code: 2, address: '0x7f0000000ff0', tid: 9918});
  t.regex(notes[0]!, /SIGSEGV in thread 9918 at 0x7f0000000ff0: 16 bytes below the stack of thread 9918, in its guard/);
});

test('a minidump with a list of memory alone has regions without names', (t) => {
  const info = Buffer.alloc(16 + 3 * 48);
  info.writeUInt32LE(16, 0);
  info.writeUInt32LE(48, 4);
  info.writeUInt32LE(3, 8);
  const rows = [
    [0x10000n, 0x2000n, 0x1000, 0x20],
    [0x12000n, 0x5000n, 0x10000, 1],
    [0x20000n, 0x1000n, 0x1000, 4],
  ] as const;
  rows.forEach(([start, size, state, protection], index) => {
    const at = 16 + index * 48;
    info.writeBigUInt64LE(start, at);
    info.writeBigUInt64LE(size, at + 24);
    info.writeUInt32LE(state, at + 32);
    info.writeUInt32LE(protection, at + 36);
  });
  const {regions} = parse(minidump([[16, info]]));
  t.deepEqual(
    regions.map(({start, end, perms, name}) => [start, end, perms, name]),
    [
      [0x10000, 0x12000, 'r-x-', ''],
      [0x20000, 0x21000, 'rw--', ''],
    ],
  );
});

test('a minidump without maps and without a list of memory is refused with a reason', (t) => {
  const error = t.throws(() => parse(minidump([[7, SYSTEM]])));
  t.regex((error as Error & {why: string}).why, /neither the maps/);
});
