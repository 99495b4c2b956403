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
  /** There is a keyboard. */
  readonly hasKeys: boolean;
}
