import test from 'ava';
import xterm from '@xterm/headless';
import fc from 'fast-check';
import {cells, safe, safeLines, shorten} from '../../src/text/safe.ts';

/** Names that did harm in other tools, and ways to do it. */
const HOSTILE = [
  'clear\x1b[2Jscreen',
  'title\x1b]0;pwned\x07',
  'c1\x9b31mred',
  'bell\x07',
  'back\b\b\bspace',
  'over\rwritten',
  'two\nlines',
  'tab\tbed',
  'nul\0',
  'del\x7f',
  'rtl\u202etxt.exe',
  'isolate\u2066x\u2069',
  'line\u2028sep',
  'zero\u200bwidth',
  'lone\ud800surrogate',
  'bom\ufeff',
  'soft\u00adhyphen',
];

test('no hostile name can move the cursor, change the title, break the line or turn the text', (t) => {
  for (const name of HOSTILE) {
    t.notRegex(
      safe(name),
      /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u00ad]/,
      JSON.stringify(name),
    );
    t.regex(safe(name), /\\x[0-9a-f]{2}|\\u[0-9a-f]{4}/, JSON.stringify(name));
  }
});

test('a terminal that is sent any safe text only prints it: its cursor stands where the text ends', async (t) => {
  const terminal = new xterm.Terminal({cols: 400, rows: 2, allowProposedApi: true});
  const write = (text: string): Promise<void> => new Promise((resolve) => terminal.write(text, resolve));
  const piece = fc.oneof(
    fc.constantFrom(...HOSTILE),
    fc.string({unit: 'grapheme-ascii', maxLength: 8}),
    fc.constantFrom('漢字', 'かな', '한글', 'é', 'e\u0301', 'ü', 'ﬀ', 'Ω', 'ж'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, {maxLength: 6}), async (pieces) => {
      const text = safe(pieces.join(''));
      await write(`\x1b[2J\x1b[H${text}`);
      const {cursorX, cursorY} = terminal.buffer.active;
      return cursorY === 0 && cursorX === cells(text);
    }),
    {numRuns: 300},
  );
  t.pass();
});

test('a name that is shortened keeps its beginning and its end, and fits', (t) => {
  t.is(shorten('/usr/lib/x86_64-linux-gnu/libc.so.6', 20), '/usr/l…gnu/libc.so.6');
  t.is(shorten('/usr/lib', 20), '/usr/lib');
  fc.assert(
    fc.property(fc.string({unit: 'grapheme', maxLength: 60}), fc.nat(30), (text, width) => {
      const made = safe(text);
      return cells(shorten(made, width)) <= Math.max(width, 0) || cells(made) <= width;
    }),
  );
});

test('a blank at the end of a name can be seen', (t) => {
  t.is(safe('/tmp/trail '), '/tmp/trail\\x20');
  t.is(safe('/tmp/two  blanks'), '/tmp/two  blanks');
});

test('lines stay lines, and nothing else in them is obeyed', (t) => {
  t.is(safeLines('a,"b\x1b]0;c\x07"\r\nd\re\n'), 'a,"b\\x1b]0;c\\x07"\r\nd\\x0de\n');
});
