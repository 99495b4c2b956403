/** Records without end, as fast as it can, to be killed: node endless.js FILE. */
import {setImmediate} from 'node:timers/promises';
import {beginRecording} from './recorder.ts';
import {snapshotAt, statusAt} from './small.ts';

const path = process.argv[2]!;
const {writer} = beginRecording(path, snapshotAt(0, true));
process.stdout.write('ready\n');
for (let look = 0; ; look++) {
  await writer.look(snapshotAt(look % 50, look % 3 !== 1), {...statusAt(look % 50), look}, 10);
  await setImmediate();
}
