import {sizeText} from '../../model/amounts.ts';
import {Trouble} from '../../model/trouble.ts';
import type {Stress} from '../../procfs/host/stress.ts';
import {parsePercent} from '../../shell/values.ts';

/** When a ring is saved. */
export type Trigger =
  /** Of the last 10 s, this part was lost by some task, or by all, for want of memory. */
  | {readonly is: 'psi'; readonly who: 'some' | 'full'; readonly part: number}
  /** A cgroup of the process has this part of what it may have. */
  | {readonly is: 'limit'; readonly part: number}
  /** The OOM killer killed something in the cgroup of the process, or the process ended while it killed something. */
  | {readonly is: 'oom'}
  /** SIGUSR1. */
  | {readonly is: 'signal'};

/** What --dump-on says: `psi=some:10%`, `limit=90%`, `oom`, `signal`; several with commas between. @throws Trouble */
export const parseTriggers = (texts: readonly string[]): Trigger[] =>
  texts.flatMap((text) => text.split(',')).map((text) => triggerOf(text.trim()));

function triggerOf(text: string): Trigger {
  if (text === 'oom' || text === 'signal') return {is: text};
  const [, who, pressure] = /^psi=(?:(some|full):)?([^:]+)$/.exec(text) ?? [];
  if (pressure !== undefined) return {is: 'psi', who: who === 'full' ? 'full' : 'some', part: partOf(pressure, text)};
  const [, limit] = /^limit=(.+)$/.exec(text) ?? [];
  if (limit !== undefined) return {is: 'limit', part: partOf(limit, text)};
  throw unknown(text, 'it is not one of psi=some:PERCENT, psi=full:PERCENT, limit=PERCENT, oom and signal.');
}

function partOf(percent: string, text: string): number {
  const part = parsePercent(percent);
  if (part > 0) return part;
  throw unknown(text, '0 % is always reached.');
}

const unknown = (text: string, why: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `"${text}" does not say when to save.`,
    why,
    next: 'For example: --dump-on psi=some:10%,limit=90%,oom,signal',
  });

/** How often a ring may be saved. */
export interface Pace {
  /** ms at least between two. */
  readonly pause: number;
  /** That many at most. */
  readonly most: number;
}

/** What the kernel tells. */
type Told = Pick<Stress, 'pressure' | 'limits' | 'kills'>;

/** Asks again and again whether a ring is to be saved, and keeps to the pace. */
export class Triggers {
  readonly #triggers: readonly Trigger[];
  readonly #stress: Told;
  readonly #pace: Pace;
  /** Conditions that hold, and for which the ring was saved: they must cease before they count again. */
  readonly #told = new Set<Trigger>();
  #kills: ReturnType<Told['kills']>;
  #last = -Infinity;
  #count = 0;

  /** @throws Trouble `input` if the kernel does not say what is asked for */
  constructor(triggers: readonly Trigger[], stress: Told, pace: Pace) {
    this.#triggers = triggers;
    this.#stress = stress;
    this.#pace = pace;
    this.#kills = stress.kills();
    for (const trigger of triggers) this.#refuseUnlessTold(trigger);
  }

  has(is: Trigger['is']): boolean {
    return this.#triggers.some((trigger) => trigger.is === is);
  }

  /** What can be told only once: a limit that is not set now may be set later. A sentence each. */
  get notes(): string[] {
    const limits = this.has('limit') ? this.#stress.limits() : [{}];
    return limits?.length === 0
      ? ['No cgroup of the process has a limit now: limit= waits for one that is set later.']
      : [];
  }

  /**
   * Is it time to save, and why?
   *
   * @param now ms
   * @param hasEnded the process did: then nothing more will come, and the pace doesn't matter
   * @returns a clause that begins with the trigger's name
   */
  check(now: number, hasEnded = false): string | undefined {
    for (const trigger of this.#triggers) {
      const why = this.#why(trigger, hasEnded);
      if (why === undefined) this.#told.delete(trigger);
      else if (!this.#told.has(trigger) && (hasEnded || this.#mayNow(now))) {
        this.#told.add(trigger);
        // What has happened is over with that.
        if (trigger.is === 'oom') this.#kills = this.#stress.kills();
        this.#last = now;
        this.#count++;
        return why;
      }
    }
    return undefined;
  }

  /** Is it long enough since the last time, and not too often already? */
  #mayNow(now: number): boolean {
    return now - this.#last >= this.#pace.pause && this.#count < this.#pace.most;
  }

  #why(trigger: Trigger, hasEnded: boolean): string | undefined {
    if (trigger.is === 'psi') return this.#pressed(trigger);
    if (trigger.is === 'limit') return this.#limited(trigger);
    return trigger.is === 'oom' ? this.#killed(hasEnded) : undefined;
  }

  #pressed({who, part}: Extract<Trigger, {is: 'psi'}>): string | undefined {
    const pressure = this.#stress.pressure();
    const lost = pressure?.stalled[who]?.avg10;
    if (!pressure || lost === undefined || lost < 100 * part) return undefined;
    const tasks = who === 'some' ? 'some task' : 'all tasks';
    const where = pressure.of === 'cgroup' ? 'its cgroup' : 'the machine';
    return `psi: ${tasks} of ${where} waited for memory for ${lost.toFixed(2)} % of 10 s`;
  }

  #limited({part}: Extract<Trigger, {is: 'limit'}>): string | undefined {
    const near = this.#stress.limits()?.find(({limit, used}) => used >= part * limit);
    return near && `limit: cgroup ${near.path} has ${sizeText(near.used)} of ${sizeText(near.limit)} (page cache too)`;
  }

  /** The cgroup's own count is certain; that of the machine says nothing of this process, unless it has ended too. */
  #killed(hasEnded: boolean): string | undefined {
    const now = this.#stress.kills();
    const end = hasEnded ? ', and the process ended' : '';
    const own = risen(this.#kills.cgroup, now.cgroup);
    if (own > 0) return `oom: the OOM killer killed ${own} in its cgroup${end}`;
    // Where the cgroup is gone already, or doesn't count.
    const all = risen(this.#kills.machine, now.machine);
    return hasEnded && all > 0 ? `oom: the OOM killer killed ${all} on the machine${end}` : undefined;
  }

  #refuseUnlessTold(trigger: Trigger): void {
    const {cgroup, machine} = this.#kills;
    if (trigger.is === 'psi' && !this.#stress.pressure())
      throw untold('psi', 'it has no /proc/pressure/memory (CONFIG_PSI, or booted with psi=0).');
    if (trigger.is === 'limit' && !this.#stress.limits())
      throw untold('limit', "the cgroup of the process, or its limit, can't be read here.");
    if (trigger.is === 'oom' && cgroup === undefined && machine === undefined)
      throw untold('oom', 'neither its cgroup nor /proc/vmstat has a count of kills (Linux 4.13).');
  }
}

const risen = (before: number | undefined, now: number | undefined): number =>
  before === undefined || now === undefined ? 0 : Math.max(0, now - before);

const untold = (what: string, why: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: `--dump-on ${what} would never save anything.`,
    why: `the kernel does not say it: ${why}`,
    next: 'Leave it out; kill -USR1 saves the ring as well (--dump-on signal).',
  });
