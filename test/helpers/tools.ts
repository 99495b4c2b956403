import test, {type ExecutionContext} from 'ava';
import {type Lack, lackOf} from './lack.ts';
import type {Tool} from './programs.ts';

export {KTHREADD, type Lack, missing, ROOT, unless, X64} from './lack.ts';

/** Registers a test under a title. */
type Register = (title: string, run: (t: ExecutionContext) => unknown) => void;

/** Reasons that this test file has printed. */
const told = new Set<string>();

/**
 * `test`, or `test.skip` where the machine lacks something, which is then printed once for each test file. In CI a
 * program that is missing fails the test; what no package would bring, such as a feature of the kernel, is skipped
 * there too.
 *
 * @param needs programs, and what was found out otherwise: `undefined` is no lack
 */
export function testIf(...needs: ReadonlyArray<Tool | Lack | undefined>): Register & {readonly serial: Register} {
  const lack = needs.map((need) => need && lackOf(need)).find(Boolean);
  if (!lack) return Object.assign<Register, {serial: Register}>(test, {serial: test.serial});
  if (process.env['CI'] && lack.isInstallable) return both((title) => test(title, (t) => t.fail(lack.why)));
  if (!told.has(lack.why)) process.stderr.write(`skipped: ${lack.why}\n`);
  told.add(lack.why);
  return both(test.skip);
}

const both = (register: Register): Register & {serial: Register} =>
  Object.assign(register.bind(null), {serial: register});
