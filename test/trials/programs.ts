import {execFileSync, spawn, type ChildProcess} from 'node:child_process';
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Random} from '../features/growth/synthetic.ts';

/** A program that is watched while it runs. */
export interface Trial {
  readonly name: string;
  readonly command: readonly [file: string, ...args: string[]];
  /** MiB a minute by which it grows; 0 for one that doesn't. */
  readonly leak: number;
}

/** 20 teeth from 3 to 60 s and 20 leaks from 0.5 to 8 MiB a minute, in all orders of magnitude alike. */
export function sawleaks(): Trial[] {
  const random = new Random(20);
  const program = compiled('test/trials/sawleak.c');
  const spread = (part: number, low: number, high: number): number => low * (high / low) ** part;
  return Array.from({length: 20}, (_, index) => {
    const tooth = spread((index + random.next()) / 20, 3, 60);
    const leak = spread(random.next(), 0.5, 8);
    return sawleak(program, tooth, leak);
  });
}

function sawleak(program: string, tooth: number, leak: number): Trial {
  const args = [tooth.toFixed(1), '20', (leak * 1024).toFixed(0)];
  return {name: `sawleak ${args.join(' ')}`, command: [program, ...args], leak};
}

const PYTHON: Readonly<Record<string, readonly [code: string, leak: number]>> = {
  'python, asleep': ['import time; time.sleep(3600)', 0],
  'python, makes and drops lists': [
    'import time, random\nwhile True: x = [bytes(random.randrange(1, 4096)) for _ in ' +
      'range(random.randrange(2000))]; time.sleep(0.02)',
    0,
  ],
  'python, a cache of 20,000 entries': [
    'import time\nfrom functools import lru_cache\nf = lru_cache(20000)(lambda key: bytes(500))\nkey = 0\nwhile ' +
      'True:\n  for _ in range(50): f(key := key + 1)\n  time.sleep(0.02)',
    0,
  ],
  'python, keeps 50 KiB a second': [
    'import time\nkept = []\nwhile True: kept.append(bytearray(b"x" * 5000)); bytes(100000); time.sleep(0.1)',
    (50 * 60) / 1024,
  ],
};

const NODE: Readonly<Record<string, readonly [code: string, leak: number]>> = {
  'node, timers': ['setInterval(() => {}, 20)', 0],
  'node, makes and drops objects': [
    'setInterval(() => JSON.parse(JSON.stringify(Array.from({length: 2000}, (_, i) => ({i, text: String(i)})))), 50)',
    0,
  ],
  'node, keeps objects, about 3 MiB a minute': [
    'const kept = []; setInterval(() => { for (let i = 0; i < 60; i++) kept.push({i, text: "x".repeat(1) + ' +
      'Math.random(), list: [i, i, i, i]}); JSON.stringify(kept.slice(-2000)) }, 100)',
    5,
  ],
  'node, keeps buffers of 64 KiB, 3.8 MiB a minute': [
    'const kept = []; setInterval(() => kept.push(Buffer.alloc(65536, 1)), 1000)',
    3.75,
  ],
};

/** Programs of other makers, that leak or don't. */
export function others(): Trial[] {
  const program = compiled('test/trials/sawleak.c');
  return [
    ...[3, 5.3, 9, 17, 31, 60].map((tooth) => sawleak(program, tooth, 0)),
    ...Object.entries(PYTHON).map(([name, [code, leak]]) => ({name, command: ['python3', '-c', code] as const, leak})),
    ...Object.entries(NODE).map(([name, [code, leak]]) => ({
      name,
      command: [process.execPath, '-e', code] as const,
      leak,
    })),
  ];
}

function compiled(source: string): string {
  const program = join(mkdtempSync(join(tmpdir(), 'memmap-trial-')), 'program');
  execFileSync('gcc', ['-O1', '-o', program, source]);
  return program;
}

export const start = ({command: [file, ...args]}: Trial): ChildProcess => spawn(file, args, {stdio: 'ignore'});
