import {accessSync, constants} from 'node:fs';

/** Programs that tests use and that a machine may lack, each with the Debian package that has it. */
export const PACKAGES = {
  'aarch64-linux-gnu-as': 'binutils-aarch64-linux-gnu',
  'aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu',
  'aarch64-linux-gnu-objdump': 'binutils-aarch64-linux-gnu',
  'aarch64-linux-gnu-readelf': 'binutils-aarch64-linux-gnu',
  as: 'binutils',
  bash: 'bash',
  bzip2: 'bzip2',
  'c++filt': 'binutils',
  capsh: 'libcap2-bin',
  chromium: 'chromium',
  diff: 'diffutils',
  dmesg: 'util-linux',
  'dpkg-deb': 'dpkg',
  'eu-elflint': 'elfutils',
  'eu-readelf': 'elfutils',
  file: 'file',
  findmnt: 'util-linux',
  fish: 'fish',
  'g++': 'g++',
  gcc: 'gcc',
  gdb: 'gdb',
  'gdb-multiarch': 'gdb-multiarch',
  go: 'golang-go',
  grep: 'grep',
  gzip: 'gzip',
  iconv: 'libc-bin',
  java: 'default-jdk-headless',
  javac: 'default-jdk-headless',
  jcmd: 'default-jdk-headless',
  jq: 'jq',
  ldd: 'libc-bin',
  less: 'less',
  lz4: 'lz4',
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
  prometheus: 'prometheus',
  'prometheus-node-exporter': 'prometheus-node-exporter',
  promtool: 'prometheus',
  ps: 'procps',
  python3: 'python3',
  'qemu-aarch64-static': 'qemu-user-static',
  'qemu-riscv64-static': 'qemu-user-static',
  'qemu-x86_64-static': 'qemu-user-static',
  readelf: 'binutils',
  'riscv64-linux-gnu-as': 'binutils-riscv64-linux-gnu',
  'riscv64-linux-gnu-gcc': 'gcc-riscv64-linux-gnu',
  'riscv64-linux-gnu-objdump': 'binutils-riscv64-linux-gnu',
  'riscv64-linux-gnu-readelf': 'binutils-riscv64-linux-gnu',
  script: 'bsdutils',
  setpriv: 'util-linux',
  sha1sum: 'coreutils',
  strace: 'strace',
  strip: 'binutils',
  'systemd-analyze': 'systemd',
  timeout: 'coreutils',
  unshare: 'util-linux',
  xz: 'xz-utils',
  zcat: 'gzip',
  zsh: 'zsh',
  zstd: 'zstd',
} as const;

export type Tool = keyof typeof PACKAGES;

/** Is a program there? */
export const has = (tool: Tool): boolean =>
  (process.env['PATH'] ?? '').split(':').some((folder) => isExecutable(`${folder}/${tool}`));

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
