import {type CheckReport, marginOf, type Result} from './result.ts';
import {familyJSON, familyParts} from './family.ts';
import {howSeen, renderCheck, resultSentence, summary} from './text.ts';
import {quoted} from '../run/text.ts';
import {safe} from '../../text/safe.ts';
import {Trouble} from '../../model/trouble.ts';
import {endJSON} from '../watch/sinks.ts';
import {jsonDocument} from '../../text/json.ts';
import {EXIT} from '../../shell/exit.ts';

/**
 * Annotations of a run, as GitHub's runner reads them from the output of a step: a line for each rule that is broken or
 * could not be measured, and one with the result of all.
 */
function renderCheckGithub(report: CheckReport): string {
  const bad = report.results.filter(({verdict}) => verdict !== 'ok');
  const lines = bad.map((result) => annotation('error', `memmap check: ${result.rule.text}`, resultSentence(result)));
  const {before, after} = familyParts(report);
  const all = [...report.results.map(resultSentence), before, ...after].filter(Boolean).join('\n');
  return `${[...lines, annotation('notice', `memmap check: ${summary(report)}`, all)].join('\n')}\n`;
}

const annotation = (level: 'error' | 'notice', title: string, message: string): string =>
  `::${level} title=${property(title)}::${data(message)}`;

/** A line break would end the message, and a percent sign begins an escape. */
const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** In a property, colon and comma are special too. */
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** A report as test runners write it (JUnit's XML): a case for each rule; what could not be measured is an error. */
function renderCheckJunit(report: CheckReport): string {
  const {results, ms, command, target} = report;
  const count = (verdict: Result['verdict']): number => results.filter((result) => result.verdict === verdict).length;
  const counts =
    `tests="${results.length}" failures="${count('broken')}" errors="${count('not measured')}" ` +
    `time="${(ms / 1000).toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="memmap check" ${counts}>`,
    `  <testsuite name="${xml(`memmap check: ${command?.map(quoted).join(' ') ?? target ?? ''}`)}" ` +
      `${counts} skipped="0">`,
    ...results.flatMap(testcase),
    `    <system-out>${xml(saidOf(report))}</system-out>`,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** How far it can be trusted, and what was counted. */
function saidOf(report: CheckReport): string {
  const {before, after} = familyParts(report);
  return [before, ...after, howSeen(report), ...report.notes].filter(Boolean).join(' ');
}

function testcase(result: Result): string[] {
  const {rule, verdict, process} = result;
  const whose = process ? `, ${process.name} (pid ${process.pid})` : '';
  const begin = `    <testcase classname="memmap.check" name="${xml(rule.text + whose)}" time="0">`;
  const sentence = xml(resultSentence(result));
  const tag = verdict === 'broken' ? 'failure' : 'error';
  const inside =
    verdict === 'ok'
      ? `<system-out>${sentence}</system-out>`
      : `<${tag} message="${sentence}" type="${xml(verdict)}">${sentence}</${tag}>`;
  return [begin, `      ${inside}`, '    </testcase>'];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** `safe` has taken out the characters that XML 1.0 can't hold. */
const xml = (text: string): string => safe(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/**
 * The document `memmap.check/1`: times in ms since the beginning, amounts in bytes (or things), slopes in bytes a
 * second.
 */
function checkJSON(report: CheckReport): Record<string, unknown> {
  const {command, target, end, looks, ms, interval, beforeEnd, results, notes, family, host} = report;
  return {
    schema: 'memmap.check/1',
    command,
    target,
    end: end && endJSON(end),
    ok: results.every(({verdict}) => verdict === 'ok'),
    looks,
    ms: Math.round(ms),
    interval,
    beforeEnd: beforeEnd === undefined ? undefined : Math.round(beforeEnd),
    results: results.map(resultJSON),
    family: family && familyJSON(family),
    host: host && {...host, stallMs: Math.round(host.stallMs * 1000) / 1000},
    notes: notes.length > 0 ? notes : undefined,
  };
}

function resultJSON(result: Result): Record<string, unknown> {
  const {rule, verdict, measured, at, isExact, slope, detail, family, process, unmeasured} = result;
  return {
    rule: rule.text,
    is: rule.is,
    verdict,
    measured,
    limit: rule.is === 'max' ? rule.limit : undefined,
    margin: marginOf(result),
    at: at === undefined ? undefined : Math.round(at),
    exact: isExact,
    family,
    process,
    unmeasured,
    slope: slope && {perSecond: slope.slope * 1000, low: slope.low * 1000, high: slope.high * 1000},
    detail,
  };
}

export const FORMATS = ['text', 'github', 'junit', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** Splits the words of a call at the first `--`: what follows is the command. */
export function splitCheck(words: readonly string[]): {own: string[]; command: readonly string[] | undefined} {
  const dashes = words.indexOf('--');
  return dashes < 0
    ? {own: [...words], command: undefined}
    : {own: words.slice(0, dashes), command: words.slice(dashes + 1)};
}

/** @throws Trouble `usage` unless there is a target or a command, but not both */
export function requireOne(target: string | undefined, command: readonly string[] | undefined, isAll: boolean): void {
  const isCommand = command !== undefined && command.length > 0;
  if (isAll && target === undefined && command === undefined) return;
  if (isAll)
    throw new Trouble({
      kind: 'usage',
      what: 'It is not clear what to check.',
      why: `--all is all processes, and ${target === undefined ? 'a command follows --' : `"${target}" is a target`}.`,
      next: 'Give one of them: memmap check --all --no rwx, or memmap check --no rwx 4242',
    });
  if ((target !== undefined) !== isCommand) return;
  const why = isCommand
    ? `"${target}" is a target, and a command follows --.`
    : 'neither a target nor a command was given.';
  throw new Trouble({
    kind: 'usage',
    what: 'It is not clear what to check.',
    why,
    next: 'Give one of the two: memmap check --max heap=64M 4242, or memmap check --max heap=64M -- ls -l',
  });
}

export function formatReport(report: CheckReport, format: Format, width: number | undefined): string {
  if (format === 'json') return jsonDocument(checkJSON(report));
  if (format === 'github') return renderCheckGithub(report);
  return format === 'junit' ? renderCheckJunit(report) : renderCheck(report, {width});
}

/**
 * What a check ends with: 1 if a rule is broken; else the command's own code, if it failed; else 5 if a rule could not
 * be measured, or not all of a file was understood.
 */
export function codeOfCheck({results}: CheckReport, commandCode = 0, isWhole = true): number {
  if (results.some(({verdict}) => verdict === 'broken')) return EXIT.no;
  if (commandCode !== 0) return commandCode;
  return isWhole && results.every(({verdict}) => verdict === 'ok') ? EXIT.done : EXIT.incomplete;
}
