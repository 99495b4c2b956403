import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import type {Machine} from '../../src/unwind/machine.ts';
import type {CodeObject} from '../../src/unwind/object.ts';
import type {FrameAddress, Row, Rule} from '../../src/unwind/program.ts';

/** What readelf's table of a file has, beside ours. */
export interface Agreement {
  readonly descriptions: number;
  readonly rows: number;
  /** Rows with an expression in them, which readelf doesn't print. */
  readonly expressions: number;
  readonly different: readonly string[];
}

const signed = (value: number): string => (value < 0 ? String(value) : `+${value}`);

function frameText(cfa: FrameAddress, {registers}: Machine): string {
  return 'expression' in cfa ? 'exp' : `${registers[cfa.register]}${signed(cfa.offset)}`;
}

/** A rule as readelf prints it. */
function ruleText(rule: Rule | undefined, {registers}: Machine): string {
  switch (rule?.kind) {
    case undefined:
    case 'undefined':
      return 'u';
    case 'same':
      return 's';
    case 'offset':
      return `c${signed(rule.value)}`;
    case 'isOffset':
      return `v${signed(rule.value)}`;
    case 'register':
      return `r${rule.value} (${registers[rule.value]})`;
    case 'expression':
      return 'exp';
    case 'isExpression':
      return 'vexp';
  }
}

/** Vector registers of arm64 hold no addresses, but readelf lists where they are saved: v0 is 64. */
function numberOf(name: string, machine: Machine, {returnColumn}: Row): number | undefined {
  const number = machine.registers.indexOf(name);
  if (number >= 0) return number;
  if (name === 'ra') return returnColumn;
  const vector = /^v(\d+)$/.exec(name);
  if (vector) return 64 + Number(vector[1]);
  const float = /^f([as]|t)?(\d+)$/.exec(name);
  return float ? 32 + floatNumber(float[1], Number(float[2])) : undefined;
}

/** fs0, fs1 are 8, 9; fa0 … are 10 …; fs2 … are 18 …: RISC-V psABI. */
function floatNumber(kind: string | undefined, number: number): number {
  if (kind === 's') return number < 2 ? 8 + number : 16 + number;
  if (kind === 'a') return 10 + number;
  return kind === 't' ? (number < 8 ? number : 20 + number) : number;
}

/** Compares each row of each description that `readelf --debug-dump=frames-interp` prints with ours. */
export async function compareRows(file: string, object: CodeObject, readelf = 'readelf'): Promise<Agreement> {
  const {machine} = object;
  const child = spawn(readelf, ['--debug-dump=frames-interp', '-W', file], {stdio: ['ignore', 'pipe', 'ignore']});
  const different: string[] = [];
  let [descriptions, rows, expressions] = [0, 0, 0];
  let columns: string[] = [];
  let range: readonly [number, number] | undefined;
  const compare = (line: string, pc: number, cfa: string | undefined, cells: readonly string[]): void => {
    rows++;
    const row = object.rowAt(pc);
    if (!row) {
      different.push(`${line.trim()} | none`);
      return;
    }
    const ours = columns.map((name) => {
      const number = numberOf(name, machine, row);
      return number === undefined ? `${name}?` : ruleText(row.rules.get(number), machine);
    });
    if ([cfa, ...cells].some((cell) => cell === 'exp' || cell === 'vexp')) expressions++;
    const own = [frameText(row.cfa, machine), ...ours].join(' ');
    if (cfa !== undefined && own !== [cfa, ...cells].join(' ')) different.push(`${line.trim()} | ${own}`);
  };
  for await (const line of createInterface({input: child.stdout})) {
    const description = / FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)/.exec(line);
    if (description) {
      range = [Number.parseInt(description[1]!, 16), Number.parseInt(description[2]!, 16)];
      descriptions++;
      // Without a table of its own it has the common rules everywhere: there must be some.
      columns = [];
      if (range[1] > range[0]) compare(line, range[0], undefined, []);
      continue;
    }
    if (/ CIE /.test(line)) range = undefined;
    const head = /^\s+LOC\s+CFA(.*)$/.exec(line);
    if (head) columns = head[1]!.trim().split(/\s+/).filter(Boolean);
    const cells = /^([0-9a-f]{16}) (\S+)(.*)$/.exec(line);
    if (!cells || !range) continue;
    const pc = Number.parseInt(cells[1]!, 16);
    // After the last instruction that advances, there may be a row where the function has ended.
    if (pc < range[1]) compare(line, pc, cells[2], cells[3]!.match(/r\d+ \(\w+\)|\S+/g) ?? []);
  }
  if (child.exitCode === null) await once(child, 'close');
  return {descriptions, rows, expressions, different};
}
