import {cpus, loadavg, release} from 'node:os';

/** The machine that was measured on, and how busy it is at this moment. */
export const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  kernel: release(),
  arch: process.arch,
  node: process.version,
  at: new Date().toISOString(),
  load: loadavg().map((value) => Number(value.toFixed(2))),
});
