// Loaded before a program (--import): at its end, says on descriptor 3 the most memory that it had resident, in MiB. Not from
// getrusage(2): ru_maxrss of a new process begins with what its parent had.
import {readFileSync, writeSync} from 'node:fs';

process.on('exit', () => {
  const kib = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
  writeSync(3, String(kib / 1024));
});
