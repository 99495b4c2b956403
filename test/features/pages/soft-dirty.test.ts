import {readFileSync} from 'node:fs';
import {gunzipSync} from 'node:zlib';
import test from 'ava';
import {marksWrites, OwnTrial, requireSoftDirty, type Trial} from '../../../src/procfs/pages/soft-dirty.ts';

/** A kernel that marks pages, or doesn't, as four kinds of it would. */
class FalseKernel implements Trial {
  readonly pages = 1000;
  readonly #kind: 'marks' | 'none' | 'always' | 'noisy';
  #marked = 3000;

  constructor(kind: 'marks' | 'none' | 'always' | 'noisy') {
    this.#kind = kind;
    if (kind === 'none') this.#marked = 0;
  }

  clear(): void {
    if (this.#kind === 'marks') this.#marked = 0;
    if (this.#kind === 'noisy') this.#marked = 40;
  }

  touch(): void {
    if (this.#kind === 'marks') this.#marked += 1012;
    if (this.#kind === 'noisy') this.#marked += 30;
  }

  marked(): number {
    return this.#marked;
  }
}

test('a kernel marks writes if what is written becomes marked, and was not before', (t) => {
  t.true(marksWrites(new FalseKernel('marks')));
  t.false(marksWrites(new FalseKernel('none')));
  t.false(marksWrites(new FalseKernel('always')), 'marks that are always there say nothing');
  t.false(marksWrites(new FalseKernel('noisy')));
  t.notThrows(() => requireSoftDirty(new FalseKernel('marks')));
  t.throws(() => requireSoftDirty(new FalseKernel('none')), {message: /Cannot tell which pages are written/});
});

test('the trial on our own process agrees with how this kernel was built', (t) => {
  let config: string;
  try {
    config = gunzipSync(readFileSync('/proc/config.gz')).toString();
  } catch {
    t.log('this kernel does not show how it was built (/proc/config.gz): only that the trial ends was checked');
    t.notThrows(() => marksWrites(new OwnTrial()));
    return;
  }
  t.is(marksWrites(new OwnTrial()), /^CONFIG_MEM_SOFT_DIRTY=y/m.test(config));
});
