import type {Interruption} from '../../shell/signals.ts';
import {isInForeground} from '../../terminal/keyboard.ts';

/** Keys while a recording goes on: `m` makes a mark, `q` ends. Ctrl-C and Ctrl-Z are what they always are. */
interface RecordKeys {
  close(): void;
}

/** @returns undefined where no keys can be had: no terminal, or one that listens to another job */
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
