import {spawnSync} from 'node:child_process';

export {testIf} from '../helpers/tools.ts';

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
