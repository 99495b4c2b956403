import test, {type ExecutionContext} from 'ava';
import {memmap} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {givenTime} from '../../helpers/wait.ts';
import {Place} from './case.ts';
import {CASES, QUIET} from './cases.ts';

interface Document {
  readonly sentence: string;
  readonly finding: {readonly name: string};
  readonly holds: ReadonlyArray<{readonly share: number}>;
  readonly growth: {readonly verdict: string};
  readonly unusual: readonly unknown[];
}

async function ask(t: ExecutionContext, words: readonly string[], seconds: number): Promise<Document> {
  const {code, stdout, stderr} = await memmap(['why', ...words, '--json', '--for', `${seconds}s`]);
  t.is(code, 0, stderr);
  t.true(stdout.length < 8192, `${stdout.length} bytes`);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'why', document);
  const shares = document.holds.reduce((sum, {share}) => sum + share, 0);
  t.true(Math.abs(shares - 1) < 0.01, `shares add up to ${shares}`);
  return document;
}

for (const {name, needs, start, finding, says, grows} of CASES.filter((each) => each.in === 'suite')) {
  testIf(...needs).serial(`why names the cause: ${name}`, async (t) => {
    const place = new Place();
    try {
      const words = await start(place);
      const {sentence, finding: found} = await givenTime(
        grows ? 3 : 1,
        (seconds) => ask(t, words, seconds),
        (document) => document.finding.name === finding,
      );
      t.is(found.name, finding, sentence);
      t.regex(sentence, says);
    } finally {
      await place.end();
    }
  });
}

for (const {name, needs, command} of QUIET.filter((each) => each.in === 'suite')) {
  testIf(...needs).serial(`why finds nothing wrong: ${name}`, async (t) => {
    const place = new Place();
    try {
      const [program, ...args] = command();
      const pid = await place.quiet(program, args);
      const document = await ask(t, [String(pid)], 1);
      t.is(document.finding.name, 'nothing', document.sentence);
      t.deepEqual(document.unusual, []);
    } finally {
      await place.end();
    }
  });
}

test('each program has a sentence of its own', (t) => {
  t.true(CASES.length >= 20);
  t.is(new Set(CASES.map(({name}) => name)).size, CASES.length);
  t.is(QUIET.length, 10);
});
