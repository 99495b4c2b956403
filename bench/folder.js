import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

let path;

/** A directory for this run, removed at its end. */
export function folder() {
  if (path === undefined) {
    path = mkdtempSync(join(tmpdir(), 'memmap-bench-'));
    process.once('exit', () => rmSync(path, {recursive: true, force: true}));
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  }
  return path;
}
