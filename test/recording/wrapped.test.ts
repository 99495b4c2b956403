import {run} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {ROOT, testIf} from '../helpers/tools.ts';
import {join} from 'node:path';

/**
 * In a PID namespace of its own, which ns_last_pid(5) takes to high ids and back to low ones: the second thread has a
 * lower id than the first, as on a machine where pid_max was reached in between.
 */
const script = (path: string): string => `
import {spawn} from 'node:child_process';
import {writeFileSync, readdirSync} from 'node:fs';
import {capture} from '${process.cwd()}/build/src/procfs/capture.js';
import {readRecording} from '${process.cwd()}/build/src/recording/recording.js';
import {beginRecording} from '${process.cwd()}/build/test/recording/recorder.js';
const next = (pid) => writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
next(20000);
const program = 'import os, sys, threading; r = sys.stdin.readline(); threading.Thread(target=os.read, args=(os.pipe()[0], 1), daemon=True).start(); print("two", flush=True); sys.stdin.readline()';
const child = spawn('python3', ['-c', program], {stdio: ['pipe', 'pipe', 'inherit']});
next(5000);
child.stdin.write('begin\\n');
await new Promise((done) => child.stdout.once('data', done));
const snapshot = capture(child.pid);
const {writer, close} = beginRecording('${path}', snapshot);
await writer.look(snapshot, snapshot.status, 1);
await writer.end('count', {looks: 1, ms: 1, usageReads: 0, usageMs: 0, usageSkipped: 0, usageTooLong: 0, usageHeld: 0, usagePassed: 0, usageGap: 0, maxDuty: 0});
await close();
const tids = ({clues}) => clues.threads.map(({tid}) => tid);
const listed = readdirSync('/proc/' + child.pid + '/task').map(Number);
console.log(JSON.stringify({isWrapped: listed[1] < listed[0], live: tids(snapshot), rebuilt: tids(readRecording('${path}').snapshot(0)), listed}));
child.kill('SIGKILL');
process.exit(0);`;

testIf(
  ROOT,
  'unshare',
  'python3',
)('threads are in the same order live and in a recording where ids began again', async (t) => {
  const command = `exec ${process.execPath} --input-type=module -e "$(cat)"`;
  const {stdout, stderr} = await run('unshare', ['-pf', '--mount-proc', '--kill-child', 'bash', '-c', command], {
    input: script(join(folder(t), 'wrapped.jsonl')),
  });
  t.is(stderr, '');
  const {isWrapped, live, rebuilt, listed} = JSON.parse(stdout) as Record<string, unknown> & {listed: number[]};
  t.true(isWrapped, `the kernel lists ${listed.join(', ')}`);
  t.deepEqual(live, rebuilt);
  t.deepEqual((live as number[]).toSorted(), listed.toSorted());
});
