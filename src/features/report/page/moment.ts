import {looks} from './data.ts';

type Listener = (look: number) => void;

const listeners: Listener[] = [];
let look = looks - 1;

/** The look that is shown everywhere on the page. */
export const current = (): number => look;

/** Shows another look. */
export function show(next: number): void {
  look = Math.min(looks - 1, Math.max(0, next));
  for (const listener of listeners) listener(look);
}

/** Calls a listener now, and whenever another look is shown. */
export function follow(listener: Listener): void {
  listeners.push(listener);
  listener(look);
}
