import {memmap} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {givenTime} from '../../helpers/wait.ts';
import {familyPython, numberFrom} from '../../procfs/families.ts';

testIf('python3')('a watch tells who comes and goes, and what all have together', async (t) => {
  const first = await familyPython(t);
  const watched = async (seconds: number, more: readonly string[]) => {
    const ran = memmap([
      'watch',
      String(first.pid),
      '--children',
      '--interval',
      '100ms',
      '--for',
      `${seconds}s`,
      ...more,
    ]);
    await first.ask(`time.sleep(${seconds / 3})`);
    const pid = await numberFrom(first, "answer = fork('mine = bytearray(40 << 20)')");
    await first.ask(`time.sleep(${seconds / 3}); end(${pid})`);
    return {...(await ran), pid};
  };
  /** That it came, and that it went. */
  const isSeen = ({stdout, pid}: {stdout: string; pid: number}): boolean =>
    stdout.includes(`"came":[${pid}]`)
      ? new RegExp(`"went":\\[\\{[^\\]]*"pid":${pid}\\b`).test(stdout)
      : stdout.includes(`(pid ${pid}) is new`) && stdout.includes(`(pid ${pid}) ended`);
  const {stdout, pid, code} = await givenTime(3, (seconds) => watched(seconds, ['--json']), isSeen);
  t.is(code, 0);
  interface Event {
    readonly event: string;
    readonly family?: {processes: number; totals: {rss: number}; went: ReadonlyArray<{pid: number}>};
  }
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
  for (const event of events) conforms(t, 'watch-event', event);
  t.is(events[0]!.family!.processes, 1, 'the start has it');
  t.true(events.some(({family}) => family?.processes === 2 && family.totals.rss > 40 << 20));
  t.true(events.some(({family}) => family?.went.some((kin) => kin.pid === pid)));

  const text = await givenTime(3, (seconds) => watched(seconds, []), isSeen);
  const {stdout: lines} = text;
  t.regex(
    lines,
    new RegExp(`^[\\d:.]+  \\+ process +python3 \\(pid ${text.pid}\\) is new: its parent is ${first.pid}`, 'm'),
  );
  t.regex(
    lines,
    new RegExp(`^[\\d:.]+  - process +python3 \\(pid ${text.pid}\\) ended: it had [\\d.]+ MiB resident`, 'm'),
  );
  t.regex(lines, /^[\d:.]+ {2}= family +2 processes, [\d.]+ MiB resident, added up; PSS/m);
  t.regex(lines, /; the family was sampled \d+ times, smaps_rollup read (once|\d+ times)/);

  const alone = await memmap(['watch', String(first.pid), '--count', '2', '--interval', '50ms', '--json']);
  t.false(alone.stdout.includes('"family"'));
});
