// Loaded before a program (--import): at its end, reports on descriptor 3 the most memory that was resident, in MiB.
// Not from getrusage(2): ru_maxrss of a new process starts with the value of its parent.
import {readFileSync, writeSync} from 'node:fs';

process.on('exit', () => {
  const kib = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
  writeSync(3, String(kib / 1024));
});
