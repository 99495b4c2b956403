import {accessSync, constants} from 'node:fs';
import type {ExecutionContext} from 'ava';

/**
 * Is a program there that a test needs? A user's machine may lack it: then the test says which package has it, and is done.
 * In CI everything must be there.
 */
export function needs(t: ExecutionContext, command: string, debianPackage: string): boolean {
  const isThere = (process.env['PATH'] ?? '').split(':').some((folder) => isExecutable(`${folder}/${command}`));
  if (isThere) return true;
  const message = `skipped: ${command} is missing; apt-get install ${debianPackage}`;
  if (process.env['CI']) t.fail(message);
  else {
    t.log(message);
    t.pass();
  }
  return false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
