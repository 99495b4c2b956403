/*
 * Makes the helpers of the lessons, the gate of `run`, and the hand and the tracer of `--cause` at build time:
 * dist/helpers/NAME, and index.json with the hash and the size of each. The same sources give the same bytes on every
 * machine, so no binary is kept in git, and a helper can be checked by its hash.
 */
import {createHash} from 'node:crypto';
import {closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import type {Program} from './elf/program.ts';
import {validate} from './elf/file/validate.ts';
import {write} from './elf/file/write.ts';
import {buildHelper} from './features/lessons/program/build.ts';
import {LESSONS} from './features/lessons/catalogue.ts';
import {gateProgram} from './features/run/gate-program.ts';
import {programOf} from './features/lessons/lesson.ts';
import {MACHINES} from './features/lessons/program/machines.ts';
import {handProgram} from './trace/hand/program.ts';
import {tracerProgram} from './trace/ptrace/program.ts';

const helpers: Record<string, Program> = {'gate.x64': gateProgram(), 'tracer.x64': tracerProgram()};
for (const machine of MACHINES) {
  helpers[`hand.${machine.architecture}`] = handProgram(machine.architecture);
  for (const lesson of LESSONS)
    helpers[`${lesson.name}.${machine.architecture}`] = buildHelper(programOf(lesson), machine);
}

const folder = new URL('helpers/', import.meta.url);
mkdirSync(folder, {recursive: true});

const index: Record<string, {sha256: string; size: number}> = {};
for (const [name, program] of Object.entries(helpers)) {
  const file = write(program, (bytes) => createHash('sha1').update(bytes).digest());
  const problems = validate(file);
  if (problems.length > 0) throw new Error(`${name} is not a valid executable:\n${problems.join('\n')}`);
  save(new URL(name, folder), file, 0o755);
  index[name] = {sha256: createHash('sha256').update(file).digest('hex'), size: file.length};
}
save(new URL('index.json', folder), Buffer.from(`${JSON.stringify(index, undefined, 2)}\n`), 0o644);

/**
 * Writes a file. It is synced, since pages of a file that the disk doesn't have yet are dirty, and the lesson would
 * show its code as Private_Dirty. An older file is replaced, not written over: it may be running, or be started just
 * now.
 */
function save(url: URL, bytes: Uint8Array, mode: number): void {
  const path = fileURLToPath(url);
  const written = `${path}.new`;
  rmSync(written, {force: true});
  const fd = openSync(written, 'wx', mode);
  try {
    writeSync(fd, bytes);
    fchmodSync(fd, mode);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(written, path);
}
