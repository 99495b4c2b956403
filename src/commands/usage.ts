import type {Command} from '@oclif/core';
import type {TroubleParts} from '../model/trouble.ts';
import {nearest} from '../text/nearest.ts';

type Parts = Omit<TroubleParts, 'kind'>;

/** What a command accepts. */
interface Accepted {
  readonly id: string;
  readonly args: Command.Class['args'];
  readonly flags: Command.Class['flags'];
}

/** What oclif's parser throws: the lists are there where its error has them. */
interface ParserError extends Error {
  readonly args?: ReadonlyArray<string | {readonly name: string; readonly description?: string}>;
  readonly flags?: readonly string[];
}

/** Is this a call that oclif's parser refused? */
export const isUsageError = (error: unknown): error is ParserError =>
  typeof error === 'object' &&
  error !== null &&
  'oclif' in error &&
  (error as {oclif?: {exit?: number}}).oclif?.exit === 2;

/** What oclif's parser says of a wrong call, as memmap says it: what is wrong, why, and what to do. */
export function usageParts(error: ParserError, accepted: Accepted): Parts {
  const {args = [], flags = [], message} = error;
  const [first = ''] = flags;
  if (first) return unknownFlag(first, accepted);
  if (args.length > 0) return message.startsWith('Missing') ? missing(args, accepted) : tooMany(args, accepted);
  const lines = plain(message)
    .split('\n')
    .map((line) => line.trim());
  for (const line of lines)
    for (const [pattern, parts] of PATTERNS) {
      const match = pattern.exec(line);
      if (match) return parts(match.groups as never, accepted);
    }
  return {what: sentence(lines.at(-1)!), why: 'this command is used in another way.', next: helpOf(accepted)};
}

/** A message without what oclif puts around it. */
export const plain = (message: string): string =>
  message
    .replace(/^Parsing --\S+ \n\t/, '')
    .replace(/\nSee more help with --help$/, '')
    .trim();

const helpOf = ({id}: Accepted): string => `memmap ${id} --help`;

const sentence = (text: string): string => `${text.replace(/[.:]$/, '')}.`;

interface Found {
  readonly flag: string;
  readonly other: string;
  readonly value: string;
  readonly values: string;
  readonly least: string;
}

function unknownFlag(flag: string, accepted: Accepted): Parts {
  const [name = ''] = flag.split('=');
  const known = Object.entries(accepted.flags)
    .filter(([, {hidden}]) => !hidden)
    .flatMap(([each, {char}]) => [`--${each}`, ...(char ? [`-${char}`] : [])]);
  const near = nearest(name, known);
  const isGiven = known.includes(name);
  return {
    what: isGiven ? `${name} takes no value.` : `There is no flag ${name}.`,
    why: isGiven ? `"${flag}" gives it one.` : `${accepted.id} has none of that name.`,
    next: isGiven || near === undefined ? helpOf(accepted) : `Did you mean: ${near}`,
  };
}

function missing(args: ParserError['args'] & object, accepted: Accepted): Parts {
  const named = args.filter((arg) => typeof arg !== 'string');
  const [first] = named;
  return {
    what: `${accepted.id} needs ${named.map(({name}) => `<${name}>`).join(' and ')}.`,
    why: first?.description ? `<${first.name}> is ${first.description}.` : 'nothing was given.',
    next: helpOf(accepted),
  };
}

function tooMany(args: ParserError['args'] & object, accepted: Accepted): Parts {
  const names = Object.keys(accepted.args).map((name) => `<${name}>`);
  const words = args.filter((arg) => typeof arg === 'string');
  return {
    what: `"${words.join(' ')}" is ${words.length === 1 ? 'one word too many' : 'too much'}.`,
    why: `${accepted.id} takes ${names.length === 0 ? 'flags only' : `only ${names.join(' and ')}`}.`,
    next: helpOf(accepted),
  };
}

function notAValue({flag, value, values}: Found, accepted: Accepted): Parts {
  const near = nearest(value, values.split(', '));
  return {
    what: `"${value}" is not a value of --${flag}.`,
    why: `it can be ${values}.`,
    next: near === undefined ? helpOf(accepted) : `Did you mean: --${flag} ${near}`,
  };
}

const notAnArgument = ({value, values}: Found, accepted: Accepted): Parts => {
  const near = nearest(value, values.split(', '));
  return {
    what: `${accepted.id} does not know "${value}".`,
    why: `it can be ${values}.`,
    next: near === undefined ? helpOf(accepted) : `Did you mean: memmap ${accepted.id} ${near}`,
  };
};

const noValue = ({flag, values}: Found, accepted: Accepted): Parts => ({
  what: `--${flag} needs a value.`,
  why: values === undefined ? 'nothing follows it, or another flag does.' : `it can be ${values}.`,
  next: helpOf(accepted),
});

const twice = ({flag}: Found, accepted: Accepted): Parts => ({
  what: `--${flag} was given twice.`,
  why: 'it has one value.',
  next: helpOf(accepted),
});

const notANumber = ({value, least}: Found, accepted: Accepted): Parts => ({
  what: `"${value}" is not a number that can be used here.`,
  why: least === undefined ? 'it must be a whole number.' : `it must be a whole number, ${least} or more.`,
  next: helpOf(accepted),
});

const notTogether = ({flag, other}: Found, accepted: Accepted): Parts => ({
  what: `--${flag} and --${other} were both given.`,
  why: 'they exclude each other.',
  next: `Leave out one of the two; ${helpOf(accepted)} says what they do.`,
});

/** What the parser says in words only. */
const PATTERNS: ReadonlyArray<readonly [RegExp, (found: Found, accepted: Accepted) => Parts]> = [
  [/^Expected --(?<flag>\S+?)=(?<value>.*) to be one of: (?<values>.*)$/, notAValue],
  [/^Expected (?<value>.*) to be one of: (?<values>.*)$/, notAnArgument],
  [/^Flag --(?<flag>\S+) expects one of these values: (?<values>.*)$/, noValue],
  [/^Flag --(?<flag>\S+) expects a value$/, noValue],
  [/^Flag --(?<flag>\S+) can only be specified once$/, twice],
  [/^Expected an integer but received: (?<value>.*)$/, notANumber],
  [/^Expected an integer greater than or equal to (?<least>\S+) but received: (?<value>.*)$/, notANumber],
  [/^--(?<flag>[^=\s]+)=?.* cannot also be provided when using --(?<other>\S+)$/, notTogether],
];
