import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {readElfImage} from '../../src/parse/elf/image.ts';
import {ARM64, perfRegisters, RISCV64, X64, type Machine} from '../../src/unwind/machine.ts';
import {folder} from '../helpers/listings.ts';
import {testIf, unless, type Lack} from '../helpers/tools.ts';
import {fileReader, objectOf} from './objects.ts';

interface Kind {
  readonly name: string;
  readonly machine: Machine;
  readonly gcc: 'gcc' | 'aarch64-linux-gnu-gcc' | 'riscv64-linux-gnu-gcc';
  readonly objdump: 'objdump' | 'aarch64-linux-gnu-objdump' | 'riscv64-linux-gnu-objdump';
  /** Instructions that leave a return address, as objdump prints them. */
  readonly call: RegExp;
  /** The kernel's own header. */
  readonly header: string;
}

const KINDS: readonly Kind[] = [
  {
    name: 'x86-64',
    machine: X64,
    gcc: 'gcc',
    objdump: 'objdump',
    call: /^(bnd )?call\b/,
    header: '/usr/include/x86_64-linux-gnu/asm/perf_regs.h',
  },
  {
    name: 'aarch64',
    machine: ARM64,
    gcc: 'aarch64-linux-gnu-gcc',
    objdump: 'aarch64-linux-gnu-objdump',
    call: /^blr?\b/,
    header: '/usr/aarch64-linux-gnu/include/asm/perf_regs.h',
  },
  {
    name: 'riscv64',
    machine: RISCV64,
    gcc: 'riscv64-linux-gnu-gcc',
    objdump: 'riscv64-linux-gnu-objdump',
    call: /^(c\.jalr|jalr\s+ra,|jal\s+ra,)/,
    header: '/usr/riscv64-linux-gnu/include/asm/perf_regs.h',
  },
];

const there = (path: string): Lack | undefined => unless(existsSync(path), `${path} is not there`);

for (const {name, machine, gcc, objdump, call, header} of KINDS) {
  testIf(gcc, there(header))(`registers that perf samples on ${name} are those of the kernel's header`, (t) => {
    const names = [...readFileSync(header, 'utf8').matchAll(/^\tPERF_REG_[A-Z0-9]+_(\w+),/gm)].map(([, each]) => each!);
    // Segment registers but cs and ss can't be sampled; the last is the number of all.
    const sampled = names.filter((each) => !/^([DEFG]S|MAX)$/.test(each));
    const expected = sampled.map((each): number | 'pc' => {
      if (/^(PC|IP)$/.test(each)) return 'pc';
      const lower = each.toLowerCase().replace(/^lr$/, 'x30');
      const number = machine.registers.findIndex((register) => register === lower || register === `r${lower}`);
      return machine === X64 && /^(FLAGS|CS|SS)$/.test(each) ? -1 : number;
    });
    t.deepEqual(machine.perf, expected);
    const view = new DataView(BigUint64Array.from(expected, (_, index) => BigInt(index) * 16n + 5n).buffer);
    const {pc, registers} = perfRegisters(machine, view, 0);
    for (const [index, number] of expected.entries()) {
      if (number === 'pc') t.is(pc, index * 16 + 5);
      else if (number >= 0) t.is(registers[number], index * 16 + 5);
    }
  });

  testIf(gcc, objdump)(`what objdump calls a call on ${name} is one, and hardly anything else`, (t) => {
    const file = execFileSync(gcc, ['-print-file-name=libc.so.6'], {encoding: 'utf8'}).trim();
    const read = fileReader(file);
    const text = readElfImage(read)!.sections.find((section) => section.name === '.text')!;
    const listing = execFileSync(objdump, ['-d', '--no-show-raw-insn', '-M', 'no-aliases', '-j', '.text', file], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const lines = [...listing.matchAll(/^ *([0-9a-f]+):\t(.*)$|^\t\.\.\.$/gm)].slice(0, 60_000);
    let [calls, missed, others, wrong] = [0, 0, 0, 0];
    for (const [index, [, , instruction]] of lines.entries()) {
      // Zeros between two functions are left out.
      const next = lines[index + 1];
      if (instruction === undefined || next?.[1] === undefined) continue;
      const end = Number.parseInt(next[1], 16) - text.address + text.offset;
      const found = machine.isCall(read(end - 8, 8));
      if (call.test(instruction)) {
        calls++;
        if (!found) missed++;
      } else {
        others++;
        if (found) wrong++;
      }
    }
    t.log(`${calls} calls, ${missed} missed; of ${others} others ${wrong} look like one`);
    t.true(calls > 1000);
    t.is(missed, 0);
    t.true(wrong < others / 100);
  });

  testIf(gcc)(`functions of ${name} that make a frame pointer are told from those that don't`, (t) => {
    const place = folder(t);
    const file = join(place, 'calls.so');
    const compile = (...flags: string[]): void =>
      void execFileSync(gcc, [...flags, '-w', '-shared', '-fPIC', '-o', file, 'test/unwind/programs/calls.c']);
    /** At the last byte of a function, whose symbol says where that is. */
    const hasFrame = (symbol: string): boolean => {
      const object = objectOf(file)!;
      const image = readElfImage(fileReader(file))!;
      const {address, offset, size} = image.sections.find((section) => section.name === '.text')!;
      for (let at = address; at < address + size; at++) {
        const found = object.functionAt(at);
        if (found?.name !== symbol) continue;
        const last = found.start + found.size - 1;
        return object.hasFrame(last, last - address + offset);
      }
      throw new Error(`no ${symbol}`);
    };
    compile('-O0', '-fno-omit-frame-pointer');
    for (const symbol of ['deep', 'main', 'spilled', 'on_signal']) t.true(hasFrame(symbol), symbol);
    compile('-O2', '-fomit-frame-pointer');
    for (const symbol of ['stop_here', 'leaf', 'compare']) t.false(hasFrame(symbol), symbol);
  });
}

test('numbers that perf did not sample are unknown, and a signed return address loses its signature', (t) => {
  const {pc, registers} = perfRegisters(X64, new DataView(new ArrayBuffer(8 * 7)), 0);
  t.true(Number.isNaN(pc) && Number.isNaN(registers[7]!) && registers[6] === 0);
  const words = new BigUint64Array(33).fill(0x12ff_7fff_1234_5678n);
  t.is(perfRegisters(ARM64, new DataView(words.buffer), 0).registers[30], 0x7fff_1234_5678);
});
