import {BLOCKED_ROWS} from './rows-blocked.ts';
import {ENVIRONMENT_ROWS} from './rows-environment.ts';
import {INPUT_ROWS} from './rows-input.ts';
import {KERNEL_ROWS} from './rows-kernel.ts';
import {LIVE_ROWS} from './rows-live.ts';
import {NAME_ROWS} from './rows-names.ts';
import {OUTPUT_ROWS} from './rows-output.ts';
import {RECORDING_ROWS} from './rows-recording.ts';
import type {Row} from './scene.ts';
import {TARGET_ROWS} from './rows-target.ts';
import {TERMINAL_ROWS} from './rows-terminal.ts';

/** By number; those that were added later, with a letter, at the end. */
const order = ({id}: Row): number => (/^\d/.test(id) ? Number(id) : 1000 + Number(id.slice(1)));

/** The fault table. */
export const ROWS: readonly Row[] = [
  ...TARGET_ROWS,
  ...LIVE_ROWS,
  ...BLOCKED_ROWS,
  ...TERMINAL_ROWS,
  ...OUTPUT_ROWS,
  ...INPUT_ROWS,
  ...NAME_ROWS,
  ...KERNEL_ROWS,
  ...ENVIRONMENT_ROWS,
  ...RECORDING_ROWS,
].sort((a, b) => order(a) - order(b));
