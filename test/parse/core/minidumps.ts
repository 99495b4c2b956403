/** A minidump as minidumpapiset.h has it: a header, a directory, and streams. */
export function minidump(
  streams: ReadonlyArray<readonly [type: number, contents: Buffer]>,
  extra: Buffer = Buffer.alloc(0),
): Buffer {
  const directory = 32;
  let at = directory + streams.length * 12;
  const head = Buffer.alloc(at);
  head.write('MDMP', 'latin1');
  head.writeUInt32LE(0xa793, 4);
  head.writeUInt32LE(streams.length, 8);
  head.writeUInt32LE(directory, 12);
  streams.forEach(([type, contents], index) => {
    head.writeUInt32LE(type, directory + index * 12);
    head.writeUInt32LE(contents.length, directory + index * 12 + 4);
    head.writeUInt32LE(at, directory + index * 12 + 8);
    at += contents.length;
  });
  return Buffer.concat([head, ...streams.map(([, contents]) => contents), extra]);
}

const MAPS = Buffer.from(`00600000-00680000 r-xp 00000000 fe:01 8123                               /opt/kiosk/bin/kiosk
02b40000-02b82000 rw-p 00000000 00:00 0                                  [heap]
7f0000000000-7f0000001000 ---p 00000000 00:00 0 
7f0000001000-7f0000801000 rw-p 00000000 00:00 0 
7ffd5e1a0000-7ffd5e1c1000 rw-p 00000000 00:00 0                          [stack]
`);

/** MINIDUMP_SYSTEM_INFO of an AMD64 machine that runs Linux. */
export const SYSTEM = Buffer.alloc(56);
SYSTEM.writeUInt16LE(9, 0);
SYSTEM.writeUInt32LE(0x8201, 20);

/** @param context where its registers are */
function thread(tid: number, context: number): Buffer {
  const bytes = Buffer.alloc(4 + 48);
  bytes.writeUInt32LE(1, 0);
  bytes.writeUInt32LE(tid, 4);
  bytes.writeUInt32LE(1232, 4 + 40);
  bytes.writeUInt32LE(context, 4 + 44);
  return bytes;
}

function exception(tid: number, signal: number, code: number, address: bigint): Buffer {
  const bytes = Buffer.alloc(168);
  bytes.writeUInt32LE(tid, 0);
  bytes.writeUInt32LE(signal, 8);
  bytes.writeUInt32LE(code, 12);
  bytes.writeBigUInt64LE(address, 24);
  return bytes;
}

/** What breakpad writes of a process one of whose threads overflowed its stack. */
export function makeMinidump(): Buffer {
  const memory = Buffer.alloc(4 + 16);
  memory.writeUInt32LE(1, 0);
  memory.writeBigUInt64LE(0x7f0000001000n, 4);
  memory.writeUInt32LE(8192, 12);
  const status = Buffer.from('Name:\tkiosk\nPid:\t9917\nPPid:\t1\nThreads:\t2\n');
  const streams = (context: number): Buffer =>
    minidump(
      [
        [7, SYSTEM],
        [3, thread(9918, context)],
        [5, memory],
        [6, exception(9918, 11, 2, 0x7f0000000ff0n)],
        [0x47670004, status],
        [0x47670009, MAPS],
      ],
      registers,
    );
  const registers = Buffer.alloc(1232);
  registers.writeBigUInt64LE(0x7f0000000ff0n, 0x98);
  return streams(streams(0).length - registers.length);
}
