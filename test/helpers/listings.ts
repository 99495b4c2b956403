import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';

/** A listing as the tutorial on brk prints it: columns spaced out. Two runs of one program, the second with a heap. */
const line = (range: string, perms: string, offset: string, file: boolean, name = ''): string =>
  `${range.padEnd(35)}${perms.padStart(4)}  ${offset}  ${file ? 'fd:00  950935' : '00:00  0     '}  ${name}`;

const program = (readOnlyEnd: string): string[] => [
  line('00400000-00401000', 'r--p', '00000000', true, '/target/bin'),
  line('00401000-00404000', 'r-xp', '00001000', true, '/target/bin'),
  line(`00404000-${readOnlyEnd}`, 'r--p', '00004000', true, '/target/bin'),
  line('00406000-00407000', 'rw-p', '00005000', true, '/target/bin'),
  line('00407000-00408000', 'rw-p', '00000000', false),
];

const rest = (stack: string, vvar: string, vdso: string): string[] => [
  line(stack, 'rw-p', '00000000', false, '[stack]'),
  line(vvar, 'r--p', '00000000', false, '[vvar]'),
  line(vdso, 'r-xp', '00000000', false, '[vdso]'),
  line('ffffffffff600000-ffffffffff601000', '--xp', '00000000', false, '[vsyscall]'),
];

const heap = (range: string): string => line(range, 'rw-p', '00000000', false, '[heap]');

const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

/** The tutorial's three listings. */
export const TUTORIAL: readonly [string, string, string] = [
  text([
    ...program('00405000'),
    ...rest('7ffe1a300000-7ffe1a321000', '7ffe1a3f2000-7ffe1a3f6000', '7ffe1a3f6000-7ffe1a3f8000'),
  ]),
  text([
    ...program('00405000'),
    heap('004cd000-004ce000'),
    ...rest('7ffc131b5000-7ffc131d6000', '7ffc131ed000-7ffc131f1000', '7ffc131f1000-7ffc131f3000'),
  ]),
  text([
    ...program('00406000'),
    heap('017c8000-017c9000'),
    ...rest('7ffc3c050000-7ffc3c071000', '7ffc3c079000-7ffc3c07d000', '7ffc3c07d000-7ffc3c07f000'),
  ]),
];

/** A folder of the test's own, removed after it. */
export function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'memmap-test-'));
  t.teardown(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

/** Writes files into a folder of the test's own, and gives their paths. */
export function files(t: ExecutionContext, ...contents: ReadonlyArray<string | Uint8Array>): string[] {
  const place = folder(t);
  return contents.map((content, index) => {
    const path = join(place, `listing-${index + 1}.txt`);
    writeFileSync(path, content);
    return path;
  });
}
