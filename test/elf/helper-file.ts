import {createHash} from 'node:crypto';
import {closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Program} from '../../src/elf/program.ts';
import {write} from '../../src/elf/file/write.ts';
import {brk} from '../../src/features/lessons/taught/brk.ts';
import {buildHelper} from '../../src/features/lessons/program/build.ts';
import {programOf} from '../../src/features/lessons/lesson.ts';
import {x64} from '../../src/features/lessons/program/x64.ts';

/** The file of a program, with the build-id that `ld --build-id=sha1` would take: SHA-1 of the content. */
export function fileOf(program: Program): Uint8Array {
  return write(program, (bytes) => createHash('sha1').update(bytes).digest());
}

/** The program of the lesson on brk, for x86-64. */
export const brkProgram = (): Program => buildHelper(programOf(brk), x64);

/** The file of the brk lesson's helper. */
export function brkFile(): Uint8Array {
  return fileOf(brkProgram());
}

/** Makes a folder for one test, and removes it with all that is in it when the test ends. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'memmap-elf-'));
  t.teardown(() => rmSync(folder, {recursive: true, force: true}));
  return folder;
}

/** Writes an executable file; synced, so that its pages are clean when it runs. Returns its path. */
export function save(folder: string, name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  const fd = openSync(path, 'wx', 0o755);
  writeSync(fd, bytes);
  fsyncSync(fd);
  closeSync(fd);
  return path;
}
