import {Child} from '../../helpers/child.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {files} from '../../helpers/listings.ts';

for (const [columns, titles] of [
  [60, /^start +size +resident +kind +name$/],
  [80, /^range +size +perms +resident +kind +name$/],
  [120, /^range +size +perms +resident +PSS +private dirty +kind +name$/],
] as const) {
  testIf('script')(`on a terminal of ${columns} columns no line is broken, and the columns fit`, async (t) => {
    const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
    await child.line();
    const terminal = new TerminalRun(t, ['show', String(child.pid)], {columns, rows: 100});
    t.is(await terminal.end(), 0);
    const screen = await terminal.screen();
    t.true(
      screen.some((line) => titles.test(line)),
      screen.join('\n'),
    );
    const {lines} = terminal;
    t.deepEqual(
      lines.filter((line) => line.length > columns),
      [],
    );
    t.true(
      screen.some((line) => line.startsWith('ffffffffff600000')) === lines.some((line) => line.includes('vsyscall')),
    );
  });
}

testIf('script')('of more than 2,000 regions a terminal shows the largest, and a pipe all', async (t) => {
  const rows = Array.from({length: 2500}, (_, index) => {
    const start = 0x10000000 + index * 0x10000;
    return `${start.toString(16)}-${(start + (index % 5 === 0 ? 0x1000 : 0x2000)).toString(16)} rw-p 00000000 00:00 0 \n`;
  });
  const [listing] = files(t, rows.join('')) as [string];
  const terminal = new TerminalRun(t, ['show', listing], {columns: 80, rows: 30});
  t.is(await terminal.end(), 0);
  t.regex(terminal.raw, /… 500 more regions, the smaller ones \(--all\)/);
  t.is(terminal.raw.match(/ 8 KiB {2}rw-p/g)?.length, 2000);
  t.notRegex(terminal.raw, / 4 KiB {2}rw-p/);
  const all = new TerminalRun(t, ['show', listing, '--all'], {columns: 80, rows: 30});
  t.is(await all.end(), 0);
  t.is(all.raw.match(/ [48] KiB {2}rw-p/g)?.length, 2500);
});
