/*
 * How much the validator sees: every field of every header is changed in three ways, and each file that came out is
 * run. One that doesn't run as it should, or has other mappings, is broken; the validator should have said so.
 */
import test from 'ava';
import {rmSync} from 'node:fs';
import {validate} from '../../../src/elf/file/validate.ts';
import {fieldsOf, mutationsOf} from '../fields.ts';
import {brkFile, save, temporaryFolder} from '../helper-file.ts';
import {firstFive, LAYOUT, Running} from '../running.ts';

/** How many run at a time, and how long one may take: most either run in a millisecond or are killed by the kernel. */
const AT_ONCE = 16;
const PATIENCE_MS = 20_000;

test('The validator finds what breaks the program or its layout', async (t) => {
  const file = brkFile();
  const folder = temporaryFolder(t);
  const mutants = fieldsOf(file).flatMap((field) => mutationsOf(file, field));
  const isBroken = await mapAtOnce(mutants, async (mutant, i) => {
    const path = save(folder, String(i), mutant.file);
    const good = await runsAsItShould(path);
    rmSync(path);
    return !good;
  });

  const broken = mutants.filter((_, i) => isBroken[i]);
  const missed = broken.filter((mutant) => validate(mutant.file).length === 0);
  const unseen = mutants.filter((mutant) => validate(mutant.file).length === 0);
  t.log(`${mutants.length} files, ${broken.length} broken, of these ${broken.length - missed.length} found`);
  t.log(`of all ${mutants.length} files, ${mutants.length - unseen.length} are called wrong`);
  // 83 here. Fewer would mean that files which should break are not run, or that the kernel forgives more.
  t.true(broken.length >= 75);
  t.deepEqual(
    missed.map(({name}) => name),
    [],
  );
  t.deepEqual(
    unseen.map(({name}) => name),
    [],
  );
});

/** Whether a file does all that the lesson's helper does, with the mappings that it has. */
async function runsAsItShould(path: string): Promise<boolean> {
  const running = new Running(path, []);
  const patience = setTimeout(() => running.kill(), PATIENCE_MS);
  try {
    if ((await running.line()) !== `pid: ${running.pid}`) return false;
    const sameLayout = JSON.stringify(firstFive(running.maps())) === JSON.stringify(LAYOUT);
    for (const word of [/^brk: 0x[1-9a-f][\da-f]*$/, /^touched: 0x[1-9a-f][\da-f]*$/]) {
      running.step();
      if (!word.test((await running.line()) ?? '')) return false;
    }
    running.close();
    return (await running.end) === 0 && sameLayout;
  } finally {
    running.kill();
    clearTimeout(patience);
    await running.end;
  }
}

/** As Promise.all of a map, but no more than AT_ONCE at a time. */
async function mapAtOnce<T, R>(items: readonly T[], work: (item: T, i: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i] as T, i);
    }
  };
  await Promise.all(Array.from({length: AT_ONCE}, worker));
  return results;
}
