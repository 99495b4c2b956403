import {changeLine} from '../render/change.ts';
import {renderFrame, type FrameEvent} from '../render/frame.ts';
import {endLine, execLine, exitLine, startLine} from '../render/watch.ts';
import type {Session} from '../procfs/session.ts';
import {writeOut} from './output.ts';
import {clockTime} from './report-lines.ts';
import {listenToKeys, Screen} from './screen.ts';
import type {Interruption} from './signals.ts';
import type {Reporter} from './watching.ts';

/** As many events as are kept; a screen shows fewer. */
const KEPT = 1000;
/** As many lines as are printed once the screen is left. */
const PRINTED = 20;

const CTRL_C = '\x03';

/** A watch on a terminal: one screen, redrawn at each look. When it is left, what happened is printed below the prompt. */
export function screenReporter(session: Session, interval: number, interruption: Interruption): Reporter {
  const events: FrameEvent[] = [];
  const after: string[] = [];
  let count = 0;
  let tick = 0;
  const screen = new Screen(process.stdout, () => draw());
  const stopListening = listenToKeys((key) => {
    if (key === CTRL_C) interruption.end('SIGINT');
    if (key === 'q') interruption.end();
  });
  const draw = (): void => {
    const footer = `look ${tick}, every ${interval} ms; ${count} changes so far. q quits`;
    const state = {snapshot: session.snapshot, status: session.status() ?? {}, events, tick, footer};
    screen.draw(renderFrame(state, screen.width, screen.height));
  };
  return {
    async start(snapshot) {
      after.push(startLine(snapshot, interval));
      screen.open();
      draw();
    },
    async tick(now) {
      tick = now;
      draw();
    },
    async change(now, changes) {
      const time = clockTime();
      count += changes.length;
      events.push(...changes.map((change) => ({time, tick: now, change})));
      events.splice(0, events.length - KEPT);
    },
    async exec(now, snapshot) {
      tick = now;
      events.length = 0;
      after.push(`${clockTime()}  ${execLine(snapshot)}`);
      draw();
    },
    async exit(_now, state) {
      after.push(`${clockTime()}  ${exitLine(state)}`);
    },
    async end(ticks, reason, cost) {
      stopListening();
      screen.close();
      const [first = '', ...rest] = after;
      const latest = events.slice(-PRINTED).map(({change, time}) => changeLine(change, time));
      const more = count > latest.length ? [`… ${count - latest.length} changes before these`] : [];
      await writeOut(`${[first, ...more, ...latest, ...rest, endLine(ticks, reason, cost)].join('\n')}\n`);
    },
  };
}
