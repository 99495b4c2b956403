import type {ProcessRow} from '../../model/host/processes.ts';
import {Trouble} from '../../model/trouble.ts';
import type {ProcessHandle} from '../../procfs/handle.ts';
import {Session} from '../../procfs/sampling/session.ts';
import type {Face, StageEvents} from '../../terminal/stage.ts';
import {firstPicture, type Picture, pictureAfter} from '../watch/screen/picture.ts';
import type {Explain} from '../watch/screen/view.ts';
import {Viewer} from '../watch/screen/viewer.ts';
import {watch} from '../watch/watch.ts';

/** How a process is watched that was opened from the list. */
export interface OpenOptions {
  readonly root: string;
  /** ms between two samples of it. */
  readonly interval: number;
  /** For how long one sample of it may hold it up: ms. */
  readonly maxStall: number;
  /** Says what a region of it is. */
  readonly explain: (handle: ProcessHandle) => Explain;
  /** Everything ends. */
  readonly signal: AbortSignal;
  readonly onEnd: (signal?: NodeJS.Signals) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Watches a process on a terminal that is lent, until the reader goes back with Escape, or everything ends. Of one that
 * has ended the last picture stays.
 *
 * @returns why it can't be shown; undefined: it was
 */
export async function openProcess(
  {pid, startTime, unread}: ProcessRow,
  stage: (events: StageEvents) => Face,
  options: OpenOptions,
): Promise<string | undefined> {
  // To find out more may take as long as the thread sleeps.
  if (unread === 'blocked') return `Process ${pid} can't be read: a thread of it sleeps uninterruptibly (state D).`;
  let session: Session | undefined;
  try {
    session = new Session(pid, {root: options.root, maxStall: options.maxStall});
    const {startTime: begun} = session.snapshot.process;
    if (startTime !== undefined && begun !== undefined && begun !== startTime)
      return `Process ${pid} has ended, and another one has its PID.`;
    await show(session, stage, options);
    return undefined;
  } catch (error) {
    // One line of the screen: which process is meant can be seen.
    if (error instanceof Trouble) return error.why.charAt(0).toUpperCase() + error.why.slice(1);
    throw error;
  } finally {
    session?.close();
  }
}

async function show(
  session: Session,
  stage: (events: StageEvents) => Face,
  {interval, explain, signal, onEnd, onFailure}: OpenOptions,
): Promise<void> {
  const back = new AbortController();
  const either = AbortSignal.any([signal, back.signal]);
  const lent = {stage, onBack: () => back.abort()};
  let viewer: Viewer | undefined;
  let picture: Picture | undefined;
  try {
    for await (const event of watch(session, {interval, signal: either})) {
      picture = picture ? pictureAfter(picture, event) : event.event === 'start' ? firstPicture(event) : undefined;
      if (!picture) continue;
      if (viewer) viewer.show(picture, session.cost.ms / Math.max(1, event.t));
      else {
        viewer = new Viewer(picture, {interval, explain: explain(session.handle), onEnd, onFailure, lent});
        viewer.open();
      }
    }
    if (!either.aborted) await new Promise((resolve) => either.addEventListener('abort', resolve, {once: true}));
  } finally {
    viewer?.close();
  }
}
