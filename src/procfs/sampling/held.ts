/** Gets ms: of the processor, or what passed where that clock does not move; and what passed. */
export type OnHeld = (held: number, passed: number) => void;

/**
 * How long reading a file of /proc held up its process. While the kernel prints a part of smaps it holds the lock of
 * the memory map, and runs: so it is the processor's time, at least. On a loaded machine much more time passes, in
 * which the reader waits for a turn or for the lock. Where it loses the processor while it has the lock it keeps it, so
 * what passed is the most that it can have been.
 */
export function whileHeld<Result>(read: () => Result, onHeld: OnHeld): Result {
  const [cpu, begin] = [cpuTime(), performance.now()];
  try {
    return read();
  } finally {
    const passed = performance.now() - begin;
    const spent = cpuTime() - cpu;
    onHeld(spent > 0 ? Math.min(spent, passed) : passed, passed);
  }
}

/** In getrusage(2), µs: of this thread (RUSAGE_THREAD) since Node 23.9; before, of the process with its helpers. */
const usage: () => NodeJS.CpuUsage =
  (process as {threadCpuUsage?: () => NodeJS.CpuUsage}).threadCpuUsage?.bind(process) ?? (() => process.cpuUsage());

/** The processor's time that memmap has used so far: ms. */
export function cpuTime(): number {
  const {user, system} = usage();
  return (user + system) / 1000;
}
