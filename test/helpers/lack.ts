import {existsSync, readFileSync} from 'node:fs';
import {has, PACKAGES, type Tool} from './programs.ts';

/** Why a test can't run on this machine. What is missing can be installed, or it can't: a kernel feature, a right. */
export interface Lack {
  readonly why: string;
  readonly isInstallable: boolean;
}

/** A lack that nothing installed would help against. @param isThere whether there is none */
export const unless = (isThere: boolean, why: string): Lack | undefined =>
  isThere ? undefined : {why, isInstallable: false};

/** Only root may do what the test does. */
export const ROOT: Lack | undefined = unless(process.getuid?.() === 0, 'only root can become another user');

/** PID 2 is the kernel thread that starts all others, but in a container, which has PIDs of its own. */
export const KTHREADD: Lack | undefined = unless(
  existsSync('/proc/2/comm') && readFileSync('/proc/2/comm', 'latin1') === 'kthreadd\n',
  'no kernel thread is visible here',
);

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
