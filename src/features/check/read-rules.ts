import {readFileSync} from 'node:fs';
import {COUNTERS, isCount, type Lint, LINTS, type Rule, type Subject} from './rules.ts';
import {KINDS, type Kind} from '../../model/kind.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {parseSize} from '../../shell/values.ts';

/** Rules as flags give them. */
interface RuleFlags {
  readonly max: readonly string[] | undefined;
  readonly 'max-regions': string | undefined;
  readonly no: readonly string[] | undefined;
  readonly 'no-growth': readonly string[] | undefined;
  readonly rules: readonly string[] | undefined;
}

/** @throws Trouble `usage` for a rule that isn't one; `input` for a file that can't be read */
export function rulesOf(flags: RuleFlags): Rule[] {
  const rules = [
    ...(flags.max ?? []).map((value) => parseRule(`max ${value}`)),
    ...(flags['max-regions'] === undefined ? [] : [parseRule(`max-regions ${flags['max-regions']}`)]),
    ...(flags.no ?? []).map((value) => parseRule(`no ${value}`)),
    ...(flags['no-growth'] ?? []).map((value) => parseRule(`no-growth ${value}`)),
    ...(flags.rules ?? []).flatMap(readRules),
  ];
  if (rules.length > 0) return rules;
  throw new Trouble({
    kind: 'usage',
    what: 'No rule was given.',
    why: 'memmap check holds a process against rules.',
    next: 'For example: memmap check --max heap=64M --no rwx PID',
  });
}

function readRules(path: string): Rule[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Trouble({
      kind: 'input',
      what: `Cannot read the rules in ${path}.`,
      why: `${(error as Error).message.replace(/,.*/s, '')} (${errnoOf(error)}).`,
      next: 'Give a file with one rule a line, such as: max heap=64M',
    });
  }
  return text.split('\n').flatMap((line, index) => {
    const rule = line.replace(/(^|\s)#.*$/, '').trim();
    return rule === '' ? [] : [parseRule(rule, `${path}, line ${index + 1}: `)];
  });
}

/**
 * Reads a rule: the words of a flag without its dashes, such as `max heap=64M`, `no rwx`, `no-growth heap`.
 *
 * @param where stands before a complaint: the file and line
 * @throws Trouble `usage`
 */
export function parseRule(text: string, where = ''): Rule {
  const [, word = '', value = ''] = /^(\S+)[\s=]+(.*)$/s.exec(text) ?? [];
  const rule = Object.hasOwn(READERS, word) ? READERS[word]!(value.trim()) : undefined;
  if (typeof rule === 'object') return rule;
  const [why, next] =
    rule === undefined ? [`a rule begins with ${Object.keys(READERS).join(', ')}.`, EXAMPLES] : [rule, EXAMPLES];
  throw new Trouble({kind: 'usage', what: `${where}"${text}" is no rule.`, why, next});
}

const EXAMPLES = 'For example: max heap=64M, max rss=200M, max-regions 2000, no rwx, no-growth heap';

/** Each gives a rule, or why there is none. */
const READERS: Readonly<Record<string, (value: string) => Rule | string>> = {
  max: readMax,
  'max-regions': (value) => readMax(`regions=${value}`),
  no: (value) =>
    isLint(value)
      ? {is: 'no', text: `no ${value}`, lint: value}
      : `after "no" comes one of ${Object.keys(LINTS).join(', ')}, or a kind: ${KINDS.join(', ')}.`,
  'no-growth': (value) =>
    isKind(value)
      ? {is: 'no-growth', text: `no-growth ${value}`, of: value}
      : value === 'rss' || value === 'total'
        ? {is: 'no-growth', text: `no-growth ${value}`, of: 'total'}
        : `after "no-growth" comes rss, for the whole process, or a kind: ${KINDS.join(', ')}.`,
};

function readMax(value: string): Rule | string {
  const match = /^([\w-]+)(?:\.(\w+))?\s*=\s*(.+)$/.exec(value);
  if (!match) return 'it must be a name, = and a number.';
  const [, name, counter, limit] = match as unknown as [string, string, string | undefined, string];
  const subject = subjectOf(name, counter);
  if (typeof subject === 'string') return subject;
  const number = limitOf(limit, subject.counter);
  return typeof number === 'string'
    ? number
    : {is: 'max', text: `max ${value.replace(/\s/g, '')}`, subject, limit: number};
}

function subjectOf(name: string, counter: string | undefined): Subject | string {
  if (counter === undefined && isCounter(name)) return {of: 'total', counter: name};
  if (!isKind(name)) return `"${name}" is neither a total (${COUNTERS.join(', ')}) nor a kind (${KINDS.join(', ')}).`;
  const what = counter ?? 'size';
  return isCounter(what) && what !== 'threads'
    ? {of: name, counter: what}
    : `"${what}" is nothing that a kind has: ${COUNTERS.filter((each) => each !== 'threads').join(', ')}.`;
}

function limitOf(text: string, counter: string): number | string {
  if (isCount(counter))
    return /^\d+$/.test(text.trim()) ? exact(Number(text)) : `"${text}" is no number of ${counter}.`;
  try {
    return exact(parseSize(text));
  } catch (error) {
    if (error instanceof Trouble) return `${error.message.replace(/\.$/, '')}: ${error.why}`;
    throw error;
  }
}

/** A number that JSON can hold; what is larger is no limit. */
const exact = (limit: number): number | string =>
  limit <= Number.MAX_SAFE_INTEGER ? limit : 'the limit is larger than any memory.';

const isKind = (text: string): text is Kind => (KINDS as readonly string[]).includes(text);
const isCounter = (text: string): boolean => (COUNTERS as readonly string[]).includes(text);
const isLint = (text: string): text is Lint => Object.hasOwn(LINTS, text) || isKind(text);
