import {Trouble} from '../model/trouble.ts';
import type {CheckReport} from '../check/result.ts';
import {jsonDocument} from '../render/json.ts';
import {renderCheck} from '../render/check.ts';
import {checkJSON} from '../render/check-json.ts';
import {renderCheckGithub} from '../render/check-github.ts';
import {renderCheckJunit} from '../render/check-junit.ts';
import {EXIT} from './exit.ts';

export const FORMATS = ['text', 'github', 'junit', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** Takes the words of a call apart at the first `--`: what is behind it is the command. */
export function splitCheck(words: readonly string[]): {own: string[]; command: readonly string[] | undefined} {
  const dashes = words.indexOf('--');
  return dashes < 0 ? {own: [...words], command: undefined} : {own: words.slice(0, dashes), command: words.slice(dashes + 1)}; // prettier-ignore
}

/** @throws Trouble `usage` unless there is a target or a command, and not both */
export function requireOne(target: string | undefined, command: readonly string[] | undefined): void {
  const isCommand = command !== undefined && command.length > 0;
  if ((target !== undefined) !== isCommand) return;
  const why = isCommand ? `"${target}" is a target, and behind -- there is a command.` : 'neither a target nor a command was given.'; // prettier-ignore
  throw new Trouble('usage', 'It is not clear what to check.', why, 'Give one of both: memmap check --max heap=64M 4242, or memmap check --max heap=64M -- ls -l'); // prettier-ignore
}

export function formatReport(report: CheckReport, format: Format, width: number | undefined): string {
  if (format === 'json') return jsonDocument(checkJSON(report));
  if (format === 'github') return renderCheckGithub(report);
  return format === 'junit' ? renderCheckJunit(report) : renderCheck(report, {width});
}

/**
 * What a check ends with: 1 if a rule is broken; else the command's own code, if it failed; else 5 if a rule could not be
 * measured, or not all of a file was understood.
 */
export function codeOfCheck({results}: CheckReport, commandCode = 0, isWhole = true): number {
  if (results.some(({verdict}) => verdict === 'broken')) return EXIT.no;
  if (commandCode !== 0) return commandCode;
  return isWhole && results.every(({verdict}) => verdict === 'ok') ? EXIT.done : EXIT.incomplete;
}
