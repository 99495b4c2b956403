import {Chalk, type ChalkInstance, type ColorSupportLevel} from 'chalk';

/**
 * What colours mean here. Nothing is said by colour alone: each has a sign or a word beside it.
 * This is the only file that knows chalk.
 */
const ROLES = {
  title: (chalk: ChalkInstance) => chalk.bold,
  quiet: (chalk: ChalkInstance) => chalk.dim,
  // Growth is not good news and less is not bad news: neither is green or red.
  come: (chalk: ChalkInstance) => chalk.yellow,
  comeNew: (chalk: ChalkInstance) => chalk.yellow.bold,
  go: (chalk: ChalkInstance) => chalk.cyan,
  change: (chalk: ChalkInstance) => chalk.yellow,
  move: (chalk: ChalkInstance) => chalk.cyan,
  heap: (chalk: ChalkInstance) => chalk.magenta,
  code: (chalk: ChalkInstance) => chalk.blueBright,
  data: (chalk: ChalkInstance) => chalk.yellow,
  stack: (chalk: ChalkInstance) => chalk.green,
  file: (chalk: ChalkInstance) => chalk.cyan,
  bad: (chalk: ChalkInstance) => chalk.red.bold,
  good: (chalk: ChalkInstance) => chalk.green.bold,
  selected: (chalk: ChalkInstance) => chalk.inverse,
} as const;

export type Role = keyof typeof ROLES;

/** undefined: no colour. */
let chalk: ChalkInstance | undefined;

/** Set once at the start of a command; 0 is no colour. chalk itself doesn't know NO_COLOR. */
export function setColorLevel(level: ColorSupportLevel): void {
  chalk = level > 0 ? new Chalk({level}) : undefined;
}

export const paint = (role: Role | undefined, text: string): string =>
  role && chalk ? ROLES[role](chalk)(text) : text;

/** How long ago something happened, for what a reader should see first. */
export type Age = 'fresh' | 'recent' | 'old';

/** A colour that fades: bright while it is news, then plain, at last dim. */
export function paintAged(role: Role | undefined, age: Age | undefined, text: string): string {
  if (!chalk) return text;
  // What is dim even when it is new can't be bright: it is plain then.
  if (age === 'fresh') return role === 'quiet' ? text : chalk.bold(paint(role, text));
  return age === 'old' ? chalk.dim(text) : paint(role, text);
}
