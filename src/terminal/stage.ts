import {type Key, Keyboard} from './keyboard.ts';
import {Screen, type ScreenEvents} from './screen.ts';

export interface StageEvents extends ScreenEvents {
  readonly onKeys: (keys: readonly Key[]) => void;
}

/** What shows something on a terminal needs of it. */
export type Face = Pick<Stage, 'screen' | 'hasKeys' | 'open' | 'close' | 'stop'>;

/** After this many ms, a stop that the kernel didn't let happen is taken for one that is over. */
const NOT_STOPPED = 100;

/**
 * A terminal that was taken over, screen and keyboard, and is given back when memmap ends or is stopped. Ctrl-Z, and
 * SIGTSTP from elsewhere, stop it as they stop any program; after SIGCONT it continues where it was (termios(3), job
 * control in credentials(7)).
 */
export class Stage {
  readonly screen: Screen;
  readonly #keyboard: Keyboard;
  #isOpen = false;
  #isStopped = false;
  /** Whoever shows something now. */
  #events: StageEvents;

  constructor(events: StageEvents) {
    this.#events = events;
    this.screen = new Screen(process.stdout, {
      onRedraw: () => this.#events.onRedraw(),
      onGone: () => this.#events.onGone(),
    });
    this.#keyboard = new Keyboard(process.stdin, (keys) => this.#events.onKeys(keys));
  }

  /** The same terminal for somebody else, from open() to close(): the screen isn't left in between. */
  lend(events: StageEvents): Face {
    const lender = this.#events;
    const show = (whose: StageEvents): void => {
      this.#events = whose;
      this.screen.redraw();
    };
    return {
      screen: this.screen,
      hasKeys: this.hasKeys,
      open: () => show(events),
      close: () => show(lender),
      stop: () => this.stop(),
    };
  }

  get hasKeys(): boolean {
    return this.#keyboard.isThere;
  }

  open(): void {
    this.#isOpen = true;
    this.#take();
    process.on('SIGCONT', this.#goOn);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('SIGCONT', this.#goOn);
    this.#giveBack();
  }

  /**
   * Stops as the terminal's own Ctrl-Z does: with the whole process group, so that a shell, sudo or npx that started it
   * notices. Where no shell could continue it (an orphaned group) the kernel drops the signal, and nothing will say
   * that the stop is over.
   */
  stop(): void {
    this.#stop(0);
  }

  #stop(whom: number): void {
    if (!this.#isOpen || this.#isStopped) return;
    this.#isStopped = true;
    this.#giveBack();
    process.kill(whom, 'SIGTSTP');
    setTimeout(this.#goOn, NOT_STOPPED);
  }

  readonly #onStopSignal = (): void => this.#stop(process.pid);

  readonly #goOn = (): void => {
    if (!this.#isOpen) return;
    // After SIGSTOP nothing was given back, and the shell has used the terminal since.
    if (!this.#isStopped) this.#giveBack();
    this.#isStopped = false;
    this.#take();
    this.screen.redraw();
  };

  #take(): void {
    // The keyboard first: a process in the background is stopped by that (SIGTTOU), before it draws over the shell.
    this.#keyboard.open();
    this.screen.open();
    process.on('SIGTSTP', this.#onStopSignal);
  }

  #giveBack(): void {
    process.off('SIGTSTP', this.#onStopSignal);
    this.screen.close();
    this.#keyboard.close();
  }
}
