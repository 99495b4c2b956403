import {readFileSync} from 'node:fs';
import {setTimeout as pause} from 'node:timers/promises';
import type {Region} from '../../src/model/region.ts';
import {rangeText} from '../../src/model/region.ts';
import {parse} from '../../src/parse/parse.ts';
import {capture} from '../../src/procfs/capture.ts';
import {markdown} from '../faults/report.ts';
import {FLEETS, withFleet, type Member} from './fleet.ts';
import type {Trial} from './runs.ts';

/** The part of regions whose kind must be the same. */
const LEAST = 0.95;

interface Compared {
  readonly name: string;
  readonly regions: number;
  readonly agree: number;
  /** Kinds that the bare listing is certain of, and that are others: the line and both kinds. */
  readonly falseOnes: readonly string[];
  /** How often which kind was taken for which, as a guess. */
  readonly guesses: Readonly<Record<string, number>>;
}

/** What a bare listing says of each region's kind, beside what the living process says. */
export async function kindsTrial(): Promise<Trial> {
  const rows: string[][] = [];
  const faults: string[] = [];
  const all: Compared[] = [];
  for (const fleet of FLEETS) {
    const compared = await withFleet(fleet, async (members) => {
      const done: Compared[] = [];
      for (const member of members) done.push(await compare(member));
      return done;
    });
    if (!compared) rows.push([fleet.name, 'not run: it is not installed', '', '', '']);
    for (const one of compared ?? []) {
      rows.push(rowOf(one));
      all.push(one);
      process.stderr.write(`kinds: ${rows.at(-1)!.join(' | ')}\n`);
      if (one.agree < LEAST * one.regions) faults.push(`${one.name}: ${one.agree} of ${one.regions} agree`);
      faults.push(...one.falseOnes.map((text) => `${one.name}: ${text}`));
    }
  }
  const sum = (of: (one: Compared) => number): number => all.reduce((total, one) => total + of(one), 0);
  const [regions, agree, wrong] = [
    sum((one) => one.regions),
    sum((one) => one.agree),
    sum((one) => one.falseOnes.length),
  ];
  rows.push(['**all**', String(regions), percent(agree, regions), `**${wrong}**`, '']);
  const text = `## A bare listing beside the living process

A copy of /proc/PID/maps has names, permissions and order; the living process also says where its program and its threads'
stacks are, which flags its regions have and how its files are built. Programs at rest, each read in both ways at one moment:
how many regions get the same kind from the listing alone, and how many get another kind without being called a guess. Written
by \`npm run trials -- --only kinds\`.

${markdown(['process', 'regions', 'same kind', 'another kind, called certain', 'guessed otherwise (living kind: guess)'], rows)}
`;
  return {text, faults};
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

const rowOf = ({name, regions, agree, falseOnes, guesses}: Compared): string[] => [
  name,
  String(regions),
  percent(agree, regions),
  String(falseOnes.length),
  Object.entries(guesses)
    .sort(([, a], [, b]) => b - a)
    .map(([pair, count]) => `${pair} ${count}`)
    .join(', '),
];

async function compare({name, pid}: Member): Promise<Compared> {
  const {live, bare} = await atOneMoment(pid);
  const guesses: Record<string, number> = {};
  const falseOnes: string[] = [];
  let agree = 0;
  for (const [index, region] of bare.entries()) {
    const truth = live[index]!;
    if (region.kind === truth.kind) agree++;
    else if (region.confidence === undefined)
      falseOnes.push(`${rangeText(region)} ${region.perms} ${region.name}: ${region.kind}, but ${truth.kind}`);
    else {
      const pair = `${truth.kind}: ${region.kind}`;
      guesses[pair] = (guesses[pair] ?? 0) + 1;
    }
  }
  return {name, regions: bare.length, agree, falseOnes, guesses};
}

/** Both readings of a process whose listing is the same before and after them. */
async function atOneMoment(pid: number): Promise<{readonly live: readonly Region[]; readonly bare: readonly Region[]}> {
  const mapsOf = (): string => readFileSync(`/proc/${pid}/maps`, 'latin1');
  for (let turn = 0; turn < 200; turn++) {
    // Since when it has been at rest says more than one moment.
    const first = mapsOf();
    await pause(500);
    const text = mapsOf();
    const live = capture(pid, {usage: true}).regions;
    if (first === text && mapsOf() === text) return {live, bare: parse(Buffer.from(text, 'latin1')).regions};
  }
  throw new Error(`process ${pid} does not come to rest`);
}
