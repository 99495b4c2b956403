import {memmap} from '../helpers/cli.ts';
import {markdown} from '../faults/report.ts';
import {lackOf, type Lack} from '../helpers/lack.ts';
import {Place} from '../features/why/case.ts';
import {CASES, QUIET} from '../features/why/cases.ts';
import type {Trial} from './runs.ts';

interface Document {
  readonly sentence: string;
  readonly finding: {readonly name: string; readonly certain: boolean};
  readonly unusual: readonly unknown[];
}

/** All programs with one true answer, and ten quiet ones, each watched for 10 s: the first sentence as it is printed. */
export async function whyTrial(): Promise<Trial> {
  const faults: string[] = [];
  const rows: string[][] = [];
  for (const {name, needs, start, says, finding} of CASES) {
    const document = await answered(name, needs, start);
    if ('why' in document) rows.push([name, 'not run', document.why]);
    else {
      const isRight = document.finding.name === finding && says.test(document.sentence);
      if (!isRight) faults.push(`${name}: ${document.sentence}`);
      rows.push([name, isRight ? 'named' : '**no**', document.sentence]);
    }
  }
  const quiet: string[][] = [];
  for (const {name, needs, command} of QUIET) {
    const [program, ...args] = needs.some((need) => need !== undefined && lackOf(need)) ? ['true'] : command();
    const document = await answered(name, needs, async (place) => [String(await place.quiet(program, args))]);
    if ('why' in document) quiet.push([name, 'not run', document.why]);
    else {
      const isRight = document.finding.name === 'nothing' && document.unusual.length === 0;
      if (!isRight) faults.push(`${name}: ${document.sentence}`);
      quiet.push([name, isRight ? 'nothing' : '**something**', document.sentence]);
    }
  }
  const count = (all: readonly string[][], word: string): string =>
    `${all.filter(([, mark]) => mark === word).length} of ${all.length}`;
  const text = `## The programs

Programs made for the test, each with one true answer (test/programs/why, written by \`npm run trials -- --only why\`, 10 s each). The first
sentence names the cause in ${count(rows, 'named')}.

${markdown(['program', 'cause', 'the first sentence'], rows)}

Programs with which nothing is wrong: nothing is found in ${count(quiet, 'nothing')}.

${markdown(['program', 'found', 'the first sentence'], quiet)}
`;
  return {text, faults};
}

async function answered(
  name: string,
  needs: (typeof CASES)[number]['needs'],
  start: (place: Place) => Promise<readonly string[]>,
): Promise<Document | Lack> {
  const lack = needs.map((need) => (need === undefined ? undefined : lackOf(need))).find(Boolean);
  if (lack) return lack;
  process.stderr.write(`${name}\n`);
  const place = new Place();
  try {
    const {stdout, stderr} = await memmap(['why', ...(await start(place)), '--json']);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as Document;
  } finally {
    await place.end();
  }
}
