import type {Interruption} from '../../shell/signals.ts';
import {isInForeground} from '../../terminal/keyboard.ts';

/** Keys during a recording: `m` makes a mark, `q` ends it. Ctrl-C and Ctrl-Z do what they always do. */
interface RecordKeys {
  close(): void;
}

/** @returns undefined where no keys can be read: standard input is not a terminal, or we are in the background */
export function recordKeys(onMark: () => void, interruption: Interruption): RecordKeys | undefined {
  const terminal = process.stdin;
  if (!terminal.isTTY || !isInForeground()) return undefined;
  const open = (): void => void terminal.setRawMode(true);
  const onContinue = (): void => {
    if (isInForeground()) open();
  };
  const onData = (data: Buffer): void => {
    for (const key of data.toString('latin1')) {
      if (key === 'm') onMark();
      else if (key === 'q') interruption.end();
      else if (key === '\x03') interruption.end('SIGINT');
      else if (key === '\x1a') stop();
    }
  };
  const stop = (): void => {
    terminal.setRawMode(false);
    process.kill(process.pid, 'SIGTSTP');
  };
  open();
  terminal.on('data', onData);
  terminal.on('error', close);
  process.on('SIGCONT', onContinue);
  return {close};

  function close(): void {
    process.off('SIGCONT', onContinue);
    terminal.off('data', onData);
    terminal.setRawMode(false);
    terminal.pause();
  }
}
