import {constants} from 'node:os';
import {diff} from '../../diff/diff.ts';
import {booksOf} from './books.ts';
import {CallWatch, type Look} from './calls.ts';
import {Helper} from './helper.ts';
import {asPredicted, type Lesson, type Observed, type Step, watchesCalls} from './lesson.ts';
import {changeJSON} from '../../model/change.ts';
import {hex} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {capture} from '../../procfs/capture.ts';

/** A step that was run: what was predicted, what was seen, and whether they agree. */
interface Taught {
  readonly step: Step;
  /** Whose memory was looked at. */
  readonly pid: number;
  readonly observed: Observed;
  readonly ok: boolean;
  /** Why this kernel, or these limits, can't show it. */
  readonly unsupported?: string | undefined;
}

/** What a lesson reports as it runs. */
export interface Teacher {
  start(pid: number, snapshot: Snapshot): Promise<void>;
  before(step: Step): Promise<void>;
  after(taught: Taught): Promise<void>;
}

/** Reports nothing: the result has everything. */
export const silently: Teacher = {start: async () => {}, before: async () => {}, after: async () => {}};

export interface LessonResult {
  readonly lesson: Lesson;
  /** Undefined where the helper can't be started: `unsupported` says why. */
  readonly pid: number | undefined;
  readonly start: Snapshot | undefined;
  readonly steps: readonly Taught[];
  readonly ok: boolean;
  readonly unsupported: string | undefined;
}

interface TeachOptions {
  readonly root?: string | undefined;
  /** Ends the lesson before its next step. */
  readonly signal?: AbortSignal | undefined;
  /** Called at the end, before the helper is ended. */
  readonly beforeEnd?: ((pid: number) => Promise<void>) | undefined;
}

/** Runs a lesson's helper step by step, and looks at its memory before and after each. */
export async function teach(lesson: Lesson, teacher: Teacher, options: TeachOptions = {}): Promise<LessonResult> {
  const helper = await Helper.start(lesson);
  if (!(helper instanceof Helper))
    return {lesson, pid: undefined, start: undefined, steps: [], ok: false, unsupported: helper.lack};
  let watch: CallWatch | string | undefined;
  try {
    watch = watchesCalls(lesson) ? await CallWatch.start(helper.pid, options.root) : undefined;
    const result = await allSteps({lesson, helper, watch}, teacher, options);
    await options.beforeEnd?.(helper.pid);
    return result;
  } finally {
    if (watch instanceof CallWatch) await watch.close();
    await helper.stop();
  }
}

interface Class {
  readonly lesson: Lesson;
  readonly helper: Helper;
  /** Of its memory calls, if the lesson is about them; or why they can't be watched. */
  readonly watch: CallWatch | string | undefined;
}

async function allSteps(
  {lesson, helper, watch}: Class,
  teacher: Teacher,
  {root, signal}: TeachOptions,
): Promise<LessonResult> {
  const look = (pid: number): Look => {
    const began = performance.now();
    const snapshot = capture(pid, {root, usage: true});
    return {snapshot, began, ended: performance.now()};
  };
  const first = look(helper.pid);
  const start = first.snapshot;
  if (watch instanceof CallWatch) watch.begin(first);
  await teacher.start(helper.pid, start);
  const steps: Taught[] = [];
  let child = 0;
  for (const step of lesson.steps) {
    await teacher.before(step);
    if (signal?.aborted) break;
    const pid = step.watch === 'child' ? child : helper.pid;
    const earlier = look(pid);
    const {result, printed} = await helper.step(step.name);
    if (step.answers === 'child') child = Number(result);
    const later = look(pid);
    const [before, after] = [earlier.snapshot, later.snapshot];
    const {changes, drift} = diff(before, after, {match: 'address'});
    const doings = watch instanceof CallWatch ? await watch.doingsOf(changes, earlier, later) : watch;
    const books = step.books && booksOf(pid, root);
    const taught = judged(step, pid, {result, printed, before, after, changes, drift, doings, books});
    await teacher.after(taught);
    steps.push(taught);
    if (taught.unsupported !== undefined) break;
  }
  const unsupported = steps.find((step) => step.unsupported)?.unsupported;
  return {lesson, pid: helper.pid, start, steps, ok: steps.every((step) => step.ok), unsupported};
}

function judged(step: Step, pid: number, observed: Observed): Taught {
  const isAsPredicted = asPredicted(step, observed);
  const unsupported =
    step.unsupported?.(observed) ??
    refusal(step, observed.result) ??
    (typeof observed.doings === 'string' ? observed.doings : undefined) ??
    (isAsPredicted ? undefined : blindness(observed));
  return {step, pid, observed, ok: unsupported === undefined && isAsPredicted, unsupported};
}

/**
 * Only smaps tells what is resident, and only malloc's books what is free; why smaps could not be read is in the
 * snapshot's notes.
 */
const blindness = ({before, after, books}: Observed): string | undefined =>
  [before, after].find(({totals}) => totals['rss'] === undefined)?.notes[0] ??
  (typeof books === 'string' ? books.replace(/\.$/, '') : undefined);

/** A system call that fails returns the negative errno, as 64 bits. */
function refusal(step: Step, result: string): string | undefined {
  const value = BigInt.asIntN(64, BigInt(result));
  if (value >= 0 || value < -4095) return undefined;
  const name =
    Object.entries(constants.errno).find(([, number]) => BigInt(number) === -value)?.[0] ?? `errno ${-value}`;
  return `${step.call} failed: ${name}`;
}

/** Who made the changes, where that was watched. */
const madeJSON = ({doings}: Observed): object[] | undefined =>
  typeof doings === 'object'
    ? [...doings].flatMap(
        ([
          {
            range: {start, end},
          },
          made,
        ]) => made.map((doing) => ({range: {start: hex(start), end: hex(end)}, ...doing})),
      )
    : undefined;

/** The document `memmap.lesson/1`. */
export const lessonJSON = ({lesson, pid, start, steps, ok, unsupported}: LessonResult): Record<string, unknown> => ({
  schema: 'memmap.lesson/1',
  lesson: lesson.name,
  title: lesson.title,
  arch: process.arch,
  pid: pid ?? null,
  start: start?.toJSON() ?? null,
  steps: steps.map((taught) => ({
    title: taught.step.title,
    call: taught.step.call,
    result: taught.observed.result,
    printed: taught.observed.printed.length > 0 ? taught.observed.printed : undefined,
    pid: taught.pid,
    expected: taught.step.expected,
    books: taught.step.books && {
      expected: taught.step.books,
      observed: typeof taught.observed.books === 'object' ? taught.observed.books : null,
    },
    drift: Object.keys(taught.observed.drift).length > 0 ? taught.observed.drift : undefined,
    changes: taught.observed.changes.map(changeJSON),
    made: madeJSON(taught.observed),
    ok: taught.ok,
  })),
  ok,
  unsupported,
});
