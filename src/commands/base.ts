import {readFileSync} from 'node:fs';
import {Command, Flags} from '@oclif/core';
import type {Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {jsonPieces} from '../text/json.ts';
import {safe} from '../text/safe.ts';
import {setColorLevel} from '../text/theme.ts';
import {setDeadline} from '../procfs/deadline.ts';
import {parseDuration} from '../shell/values.ts';
import {EXIT, exitOf} from '../shell/exit.ts';
import {ReaderGone, type Remarkable, remarkOn, say, takeOverErrors, writeOut, writePieces} from '../shell/output.ts';
import type {ColorSupportLevel} from 'chalk';

/**
 * What all commands share: --json, --color, one form of error, and exit codes. The code is set, and the process left to end
 * by itself: process.exit would cut off what a pipe has not taken yet.
 */
export abstract class BaseCommand extends Command {
  static override baseFlags = {
    json: Flags.boolean({description: 'print JSON: sizes in bytes, addresses as hex strings', helpGroup: 'GLOBAL'}),
    color: Flags.boolean({
      description: 'use colour, or none; by default only on a terminal',
      allowNo: true,
      helpGroup: 'GLOBAL',
    }),
    'proc-root': Flags.directory({
      description: 'another place where procfs is mounted',
      default: '/proc',
      hidden: true,
    }),
    deadline: Flags.string({
      description: 'how long one reading of a process may take',
      parse: async (text) => (setDeadline(parseDuration(text)), text),
      helpValue: '<time>',
      hidden: true,
    }),
  };

  /** oclif's own is for deprecated commands. */
  protected override async init(): Promise<void> {}

  /** Settles colour. Call it first, with the parsed flags. */
  protected begin(flags: {readonly color?: boolean | undefined}): void {
    setColorLevel(colorLevel(flags.color, process.env, process.stdout.isTTY));
  }

  /** Columns of the terminal that output goes to; undefined where it goes elsewhere, and nothing may be shortened. */
  protected get width(): number | undefined {
    return process.stdout.isTTY ? Math.max(process.stdout.columns || 80, 1) : undefined;
  }

  /** As in package.json. */
  protected get memmapVersion(): string {
    return (JSON.parse(readFileSync(`${this.config.root}/package.json`, 'utf8')) as {version: string}).version;
  }

  /** Lines that a picture may have: most of the terminal, where output goes to one. */
  protected get height(): number | undefined {
    return process.stdout.isTTY ? Math.max(24, (process.stdout.rows || 54) - 10) : undefined;
  }

  /** Writes a JSON document, or text for people. */
  protected async print(isJson: boolean, document: () => object, text: () => string): Promise<void> {
    await (isJson ? writePieces(jsonPieces(document())) : writeOut(text()));
  }

  /** Tells on standard error what of a snapshot was not understood or can't be trusted, and what a reader should know. */
  protected remark(...snapshots: ReadonlyArray<Remarkable>): void {
    for (const snapshot of snapshots) remarkOn(snapshot);
  }

  /** 5 if one of the snapshots has not all, else `otherwise`. */
  protected exitFor(snapshots: readonly Snapshot[], otherwise: number = EXIT.done): void {
    process.exitCode = snapshots.every((snapshot) => snapshot.isWhole) ? otherwise : EXIT.incomplete;
  }

  protected override catch(error: unknown): Promise<void> {
    if (error instanceof ReaderGone) return Promise.resolve();
    if (error instanceof Trouble) {
      say(errorText(error.message, error.why, error.next, error.list));
      process.exitCode = exitOf(error.kind);
    } else if (isUsageError(error)) {
      const [what = '', ...more] = (error as Error).message
        .split('\n')
        .filter((line) => line.trim() && !line.startsWith('See more'));
      say(
        errorText(
          what,
          more.join(' ').trim() || 'that is not how this command is called.',
          `memmap ${this.id ?? ''} --help`,
        ),
      );
      process.exitCode = EXIT.usage;
    } else {
      say(
        errorText(
          'memmap failed.',
          `this is a bug in it: ${(error as Error).message}`,
          'Please report it, with the output of the same command under DEBUG=memmap.',
        ),
      );
      if (process.env['DEBUG']) say(String((error as Error).stack));
      process.exitCode = EXIT.bug;
    }
    return Promise.resolve();
  }
}

takeOverErrors();

/**
 * One message of three parts: what failed, why, what to do next. The names in it come from outside, and a line break in one
 * could forge a part: only those of the list are memmap's own.
 */
export const errorText = (what: string, why: string, next: string, list: readonly string[] = []): string =>
  [
    `memmap: ${safe(what)}`,
    `  why:  ${safe(why)}`,
    ...list.map((entry) => `    ${safe(entry)}`),
    `  next: ${safe(next)}`,
  ].join('\n');

const isUsageError = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'oclif' in error &&
  (error as {oclif?: {exit?: number}}).oclif?.exit === 2;

/**
 * How much colour to use: 0 none, 1 the 16 basic ones. --color and --no-color decide; else NO_COLOR (no-color.org), then
 * FORCE_COLOR; else there is colour where a person reads: on a terminal that isn't `dumb`.
 */
export function colorLevel(
  flag: boolean | undefined,
  environment: NodeJS.ProcessEnv,
  isTerminal: boolean,
): ColorSupportLevel {
  if (flag !== undefined) return flag ? 1 : 0;
  if (environment['NO_COLOR']) return 0;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced === '0' || forced === 'false' ? 0 : 1;
  return isTerminal && environment['TERM'] !== 'dumb' ? 1 : 0;
}
