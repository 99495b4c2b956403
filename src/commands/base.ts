import {readFileSync} from 'node:fs';
import {Command, Flags, type Interfaces} from '@oclif/core';
import type {Snapshot} from '../model/snapshot.ts';
import {Trouble, type TroubleParts} from '../model/trouble.ts';
import {jsonPieces} from '../text/json.ts';
import {clip, safe, safeLines} from '../text/safe.ts';
import {setColorLevel} from '../text/theme.ts';
import {setDeadline} from '../procfs/open.ts';
import {parseDuration} from '../shell/values.ts';
import {EXIT, exitOf} from '../shell/exit.ts';
import {pagerFor, showInPager} from '../shell/pager.ts';
import {isTerminal, sizeOf} from '../shell/terminal.ts';
import {
  inBatches,
  ReaderGone,
  type Remarkable,
  remarkOn,
  say,
  takeOverErrors,
  writeOut,
  writePieces,
} from '../shell/output.ts';
import {isUsageError, plain, usageParts} from './usage.ts';
import type {ColorSupportLevel} from 'chalk';

/** The flags of a command, as oclif hands them over. */
export type FlagsOf<Class extends typeof Command> = Interfaces.InferredFlags<
  (typeof BaseCommand)['baseFlags'] & Class['flags']
>;

/** What all commands share: --json, --color, one form of error, and exit codes. */
export abstract class BaseCommand extends Command {
  static override baseFlags = {
    json: Flags.boolean({description: 'print JSON: sizes in bytes, addresses as hex strings', helpGroup: 'GLOBAL'}),
    color: Flags.boolean({
      description: 'use colour, or none; by default only on a terminal',
      allowNo: true,
      helpGroup: 'GLOBAL',
    }),
    pager: Flags.boolean({
      description: 'show what is longer than the screen in $PAGER, or in less; --no-pager never does',
      allowNo: true,
      default: true,
      helpGroup: 'GLOBAL',
    }),
    'proc-root': Flags.directory({
      description: 'another place where procfs is mounted',
      default: '/proc',
      hidden: true,
    }),
    deadline: Flags.string({
      description: 'give up a reading of a process that takes longer (exit code 8)',
      parse: async (text) => (setDeadline(parseDuration(text)), text),
      default: '10s',
      helpValue: '<time>',
      helpGroup: 'GLOBAL',
    }),
  };

  /**
   * Runs the command with oclif's base class and parser alone: finding plugins, reading the user's settings and making
   * help take as long as a small `show` (bench/README.md). It reports errors and sets the exit code: nothing is thrown.
   *
   * @param root memmap's own directory
   * @param id the command's name
   * @param words those after it
   */
  static async start(root: string, id: string, words: readonly string[]): Promise<void> {
    this.id = id;
    const config = {root, bin: 'memmap', runHook, scopedEnvVarKeys: () => []};
    await new (this as unknown as Runnable)([...words], config as never)._run();
  }

  /** Does the work. @returns the exit code */
  abstract override run(): Promise<number>;

  /**
   * What oclif calls. The exit code is set here and nowhere else, and nothing ends the process as long as there is
   * something left to write: process.exit would cut off what a pipe has not taken yet (leave() in bin/run.js).
   */
  protected override async _run<Result>(): Promise<Result> {
    process.exitCode = await this.run().catch((error: unknown) => this.failed(error));
    return undefined as Result;
  }

  #isPaged = false;

  /** Settles colour, and whether long texts are paged. Call it first, with the parsed flags. */
  protected begin({color, pager}: Pick<FlagsOf<typeof Command>, 'color' | 'pager'>): void {
    this.#isPaged = pager;
    setColorLevel(colorLevel(color, process.env, isTerminal(1)));
  }

  /** Columns of the terminal that output goes to; undefined where it goes elsewhere: there nothing may be shortened. */
  protected get width(): number | undefined {
    return isTerminal(1) ? Math.max(sizeOf(1).columns ?? 80, 1) : undefined;
  }

  /** As in package.json. */
  protected get memmapVersion(): string {
    return (JSON.parse(readFileSync(`${this.config.root}/package.json`, 'utf8')) as {version: string}).version;
  }

  /** Lines that a picture may have: most of the terminal, where output goes to one. */
  protected get height(): number | undefined {
    return isTerminal(1) ? Math.max(24, (sizeOf(1).rows ?? 54) - 10) : undefined;
  }

  /**
   * Lines that a list may have before it is shortened; where output goes elsewhere, as on a terminal of the usual size.
   */
  protected get rows(): number {
    return Math.max(10, (sizeOf(1).rows ?? 54) - 14);
  }

  /** Can standard output show a screen that is redrawn in place? */
  protected get canDraw(): boolean {
    return isTerminal(1) && process.env['TERM'] !== 'dumb';
  }

  /** Writes a JSON document, or text for people, in a pager if it is long. @returns `code`, for the end of a command */
  protected async print(output: object | string, code: number = EXIT.done): Promise<number> {
    if (typeof output !== 'string') await writePieces(jsonPieces(output));
    else {
      const pager = this.#isPaged ? pagerFor(output, process.env) : undefined;
      if (pager === undefined || !(await showInPager(output, pager))) await writeOut(output);
    }
    return code;
  }

  /** The same for a long text that comes in pieces. Where nobody pages, it is written as it comes. */
  protected async printPieces(pieces: Iterable<string>, code: number): Promise<number> {
    if (this.#isPaged && isTerminal(1)) return this.print([...pieces].join(''), code);
    await writePieces(inBatches(pieces));
    return code;
  }

  /** Writes CSV: names as they are, but for a terminal, which would obey them. @returns `code` */
  protected printCSV(lines: Iterable<string>, code: number = EXIT.done): Promise<number> {
    return this.printPieces(isTerminal(1) ? safeOnes(lines) : lines, code);
  }

  /**
   * Reports on standard error what in a snapshot was not understood or can't be trusted, and what a reader should know.
   */
  protected remark(...snapshots: ReadonlyArray<Remarkable>): void {
    for (const snapshot of snapshots) remarkOn(snapshot);
  }

  /** 5 if one of the snapshots is incomplete, else `otherwise`. */
  protected codeFor(snapshots: readonly Snapshot[], otherwise: number = EXIT.done): number {
    return snapshots.every((snapshot) => snapshot.isWhole) ? otherwise : EXIT.incomplete;
  }

  /** The exit code when the work could not be done. */
  protected codeOf(trouble: Trouble): number {
    return exitOf(trouble.kind);
  }

  /** Reports an error. @returns the exit code */
  private failed(error: unknown): number {
    if (error instanceof ReaderGone) return EXIT.done;
    if (error instanceof Trouble) {
      const {message, why, list, next} = error;
      say(errorText({what: plain(message), why, list, next}));
      return this.codeOf(error);
    }
    if (isUsageError(error)) {
      const {args, flags, baseFlags} = this.ctor;
      say(errorText(usageParts(error, {id: this.id ?? '', args, flags: {...baseFlags, ...flags}})));
      return EXIT.usage;
    }
    say(
      errorText({
        what: 'memmap failed.',
        why: `this is a bug in memmap: ${(error as Error).message}`,
        next: 'Please report it, with the output of the same command under DEBUG=memmap.',
      }),
    );
    if (process.env['DEBUG']) say(String((error as Error).stack));
    return EXIT.bug;
  }
}

takeOverErrors();

type Runnable = new (argv: string[], config: never) => {_run(): Promise<unknown>};

/** What oclif's parser asks of its surroundings: there are no hooks. */
const runHook = async (): Promise<object> => ({successes: [], failures: []});

/**
 * One message of three parts: what failed, why, what to do next. The names in it come from outside, and a line break in
 * one could forge a part: only those between the entries of the list are memmap's own.
 */
const errorText = ({what, why, list = [], next}: Omit<TroubleParts, 'kind'>): string =>
  [
    `memmap: ${safe(what)}`,
    `  why:  ${safe(why)}`,
    ...list.map((entry) => `    ${clip(safe(entry), listWidth())}`),
    `  next: ${safe(next)}`,
  ].join('\n');

/** Columns for an entry of a list: the end of a long command line is cut on a terminal, and nowhere else. */
function* safeOnes(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield safeLines(line);
}

const listWidth = (): number => (process.stderr.isTTY ? Math.max(20, (process.stderr.columns || 80) - 4) : Infinity);

/**
 * How much colour to use: 0 none, 1 the 16 basic ones. --color and --no-color decide; else NO_COLOR (no-color.org),
 * then FORCE_COLOR; else there is colour where a person reads: on a terminal that isn't `dumb`.
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
