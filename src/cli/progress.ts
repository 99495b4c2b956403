/** Told this often, in ms. */
const EVERY = 250;

/**
 * Goes through what takes long, and tells on a terminal's standard error how far it is; elsewhere nothing.
 *
 * @param what is done, such as `Reading`
 * @param count how many there are
 */
export function* withProgress<Each>(what: string, all: Iterable<Each>, count: number): Generator<Each> {
  if (!process.stderr.isTTY) return yield* all;
  const begin = performance.now();
  let [done, told] = [0, begin];
  try {
    for (const each of all) {
      yield each;
      done++;
      const now = performance.now();
      if (now - told < EVERY) continue;
      told = now;
      process.stderr.write(`\r\x1b[K${what}: ${Math.floor((100 * done) / count)} %`);
    }
  } finally {
    if (told > begin) process.stderr.write('\r\x1b[K');
  }
}
