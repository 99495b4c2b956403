import {spawnSync} from 'node:child_process';
import {environment} from './command.js';

/**
 * The most memory that was resident in a process, in MB: wait4(2) says it for whoever started it, which is a Python of
 * its own: in what Node starts, ru_maxrss begins with the peak of Node itself (fs/exec.c: setmax_mm_hiwater_rss).
 *
 * @param words its output goes through a pipe to cat, as when it is timed; it may end with 0 or 1
 */
export function peakOf(words) {
  const {status, stdout, stderr} = spawnSync('python3', ['-c', STARTER, ...words], {
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
  return (Number(stdout) * 1024) / 1e6;
}

/** Starts the command and a reader; prints the peak in KiB. */
const STARTER = `
import os, subprocess, sys
cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
child = subprocess.Popen(sys.argv[1:], stdout=cat.stdin, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
if os.waitstatus_to_exitcode(status) > 1: sys.exit("it ended with %d" % status)
print(usage.ru_maxrss)
`;
