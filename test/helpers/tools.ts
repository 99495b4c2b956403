import test, {type ExecutionContext} from 'ava';
import {unless, type Lack} from './lacks.ts';
import {has, PACKAGES, type Tool} from './programs.ts';

export {unless, type Lack} from './lacks.ts';

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

/** Only root may do what the test does. */
export const ROOT: Lack | undefined = unless(process.getuid?.() === 0, 'only root can become another user');

/** Addresses, layouts or system calls are those of x86-64. */
export const X64: Lack | undefined = unless(process.arch === 'x64', `this is for x86-64, and here is ${process.arch}`);

/** The program, or the file, of a package that is not there. */
export const missing = (what: string, debianPackage: string): Lack => ({
  why: `${what} is missing; apt-get install ${debianPackage}`,
  isInstallable: true,
});

/** Why a machine can't do what needs this; undefined if it can. */
export function lackOf(need: Tool | Lack): Lack | undefined {
  if (typeof need !== 'string') return need;
  return has(need) ? undefined : missing(need, PACKAGES[need]);
}
