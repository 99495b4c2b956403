import test from 'ava';
import {memmap} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {THREADS} from './threads.ts';

interface Document {
  readonly sentence: string;
  readonly finding: {readonly name: string};
  readonly missing: ReadonlyArray<{readonly what: string}>;
}

for (const {from, finding, says, missing, listing} of THREADS)
  test(`why FILE says what ${from} found`, async (t) => {
    const {code, stdout, stderr} = await memmap(['why', '-', '--json'], {input: listing()});
    t.is(code, 0, stderr);
    const document = JSON.parse(stdout) as Document;
    conforms(t, 'why', document);
    t.true(stdout.length < 8192);
    t.is(document.finding.name, finding, document.sentence);
    t.regex(document.sentence, says);
    if (missing) t.true(document.missing.some(({what}) => missing.test(what)));
  });
