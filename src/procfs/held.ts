/**
 * How long a read of a file of /proc held up its process. While the kernel prints a part of smaps it holds the lock of
 * the memory map, and it runs all the while: so it is the processor's time, not the time that passed. On a loaded
 * machine most of the latter is waiting for a turn between two parts, and waiting for the lock, which holds up nobody.
 * (A reader that loses the processor while it has the lock keeps it; that is not seen.)
 *
 * @returns ms; the time that passed, where the clock of the processor's time does not move
 */
export function whileHeld<Result>(read: () => Result, onHeld: (ms: number) => void): Result {
  const [cpu, begin] = [cpuTime(), performance.now()];
  try {
    return read();
  } finally {
    const passed = performance.now() - begin;
    const spent = cpuTime() - cpu;
    onHeld(spent > 0 ? Math.min(spent, passed) : passed);
  }
}

/** In getrusage(2), µs: of this thread (RUSAGE_THREAD) since Node 23.9; before, of the process with its helpers. */
const usage: () => NodeJS.CpuUsage =
  (process as {threadCpuUsage?: () => NodeJS.CpuUsage}).threadCpuUsage?.bind(process) ?? (() => process.cpuUsage());

/** ms. */
function cpuTime(): number {
  const {user, system} = usage();
  return (user + system) / 1000;
}
