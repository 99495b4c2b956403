import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Snapshot} from '../../../src/model/snapshot.ts';
import {parse, parsePatch} from '../../../src/parse/parse.ts';
import {capture} from '../../../src/procfs/capture.ts';
import {asleep, Child} from '../../helpers/child.ts';
import {run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';

/** What the tools make of the listing of a process that waits, beside what the kernel says of it. */
async function waiting(t: ExecutionContext): Promise<number> {
  const child = new Child(t, 'cat', []);
  await child.ask('ready');
  await asleep(child.pid);
  return child.pid;
}

const shape = ({regions}: Snapshot): unknown[] =>
  regions.map(({start, end, perms, offset, name, usage}) => [start, end, perms, offset, name, usage?.rss]);

/** Its maps say the same of the regions, but nothing of resident memory. */
const withoutRss = (rows: unknown[]): unknown[] => (rows as unknown[][]).map((row) => row.slice(0, 5));

const sh = async (command: string): Promise<Buffer> => Buffer.from((await run('sh', ['-c', command])).stdout);

for (const [title, command] of [
  ['cat -n', 'cat -n /proc/PID/FILE'],
  ['nl', 'nl -ba /proc/PID/FILE'],
  ['sed, which quotes it', "sed 's/^/> /' /proc/PID/FILE"],
  ['sed, which indents it', "sed 's/^/    /' /proc/PID/FILE"],
] as const) {
  test(`${title}: the process's regions come out of it`, async (t) => {
    const pid = await waiting(t);
    const ours = shape(capture(pid));
    const made = async (file: string): Promise<Snapshot> =>
      parse(await sh(command.replace('PID', String(pid)).replace('FILE', file)));
    const [maps, smaps] = [await made('maps'), await made('smaps')];
    t.deepEqual([maps.rejected, smaps.rejected], [[], []]);
    t.deepEqual(withoutRss(shape(maps)), withoutRss(ours));
    t.deepEqual(shape(smaps), ours);
  });
}

testIf('grep')("grep, with files, numbers, groups and colours: the process's regions come out of it", async (t) => {
  const pid = await waiting(t);
  const ours = shape(capture(pid));
  const file = `/proc/${pid}/smaps`;
  for (const [args, owner] of [
    [`-H '' ${file}`, pid],
    [`-n '' ${file}`, undefined],
    [`-Hn '' ${file}`, pid],
    [`-n -A99 '^[0-9a-f]*-' ${file}`, undefined],
    [`--color=always -E '^|lib' ${file}`, undefined],
    [`--color=always -HE '^|heap' ${file}`, pid],
  ] as const) {
    const snapshot = parse(await sh(`grep ${args}`));
    t.deepEqual(snapshot.rejected, [], args);
    t.deepEqual(shape(snapshot), ours, args);
    t.is(snapshot.process.pid, owner, args);
  }
});

testIf('iconv')("iconv into UTF-16 with a byte order mark: the process's regions come out of it", async (t) => {
  const pid = await waiting(t);
  const ours = shape(capture(pid));
  const path = join(folder(t), 'listing');
  for (const [code, mark] of [
    ['UTF-16LE', '\\377\\376'],
    ['UTF-16BE', '\\376\\377'],
  ] as const) {
    await sh(`(printf '${mark}'; sed 's/$/\\r/' /proc/${pid}/smaps | iconv -t ${code}) > ${path}`);
    const snapshot = parse(readFileSync(path));
    t.deepEqual([snapshot.rejected, shape(snapshot)], [[], ours]);
  }
});

testIf('python3')("pages and logs that Python makes: the process's regions come out of it", async (t) => {
  const pid = await waiting(t);
  const ours = shape(capture(pid));
  const programs = [
    'import html; print("<html><pre>" + html.escape(text) + "</pre></html>")',
    'import json; [print(json.dumps({"time": "x", "log": line + "\\n"})) for line in text.splitlines()]',
    'import logging, sys; logging.basicConfig(stream=sys.stdout, format="%(asctime)s %(levelname)s %(name)s: ' +
      '%(message)s"); [logging.error(line) for line in text.splitlines()]',
  ];
  for (const program of programs) {
    const {stdout} = await run('python3', ['-c', `text = open("/proc/${pid}/smaps").read()\n${program}`]);
    const snapshot = parse(stdout);
    t.deepEqual([snapshot.rejected, shape(snapshot)], [[], ours], program);
  }
});

testIf('diff')('diff, unified and normal: both sides come out of it', async (t) => {
  const pid = await waiting(t);
  const place = folder(t);
  const {stdout: before} = await run('cat', [`/proc/${pid}/maps`]);
  const after = before.replace(/^([0-9a-f]+)-([0-9a-f]+)000 (.*\[stack\])$/m, '$1-$2fff000 $3');
  const [a, b] = [join(place, 'a'), join(place, 'b')];
  writeFileSync(a, before);
  writeFileSync(b, after);
  const whole = parsePatch(await sh(`diff -U9999 ${a} ${b}`))!;
  t.deepEqual([shape(whole.before), shape(whole.after)], [shape(parse(before)), shape(parse(after))]);
  for (const flag of ['-u', '']) {
    const sides = parsePatch(await sh(`diff ${flag} ${a} ${b}`))!;
    const stacks = [sides.before, sides.after].map(({regions}) => regions.find(({name}) => name === '[stack]')?.end);
    t.true(stacks[0]! < stacks[1]!, flag);
    t.regex(sides.after.notes.join(), /Lines that both sides have may be missing/);
  }
});

testIf('gdb')("gdb's machine interface: the process's regions come out of it", async (t) => {
  const pid = await waiting(t);
  const args = ['-q', '-nx', '-i=mi', '-batch', '-p', String(pid), '-ex', 'info proc mappings'];
  const theirs = parse((await run('gdb', args)).stdout);
  t.deepEqual(theirs.rejected, []);
  t.deepEqual(withoutRss(shape(theirs)), withoutRss(shape(capture(pid))));
  t.is(theirs.process.pid, pid);
});

testIf('pmap')('pmap -x, sorted and without its heading, and pmap of two processes', async (t) => {
  const [pid, other] = [await waiting(t), await waiting(t)];
  const ours = capture(pid);
  const sorted = parse(await sh(`pmap -x ${pid} | grep -v '^Address\\|^total\\|^-\\|^${pid}:' | sort -nk3`));
  t.deepEqual(
    sorted.regions.map(({start, end, usage}) => [start, end, usage?.rss]),
    ours.regions.map(({start, end, usage}) => [start, end, usage?.rss]),
  );
  t.false(sorted.consistency.torn);
  const both = parse(await sh(`pmap ${pid} ${other}`));
  t.is(both.regions.length, ours.regions.length);
  t.regex(both.rejected[0]!.text, new RegExp(`^${other}:`));
});

const FAULTY = `#include <stdio.h>
#include <stdlib.h>
int main(void) {
  char line[4096];
  FILE *maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps)) fputs(line, stdout);
  fflush(stdout);
  int *freed = malloc(4);
  free(freed);
  return *freed;
}
`;

testIf('gcc')("AddressSanitizer's map of memory, in its report: the regions of files come out of it", async (t) => {
  const place = folder(t);
  const [source, program] = [join(place, 'faulty.c'), join(place, 'faulty')];
  writeFileSync(source, FAULTY);
  await sh(`gcc -w -fsanitize=address ${source} -o ${program}`);
  const kernels = parse(await sh(`ASAN_OPTIONS=print_module_map=1 ${program} 2>${place}/report || true`));
  const theirs = parse(readFileSync(join(place, 'report')));
  t.is(theirs.source.format, 'sanitizer process map');
  t.regex(theirs.notes.join(), /The listing is lines \d+ to \d+; the other lines are something else/);
  const files = ({regions}: Snapshot): unknown[] =>
    regions.filter(({name}) => name.startsWith('/')).map(({start, end, name}) => [start, end, name]);
  t.true(files(kernels).length > 10);
  // It loads what prints the report in the meantime, but what was there stays.
  const all = new Set(files(theirs).map(String));
  t.deepEqual(
    files(kernels).filter((file) => !all.has(String(file))),
    [],
  );
});
