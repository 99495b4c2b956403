import {EventEmitter} from 'node:events';
import test from 'ava';
import {Screen} from '../../src/terminal/screen.ts';

/** A terminal that takes what it is sent only when it is told to. */
class SlowTerminal extends EventEmitter {
  readonly columns = 80;
  readonly rows = 24;
  readonly fd = -1;
  readonly written: string[] = [];
  takes = true;
  write(text: string): boolean {
    this.written.push(text);
    return this.takes;
  }
}

test('no frame is queued for a terminal that is slow: it gets the latest when it can', (t) => {
  const terminal = new SlowTerminal();
  let number = 0;
  const draw = (): void => screen.draw([`frame ${number}`]);
  const screen = new Screen(terminal as unknown as typeof process.stdout, {onRedraw: draw, onGone: () => {}});
  screen.open();
  terminal.takes = false;
  for (number = 1; number <= 50; number++) draw();
  t.deepEqual([terminal.written.length, screen.skipped], [2, 49]);
  terminal.takes = true;
  terminal.emit('drain');
  t.is(terminal.written.length, 3);
  t.regex(terminal.written.at(-1)!, /frame 51/);
  screen.close();
});

test('only lines that changed are sent, and a full one isn’t cut by what erases the rest of a line', (t) => {
  const terminal = new SlowTerminal();
  const screen = new Screen(terminal as unknown as typeof process.stdout, {onRedraw: () => {}, onGone: () => {}});
  screen.open();
  const full = 'x'.repeat(80);
  screen.draw(['one', full]);
  t.true(terminal.written.at(-1)!.includes(`\x1b[2;1H\x1b[K${full}`));
  screen.draw(['one', 'two']);
  t.false(terminal.written.at(-1)!.includes('one'));
  t.true(terminal.written.at(-1)!.includes('\x1b[2;1Htwo\x1b[K'));
  const {length} = terminal.written;
  screen.draw(['one', 'two']);
  t.is(terminal.written.length, length);
  screen.close();
});
