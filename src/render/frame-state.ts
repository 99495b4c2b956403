import type {Picture} from './frame-picture.ts';
import type {View} from './frame-view.ts';

/** All that a frame of the live screen is made of: what is known, and what the reader asked for. */
export interface FrameState {
  readonly picture: Picture;
  readonly view: View;
  /** ms between two looks. */
  readonly interval: number;
  /** The part of the time that was spent looking. */
  readonly duty?: number | undefined;
  /** What came since the screen was paused. */
  readonly since?: {readonly looks: number; readonly changes: number; readonly isOver: boolean} | undefined;
  /** It is a recording that is shown. */
  readonly replay?: ReplayState | undefined;
  /** There is a keyboard. */
  readonly hasKeys: boolean;
}

/** Where in a recording the reader is. */
export interface ReplayState {
  readonly isPlaying: boolean;
  /** How many times as fast as it was. */
  readonly speed: number;
  /** The moment that is shown, and the number of the last one. */
  readonly index: number;
  readonly last: number;
  /** Names of the marks of this moment. */
  readonly marks: readonly string[];
  /** The moment to go to, while it is typed. */
  readonly typed: string | undefined;
  /** Why the one typed before can't be gone to. */
  readonly fault: string | undefined;
}
