import {readFileSync} from 'node:fs';
import test from 'ava';
import {memmap, run, type Ran} from '../../helpers/cli.ts';
import {waitingShell} from '../../helpers/child.ts';
import {files, folder, TUTORIAL} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {whileSteady} from '../../helpers/wait.ts';

test('each region of a process is a row, and kinds add up', async (t) => {
  const child = await waitingShell(t);
  const {stdout, stderr, code} = await memmap(['show', String(child.pid)]);
  t.is(code, 0);
  t.is(stderr, '');
  const ranges = readFileSync(`/proc/${child.pid}/maps`, 'latin1')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[0]!);
  const shown = stdout
    .split('\n')
    .map((line) => line.split(' ')[0]!)
    .filter((word) => /^[0-9a-f]+-[0-9a-f]+$/.test(word));
  t.deepEqual(shown, ranges);
  t.regex(stdout, new RegExp(`^sh \\(pid ${child.pid}\\), `));
  t.regex(stdout, new RegExp(`^total +${ranges.length} `, 'm'));
});

testIf('python3')('--json is as its schema says, and Python reads the same numbers from smaps', async (t) => {
  const child = await waitingShell(t);
  const script = `
import re, json
out = []
for line in open('/proc/${child.pid}/smaps', encoding='latin-1', newline='\\n'):
    head = re.match(r'([0-9a-f]+)-[0-9a-f]+ ', line)
    if head: out.append({'start': hex(int(head[1], 16))})
    key = line.split(':')[0]
    if key == 'Rss': out[-1]['rss'] = int(line.split()[1]) * 1024
    if key == 'VmFlags': out[-1]['flags'] = line.split()[1:]
print(json.dumps(out))`;
  const resident = (): string[] => readFileSync(`/proc/${child.pid}/smaps`, 'latin1').match(/^Rss:.*$/gm)!;
  const [[{stdout}, theirs]] = await whileSteady(
    resident,
    async () => [await memmap(['show', String(child.pid), '--json']), await run('python3', ['-c', script])] as const,
  );
  const document = JSON.parse(stdout) as {
    regions: Array<{start: string; usage: {rss: number; pss: number}; flags: string[]}>;
  };
  conforms(t, 'snapshot', document);
  t.deepEqual(
    document.regions.map(({start, usage, flags}) => ({start, rss: usage.rss, flags})),
    JSON.parse(theirs.stdout) as never,
  );
});

test('a saved listing is shown, from a file and from standard input, and what it is is said', async (t) => {
  const [file] = files(t, TUTORIAL[1]) as [string];
  const fromFile = await memmap(['show', file]);
  t.is(fromFile.code, 0);
  t.regex(
    fromFile.stdout,
    /^\S+listing-1\.txt: a maps listing with spaced-out columns\n10 regions, 192 KiB of address space\n/,
  );
  const fromInput = await memmap(['show', '-'], {input: TUTORIAL[1]});
  t.regex(fromInput.stdout, /^standard input: a maps listing/);
  t.is(fromInput.stdout.split('\n').slice(1).join('\n'), fromFile.stdout.split('\n').slice(1).join('\n'));
});

test('a listing of more rows than cli-table3 can take is printed in the same look', async (t) => {
  const [few, many] = files(t, rows(150), rows(1000)) as [string, string];
  const small = (await memmap(['show', few])).stdout.split('\n').slice(2, 150);
  const large = (await memmap(['show', many])).stdout.split('\n').slice(2, 150);
  t.deepEqual(large, small);
});

test('names from outside can not move the cursor', async (t) => {
  const evil = '00400000-00401000 r--p 00000000 fd:00 7 /tmp/\x1b[2J\x9b1m\x07\rx\u202e\n';
  const [file] = files(t, Buffer.from(evil, 'utf8')) as [string];
  for (const args of [
    ['show', file],
    ['diff', file, file, '--match', 'layout'],
    ['show', `${folder(t)}/\x1b[31m`],
  ]) {
    const {stdout, stderr} = await memmap(args);
    t.notRegex(stdout + stderr, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  }
  const {stdout} = await memmap(['show', file, '--json']);
  const [region] = (JSON.parse(stdout) as {regions: Array<{name: string}>}).regions;
  t.is(region?.name, '/tmp/\x1b[2J\x9b1m\x07\rx\u202e', 'JSON keeps the truth');
});

test('every live process is shown, or refused with a reason', async (t) => {
  const {stdout} = await run('sh', ['-c', 'ls /proc | grep "^[0-9]" | head -60']);
  const pids = stdout.trim().split('\n');
  t.true(pids.length > 3);
  const answers = await inTurn(pids, (pid) => memmap(['show', pid, '--json']));
  // Of one that changes or ends while it is read, what was read is marked.
  const isMarked = ({code, stdout: json}: Ran): boolean => {
    if (code !== 5) return false;
    const {consistency} = JSON.parse(json) as {consistency: {torn: boolean; incomplete: boolean}};
    return consistency.torn || consistency.incomplete;
  };
  t.deepEqual(
    answers.filter((ran) => ![0, 3, 4].includes(ran.code ?? -1) && !isMarked(ran)),
    [],
  );
  t.true(answers.map(({code}) => code).includes(0));
});

/** Two at a time: these machines are small. */
async function inTurn<Item, Result>(items: readonly Item[], act: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += 2) results.push(...(await Promise.all(items.slice(at, at + 2).map(act))));
  return results;
}

const rows = (count: number): string =>
  Array.from({length: count}, (_, index) => {
    const start = 0x10000000 + index * 0x2000;
    return `${start.toString(16)}-${(start + 0x1000).toString(16)} rw-p 00000000 00:00 0 \n`;
  }).join('');
