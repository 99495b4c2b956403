import test from 'ava';
import fc from 'fast-check';
import {KeyReader} from '../../src/terminal/keyboard.ts';

/** What terminals send: xterm in both cursor modes, the Linux console, rxvt, tmux, with Shift and Ctrl. */
const SENT: ReadonlyArray<readonly [sent: string, key: string]> = [
  ['q', 'q'],
  ['/', '/'],
  ['?', '?'],
  [' ', ' '],
  ['漢', '漢'],
  ['😀', '😀'],
  ['\x03', 'ctrl-c'],
  ['\x1a', 'ctrl-z'],
  ['\x0c', 'ctrl-l'],
  ['\x1c', 'ctrl-\\'],
  ['\x15', 'ctrl-u'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\x7f', 'backspace'],
  ['\x08', 'backspace'],
  ['\x1b[A', 'up'],
  ['\x1b[B', 'down'],
  ['\x1b[C', 'right'],
  ['\x1b[D', 'left'],
  ['\x1bOA', 'up'],
  ['\x1bOB', 'down'],
  ['\x1b[H', 'home'],
  ['\x1b[F', 'end'],
  ['\x1bOH', 'home'],
  ['\x1bOF', 'end'],
  ['\x1b[1~', 'home'],
  ['\x1b[4~', 'end'],
  ['\x1b[7~', 'home'],
  ['\x1b[8~', 'end'],
  ['\x1b[5~', 'pageup'],
  ['\x1b[6~', 'pagedown'],
  ['\x1b[1;5A', 'up'],
  ['\x1b[5;2~', 'pageup'],
];

/** What means nothing here: function keys, a report of the mouse, of the focus, of the terminal's kind, Ctrl-B. */
const MEANINGLESS = ['\x1bOP', '\x1b[15~', '\x1b[<0;10;10M', '\x1b[I', '\x1b[?1;2c', '\x1b[200~', '\x02'];

test('each key is known by what terminals send for it', (t) => {
  for (const [sent, key] of SENT) t.deepEqual(new KeyReader().read(sent), [key], JSON.stringify(sent));
  for (const sent of MEANINGLESS) t.deepEqual(new KeyReader().read(sent), [], JSON.stringify(sent));
});

test('however the bytes are divided, the keys are the same', (t) => {
  const keys = fc.array(fc.constantFrom(...SENT, ...MEANINGLESS.map((sent) => [sent, undefined] as const)));
  fc.assert(
    fc.property(keys, fc.infiniteStream(fc.integer({min: 1, max: 5})), (pressed, cuts) => {
      const reader = new KeyReader();
      // Cut between characters: the decoder before it puts the bytes of one together.
      const characters = Array.from(pressed.map(([sent]) => sent).join(''));
      const read: string[] = [];
      while (characters.length > 0)
        read.push(...reader.read(characters.splice(0, cuts.next().value as number).join('')));
      t.deepEqual(
        [...read, ...reader.finish()],
        pressed.map(([, key]) => key).filter((key) => key !== undefined),
      );
    }),
  );
});

test('Escape is a key once nothing follows it, and is not a part of a character after it', (t) => {
  const reader = new KeyReader();
  t.deepEqual(reader.read('\x1b'), []);
  t.true(reader.isWaiting);
  t.deepEqual(reader.finish(), ['escape']);
  t.false(reader.isWaiting);
  t.deepEqual(reader.read('\x1bq'), ['escape', 'q']);
  t.deepEqual(reader.read('\x1b\x1b[A'), ['escape', 'up']);
  t.deepEqual(reader.read('\x1b['), []);
  t.deepEqual(reader.finish(), ['escape', '[']);
});

test('a sequence without an end is not waited for', (t) => {
  const reader = new KeyReader();
  reader.read(`\x1b[${'1;'.repeat(100)}`);
  t.false(reader.isWaiting);
});

test('no bytes whatever make it throw or keep more than a sequence', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({unit: 'binary'})), (parts) => {
      const reader = new KeyReader();
      for (const part of parts) reader.read(part);
      reader.finish();
      return !reader.isWaiting;
    }),
  );
  t.pass();
});
