import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {Trouble} from '../../src/model/trouble.ts';
import {ProcFile} from '../../src/procfs/file.ts';
import {folder} from '../helpers/listings.ts';

/** Reads a file that takes five reads, each of which takes as long as is given. */
function read(t: ExecutionContext, patience: number, passes: readonly number[]): Buffer {
  const path = join(folder(t), 'file');
  writeFileSync(path, Buffer.alloc(3_000_000, 'x'));
  const file = new ProcFile(path);
  t.teardown(() => file.close());
  let [now, call] = [0, 0];
  Object.defineProperty(performance, 'now', {
    value: () => (now += passes[call++] ?? passes.at(-1)!),
    configurable: true,
  });
  try {
    return file.read(patience);
  } finally {
    Reflect.deleteProperty(performance, 'now'); // The prototype has the real one.
  }
}

test.serial('a file that gets on too slowly is given up', (t) => {
  const error = t.throws(() => read(t, 1000, [0, 600, 600]), {instanceOf: Trouble});
  t.is(error.kind, 'deadline');
  t.regex(error.why, /^after 1 s it was not complete/);
});

test.serial('after one long pause it is read on: we may have been stopped', (t) => {
  t.is(read(t, 1000, [0, 1, 60_000, 1]).length, 3_000_000);
  t.throws(() => read(t, 1000, [0, 1, 60_000, 600]), {instanceOf: Trouble});
});
