import {spawnSync} from 'node:child_process';
import {accessSync, constants} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';

/**
 * Whether a tool that this test compares with is installed. If not, the test passes and says what to install;
 * where CI is set it fails, so that no comparison is lost without notice.
 *
 * @param debianPackage the package that has the tool
 */
export function needs(t: ExecutionContext, tool: string, debianPackage: string): boolean {
  if (isInstalled(tool)) return true;
  const advice = `no ${tool} here: apt-get install ${debianPackage}`;
  if (process.env['CI']) t.fail(advice);
  else {
    t.log(`skipped: ${advice}`);
    t.pass();
  }
  return false;
}

/** What a tool printed and how it ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a tool to its end, in English, with `input` as its standard input. */
export function run(tool: string, args: readonly string[], input = ''): Outcome {
  const env = {...process.env, LC_ALL: 'C', DEBUGINFOD_URLS: ''};
  const {status, stdout, stderr, error} = spawnSync(tool, args, {input, encoding: 'utf8', env, maxBuffer: 1e8});
  if (error) throw error;
  return {code: status, stdout, stderr};
}

// --- internal ---

function isInstalled(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
