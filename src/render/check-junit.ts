import type {CheckReport, Result} from '../check/result.ts';
import {howSeen, resultSentence} from './check-words.ts';
import {quoted} from './run.ts';
import {safe} from './safe.ts';

/** A report as test runners write it (JUnit's XML): a case for each rule; what could not be measured is an error. */
export function renderCheckJunit(report: CheckReport): string {
  const {results, ms, command, target} = report;
  const count = (verdict: Result['verdict']): number => results.filter((result) => result.verdict === verdict).length;
  const counts = `tests="${results.length}" failures="${count('broken')}" errors="${count('not measured')}" time="${(ms / 1000).toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="memmap check" ${counts}>`,
    `  <testsuite name="${xml(`memmap check: ${command?.map(quoted).join(' ') ?? target ?? ''}`)}" ${counts} skipped="0">`,
    ...results.flatMap(testcase),
    `    <system-out>${xml([howSeen(report), ...report.notes].join(' '))}</system-out>`,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testcase(result: Result): string[] {
  const {rule, verdict} = result;
  const begin = `    <testcase classname="memmap.check" name="${xml(rule.text)}" time="0">`;
  const sentence = xml(resultSentence(result));
  const tag = verdict === 'broken' ? 'failure' : 'error';
  const inside =
    verdict === 'ok'
      ? `<system-out>${sentence}</system-out>`
      : `<${tag} message="${sentence}" type="${xml(verdict)}">${sentence}</${tag}>`;
  return [begin, `      ${inside}`, '    </testcase>'];
}

const ENTITIES: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;'}; // prettier-ignore

/** `safe` has taken out the characters that XML 1.0 can't hold. */
const xml = (text: string): string => safe(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
