import {readFileSync} from 'node:fs';
import {type GroupRule, isCount, type Lint, LINTS, type ProcessRule, type Subject} from './rules.ts';
import {findGroupMeasure, GROUP_MEASURES, isGroupCount} from '../../model/group/sample.ts';
import {nearest} from '../../text/nearest.ts';
import {KINDS, type Kind} from '../../model/kind.ts';
import {findMeasure, MEASURE_KEYS} from '../../model/measures.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {parseSize} from '../../shell/values.ts';
import {measureAmong, nearestName} from '../../text/measures.ts';

/** Rules as flags give them. */
interface RuleFlags {
  readonly max: readonly string[] | undefined;
  readonly 'max-regions': string | undefined;
  readonly no: readonly string[] | undefined;
  readonly 'no-growth': readonly string[] | undefined;
  readonly rules: readonly string[] | undefined;
}

/** Reads one rule. @param where put in front of a complaint */
type Parse<Each> = (text: string, where?: string) => Each;

/** @throws Trouble `usage` for a rule that isn't one; `input` for a file that can't be read */
export const rulesOf = (flags: RuleFlags): ProcessRule[] => readAll(flags, parseRule);

/** The same for rules about a group. */
export const groupRulesOf = (flags: RuleFlags): GroupRule[] => readAll(flags, parseGroupRule);

function readAll<Each>(flags: RuleFlags, parse: Parse<Each>): Each[] {
  const rules = [
    ...(flags.max ?? []).map((value) => parse(`max ${value}`)),
    ...(flags['max-regions'] === undefined ? [] : [parse(`max-regions ${flags['max-regions']}`)]),
    ...(flags.no ?? []).map((value) => parse(`no ${value}`)),
    ...(flags['no-growth'] ?? []).map((value) => parse(`no-growth ${value}`)),
    ...(flags.rules ?? []).flatMap((path) => readRules(path, parse)),
  ];
  if (rules.length > 0) return rules;
  throw new Trouble({
    kind: 'usage',
    what: 'No rule was given.',
    why: 'memmap check compares a process with rules.',
    next: 'For example: memmap check --max heap=64M --no rwx PID',
  });
}

function readRules<Each>(path: string, parse: Parse<Each>): Each[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Trouble({
      kind: 'input',
      what: `Cannot read the rules in ${path}.`,
      why: errnoOf(error) === 'ENOENT' ? 'there is no such file.' : `${(error as Error).message}.`,
      next: 'Give a file with one rule a line, such as: max heap=64M',
    });
  }
  return text.split('\n').flatMap((line, index) => {
    const rule = line.replace(/(^|\s)#.*$/, '').trim();
    return rule === '' ? [] : [parse(rule, `${path}, line ${index + 1}: `)];
  });
}

/**
 * Reads a rule: the words of a flag without its dashes, such as `max heap=64M`, `no rwx`, `no-growth heap`.
 *
 * @param where put in front of a complaint: the file and line
 * @throws Trouble `usage`
 */
export const parseRule: Parse<ProcessRule> = (text, where = '') => read(READERS, text, where, 'a rule', EXAMPLES);

/** The same for a rule about a group. @throws Trouble `usage` */
export const parseGroupRule: Parse<GroupRule> = (text, where = '') =>
  read(GROUP_READERS, text, where, 'a rule about a group', GROUP_EXAMPLES);

function read<Each extends {readonly is: string}>(
  readers: Readonly<Record<string, (value: string) => Each | Fault>>,
  text: string,
  where: string,
  what: string,
  examples: string,
): Each {
  const [, word = '', value = ''] = /^(\S+)[\s=]+(.*)$/s.exec(text) ?? [];
  const rule = Object.hasOwn(readers, word)
    ? readers[word]!(value.trim())
    : {why: `${what} begins with ${Object.keys(readers).join(', ')}.`};
  if ('is' in rule) return rule;
  const next = rule.near === undefined ? examples : `Did you mean: ${rule.near}`;
  throw new Trouble({kind: 'usage', what: `${where}"${text}" is not ${what}.`, why: rule.why, next});
}

const EXAMPLES = 'For example: max heap=64M, max rss=200M, max-regions 2000, no rwx, no-growth heap';

/** Why a text is not a rule, and the name that may have been meant. */
interface Fault {
  readonly why: string;
  readonly near?: string | undefined;
}

const READERS: Readonly<Record<string, (value: string) => ProcessRule | Fault>> = {
  max: readMax,
  'max-regions': (value) => readMax(`regions=${value}`),
  no: (value) =>
    isLint(value)
      ? {is: 'no', text: `no ${value}`, lint: value}
      : {
          why: `after "no" comes one of ${Object.keys(LINTS).join(', ')}, or a kind: ${KINDS.join(', ')}.`,
          near: nearestName(value, [], [...Object.keys(LINTS), ...KINDS]),
        },
  'no-growth': (value) => {
    if (isKind(value)) return {is: 'no-growth', text: `no-growth ${value}`, of: value};
    const name = value === 'total' ? value : measureAmong(value, ['rss']);
    return name === undefined
      ? {
          why: `after "no-growth" comes rss, for the whole process, or a kind: ${KINDS.join(', ')}.`,
          near: nearestName(value, ['rss'], KINDS),
        }
      : {is: 'no-growth', text: `no-growth ${name}`, of: 'total'};
  },
};

const GROUP_EXAMPLES = 'For example: max usage=1G, max pss=200M, max processes=50, no-growth usage';

const GROUP_READERS: Readonly<Record<string, (value: string) => GroupRule | Fault>> = {
  max: (value) => {
    const [, name, limit] = /^([^=]+?)\s*=\s*(.+)$/.exec(value) ?? [];
    if (name === undefined || limit === undefined) return {why: 'it must be a name, = and a number.'};
    const measure = findGroupMeasure(name);
    if (measure === undefined) return unknownOfGroup(name);
    const number = limitOf(limit, isGroupCount(measure) ? 'things' : undefined);
    if (typeof number === 'string') return {why: number};
    const text = `max ${measure}=${limit.replace(/\s/g, '')}`;
    return {is: 'max', text, subject: {of: 'group', measure}, limit: number};
  },
  'no-growth': (value) => {
    const measure = findGroupMeasure(value);
    return measure === undefined ? unknownOfGroup(value) : {is: 'no-growth', text: `no-growth ${measure}`, of: measure};
  },
};

/** Kinds and regions are those of a process. */
const unknownOfGroup = (name: string): Fault => ({
  why: `"${name}" is not a measure of a group: ${GROUP_MEASURES.join(', ')}.`,
  near: nearest(name, GROUP_MEASURES),
});

function readMax(value: string): ProcessRule | Fault {
  const match = /^([^.=]+?)(?:\.([^=]+?))?\s*=\s*(.+)$/.exec(value);
  if (!match) return {why: 'it must be a name, = and a number.'};
  const [, name, measure, limit] = match as unknown as [string, string, string | undefined, string];
  const subject = subjectOf(name, measure);
  if ('why' in subject) return subject;
  const number = limitOf(limit, isCount(subject.measure) ? subject.measure : undefined);
  if (typeof number === 'string') return {why: number};
  return {is: 'max', text: `max ${nameOf(subject, measure)}=${limit.replace(/\s/g, '')}`, subject, limit: number};
}

/** A rule's text: measures have the names that are used everywhere, however they were spelled. */
function nameOf({of, measure}: Subject, said: string | undefined): string {
  if (of !== 'total') return said === undefined ? of : `${of}.${measure}`;
  return isKind(measure) ? `total.${measure}` : measure;
}

/** The measures that a kind has. */
const KIND_MEASURES = MEASURE_KEYS.filter((key) => key !== 'threads');

/** A kind comes before a measure of that name: `shared` is the kind, and `total.shared` the measure. */
function subjectOf(name: string, said: string | undefined): Subject | Fault {
  if (!isKind(name)) {
    const total = name === 'total' ? said : said === undefined ? name : undefined;
    const measure = total === undefined ? undefined : findMeasure(total)?.key;
    if (measure !== undefined) return {of: 'total', measure};
    const what = total ?? name;
    const why = `"${what}" is neither a total (${MEASURE_KEYS.join(', ')}) nor a kind (${KINDS.join(', ')}).`;
    return {why, near: nearestName(what, MEASURE_KEYS, KINDS)};
  }
  const measure = said === undefined ? 'size' : measureAmong(said, KIND_MEASURES);
  if (measure !== undefined) return {of: name, measure};
  const why = `"${said}" is not a measure of a kind: ${KIND_MEASURES.join(', ')}.`;
  return {why, near: nearestName(said!, KIND_MEASURES)};
}

/** @param things what is counted; undefined: bytes @returns why it is not a limit */
function limitOf(text: string, things: string | undefined): number | string {
  if (things !== undefined)
    return /^\d+$/.test(text.trim()) ? exact(Number(text)) : `"${text}" is not a number of ${things}.`;
  try {
    return exact(parseSize(text));
  } catch (error) {
    if (error instanceof Trouble) return `${error.message.replace(/\.$/, '')}: ${error.why}`;
    throw error;
  }
}

/** A number that JSON can hold; what is larger is not a limit. */
const exact = (limit: number): number | string =>
  limit <= Number.MAX_SAFE_INTEGER ? limit : 'the limit is larger than any memory.';

const isKind = (text: string): text is Kind => (KINDS as readonly string[]).includes(text);
const isLint = (text: string): text is Lint => Object.hasOwn(LINTS, text) || isKind(text);
