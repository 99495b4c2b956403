import {spawnSync} from 'node:child_process';
import type {Region} from '../../src/model/region.ts';

/**
 * A reading of smaps (or maps) by other means: Python's own integers and bytes. It prints JSON, names in base64.
 * Without an argument it reads its own /proc/self/smaps; with `-`, standard input.
 */
const READER = String.raw`
import base64, json, os, re, sys
def read(path):
    with open(path, 'rb', buffering=0) as f:
        parts = []
        while True:
            part = f.read(65536)
            if not part: return b''.join(parts)
            parts.append(part)
raw = sys.stdin.buffer.read() if sys.argv[1:] == ['-'] else read('/proc/self/smaps')
head = re.compile(rb'([0-9a-f]+)-([0-9a-f]+) (....) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) ([0-9]+) *')
regions = []
for line in raw.split(b'\n'):
    m = head.match(line)
    if m:
        regions.append({'start': str(int(m[1], 16)), 'end': str(int(m[2], 16)), 'perms': m[3].decode(), 'offset': str(int(m[4], 16)),
            'dev': m[5].decode(), 'inode': m[6].decode(), 'name': base64.b64encode(line[m.end():]).decode(), 'kB': {}, 'words': {}})
    elif line:
        key, _, value = line.partition(b':')
        if value.endswith(b' kB'): regions[-1]['kB'][key.decode()] = int(value[:-3])
        else: regions[-1]['words'][key.decode()] = b' '.join(value.split()).decode()
print(json.dumps({'raw': base64.b64encode(raw).decode(), 'regions': regions}))
`;

export interface PythonRegion {
  readonly start: string;
  readonly end: string;
  readonly perms: string;
  readonly offset: string;
  readonly dev: string;
  readonly inode: string;
  /** Base64. */
  readonly name: string;
  readonly kB: Readonly<Record<string, number>>;
  readonly words: Readonly<Record<string, string>>;
}

/** @param input what to read; if not given, Python reads itself */
export function readByPython(input?: Uint8Array): {raw: Buffer; regions: PythonRegion[]} {
  const args = ['-c', READER, ...(input ? ['-'] : [])];
  const {stdout, stderr, status} = spawnSync('python3', args, {input: input ?? '', maxBuffer: 2 ** 28});
  if (status !== 0) throw new Error(stderr.toString());
  const {raw, regions} = JSON.parse(stdout.toString()) as {raw: string; regions: PythonRegion[]};
  return {raw: Buffer.from(raw, 'base64'), regions};
}

/** One of our regions in Python's words. */
export function inPythonsWords(region: Region): PythonRegion {
  const {start, end, perms, offset, dev, inode, name, nameBase64, usage, flags, attributes} = region;
  const words: Record<string, string> = {};
  if (attributes?.['thpEligible'] !== undefined) words['THPeligible'] = attributes['thpEligible'];
  if (attributes?.['protectionKey'] !== undefined) words['ProtectionKey'] = attributes['protectionKey'];
  if (flags) words['VmFlags'] = flags.join(' ');
  return {
    start: String(BigInt(start)),
    end: String(BigInt(end)),
    perms,
    offset: String(BigInt(offset!)),
    dev,
    inode,
    name: nameBase64 ?? Buffer.from(name).toString('base64'),
    kB: kernelsKeys(usage ?? {}),
    words,
  };
}

/** `privateDirty` → `Private_Dirty`, in KiB. */
function kernelsKeys(usage: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const odd: Record<string, string> = {
    kernelPageSize: 'KernelPageSize',
    mmuPageSize: 'MMUPageSize',
    ksm: 'KSM',
    lazyFree: 'LazyFree',
    anonHugePages: 'AnonHugePages',
    shmemPmdMapped: 'ShmemPmdMapped',
    filePmdMapped: 'FilePmdMapped',
    swapPss: 'SwapPss',
  };
  const key = (name: string): string =>
    odd[name] ?? name.replace(/^./, (letter) => letter.toUpperCase()).replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`);
  return Object.fromEntries(Object.entries(usage).map(([name, bytes]) => [key(name), (bytes ?? NaN) / 1024]));
}
