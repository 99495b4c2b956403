import {accessSync, constants} from 'node:fs';
import test, {type ExecutionContext} from 'ava';

/** Programs that tests use and that a machine may lack, each with the Debian package that has it. */
export const PACKAGES = {
  'aarch64-linux-gnu-as': 'binutils-aarch64-linux-gnu',
  'aarch64-linux-gnu-objdump': 'binutils-aarch64-linux-gnu',
  as: 'binutils',
  bash: 'bash',
  capsh: 'libcap2-bin',
  chromium: 'chromium',
  diff: 'diffutils',
  'dpkg-deb': 'dpkg',
  'eu-elflint': 'elfutils',
  'eu-readelf': 'elfutils',
  file: 'file',
  findmnt: 'util-linux',
  fish: 'fish',
  gcc: 'gcc',
  gdb: 'gdb',
  grep: 'grep',
  gzip: 'gzip',
  iconv: 'libc-bin',
  java: 'default-jdk-headless',
  jcmd: 'default-jdk-headless',
  jq: 'jq',
  ldd: 'libc-bin',
  less: 'less',
  'llvm-mc': 'llvm',
  'llvm-readelf': 'llvm',
  man: 'man-db',
  mandoc: 'mandoc',
  nm: 'binutils',
  objcopy: 'binutils',
  objdump: 'binutils',
  pgrep: 'procps',
  pmap: 'procps',
  prlimit: 'util-linux',
  nsenter: 'util-linux',
  ps: 'procps',
  python3: 'python3',
  'qemu-aarch64-static': 'qemu-user-static',
  'qemu-riscv64-static': 'qemu-user-static',
  'qemu-x86_64-static': 'qemu-user-static',
  readelf: 'binutils',
  'riscv64-linux-gnu-as': 'binutils-riscv64-linux-gnu',
  'riscv64-linux-gnu-objdump': 'binutils-riscv64-linux-gnu',
  script: 'bsdutils',
  setpriv: 'util-linux',
  sha1sum: 'coreutils',
  strace: 'strace',
  strip: 'binutils',
  timeout: 'coreutils',
  unshare: 'util-linux',
  zcat: 'gzip',
  zsh: 'zsh',
} as const;

export type Tool = keyof typeof PACKAGES;

/** Why a test can't run on this machine. What is missing can be installed, or it can't: a kernel feature, a right. */
export interface Lack {
  readonly why: string;
  readonly isInstallable: boolean;
}

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
  const lack = needs.map((need) => (typeof need === 'string' ? lackOf(need) : need)).find(Boolean);
  if (!lack) return Object.assign<Register, {serial: Register}>(test, {serial: test.serial});
  if (process.env['CI'] && lack.isInstallable) return both((title) => test(title, (t) => t.fail(lack.why)));
  if (!told.has(lack.why)) process.stderr.write(`skipped: ${lack.why}\n`);
  told.add(lack.why);
  return both(test.skip);
}

const both = (register: Register): Register & {serial: Register} =>
  Object.assign(register.bind(null), {serial: register});

/** A lack that nothing installed would help against. @param isThere whether there is none */
export const unless = (isThere: boolean, why: string): Lack | undefined =>
  isThere ? undefined : {why, isInstallable: false};

/** Only root may do what the test does. */
export const ROOT: Lack | undefined = unless(process.getuid?.() === 0, 'only root can become another user');

/** Addresses, layouts or system calls are those of x86-64. */
export const X64: Lack | undefined = unless(process.arch === 'x64', `this is for x86-64, and here is ${process.arch}`);

/** The program, or the file, of a package that is not there. */
export const missing = (what: string, debianPackage: string): Lack => ({
  why: `${what} is missing; apt-get install ${debianPackage}`,
  isInstallable: true,
});

/** Is a program there? */
export const has = (tool: Tool): boolean =>
  (process.env['PATH'] ?? '').split(':').some((folder) => isExecutable(`${folder}/${tool}`));

const lackOf = (tool: Tool): Lack | undefined => (has(tool) ? undefined : missing(tool, PACKAGES[tool]));

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
