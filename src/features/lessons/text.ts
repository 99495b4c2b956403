import {type Doing, doingText} from './calls.ts';
import type {Lesson, Observed, PredictedBooks, Range, Step} from './lesson.ts';
import {writeOut} from '../../shell/output.ts';
import type {Interruption} from '../../shell/signals.ts';
import type {LessonResult, Teacher} from './teach.ts';
import type {Change} from '../../model/change.ts';
import {sizeText, deltaText} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {renderChanges, signOf} from '../../text/changes.ts';
import {renderRows, renderTable, type Cell} from '../../text/table.ts';
import {rangeText, type Region} from '../../model/region.ts';
import {paint} from '../../text/theme.ts';
import {wrapped} from '../../text/lines.ts';
import {cells, safe, shortenPath} from '../../text/safe.ts';

/**
 * Tells a lesson to a person, as it happens: the memory, what is about to be done, what changed, and why.
 *
 * @param pause called before each step
 */
export function storyteller(lesson: Lesson, width: number | undefined, pause?: () => Promise<void>): Teacher {
  const tell = (...paragraphs: readonly string[]): Promise<void> => writeOut(paragraphs.join('\n'));
  let number = 0;
  return {
    start: (pid, snapshot) =>
      tell(heading(lesson.title), prose(lesson.about, width), `pid: ${pid}\n`, renderAnatomy(snapshot, width)),
    async before(step) {
      const whose = step.watch === 'child' ? ' (for the child)' : '';
      await tell(
        '',
        stepHeading(`Step ${++number}. ${step.title}:`, step.call, width),
        prose(step.about, width),
        renderPrediction(step, whose, width),
      );
      await pause?.();
    },
    after: ({step, observed, ok, unsupported}) =>
      tell(
        `Answer:      ${observed.result}\n`,
        renderObserved(
          observed.changes,
          {
            ok,
            unsupported,
            moved: step.drift && observed.drift['privateDirty'],
            doings: observed.doings,
            books: booksText(observed),
          },
          width,
        ),
        ...(unsupported === undefined ? [prose(step.why(observed), width)] : []),
      ),
  };
}

export const epilogue = ({lesson, steps, unsupported}: LessonResult, width?: number): string =>
  `\n${renderVerdict(
    steps.map(({ok}) => ok),
    unsupported,
    width,
  )}\n\nFurther reading:\n${lesson.further
    .flatMap((line) => wrapped(line, width && width - 2, '  '))
    .map((line) => `  ${line}\n`)
    .join('')}`;

/** Waits for Enter, where a person can press it. */
export async function waitForEnter(interrupted: Interruption): Promise<void> {
  if (!process.stdin.isTTY) return;
  await writeOut('[Enter]');
  await new Promise<void>((resolve) => {
    process.stdin.once('data', () => resolve());
    interrupted.signal.addEventListener('abort', () => resolve(), {once: true});
    process.stdin.resume();
  });
  process.stdin.pause();
}

/** Keeps the helper waiting, to be looked at from elsewhere: until Enter, or without a terminal until a signal. */
export async function keepWaiting(pid: number, interrupted: Interruption): Promise<void> {
  await writeOut(
    `\nThe helper waits, as process ${pid}. Look at it from another terminal:\n\n  memmap show ${pid}\n  ` +
      `memmap watch ${pid}\n\nEnter, or Ctrl-C, ends it.\n`,
  );
  if (process.stdin.isTTY) return waitForEnter(interrupted);
  if (interrupted.signal.aborted) return;
  const alive = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => interrupted.signal.addEventListener('abort', () => resolve(), {once: true}));
  clearInterval(alive);
}

/** The greatest width of prose, in columns, whatever the terminal. */
const PROSE = 88;

/** Paragraphs, wrapped at blanks, with an empty line after each. Indented ones are kept as they are, line by line. */
function prose(paragraphs: readonly string[], width = PROSE): string {
  const isVerbatim = (index: number): boolean => paragraphs[index]?.startsWith('    ') === true;
  return paragraphs
    .map((paragraph, index) => {
      if (!isVerbatim(index))
        return `${wrapped(paragraph, Math.min(width, PROSE)).join('\n')}\n${index < paragraphs.length - 1 ? '\n' : ''}`;
      const isLast = index === paragraphs.length - 1;
      return `${verbatim(safe(paragraph.trimEnd()), width)}\n${isVerbatim(index + 1) || isLast ? '' : '\n'}`;
    })
    .join('');
}

const heading = (text: string): string => `${paint('title', text)}\n`;

/** `Step 1. Ask for one page:  brk(brk(0) + 4096)`; the call is below where it is too long for that. */
function stepHeading(title: string, call: string, width: number | undefined): string {
  const line = `${title}  ${call}`;
  if (cells(line) <= (width ?? Infinity)) return heading(line);
  return [title, ...wrapped(call, width && width - 8, '  ').map((part) => `    ${part}`)].map(heading).join('');
}

/** A line of a listing. The kernel fills it up with blanks before the name, for which a narrow terminal has no room. */
function verbatim(line: string, width: number): string {
  const [, fields = '', name = ''] = / {4,}(?=[/[])/.test(line) ? line.split(/^(.*?\S) {4,}(?=[/[])/) : [];
  if (cells(line) <= width || name === '') return line;
  return `${fields}  ${shortenPath(name, width - cells(fields) - 2)}`;
}

/** A small program's regions, each with a few words on what it is. */
function renderAnatomy(snapshot: Snapshot, width?: number): string {
  const columns = [
    {title: 'range'},
    {title: 'perms'},
    {title: 'resident', align: 'right'},
    {title: 'name'},
    {title: 'what it is', gives: 'wrap'},
  ] as const;
  const rows = snapshot.regions.map((region): Cell[] => [
    {text: rangeText(region)},
    {text: region.perms},
    {text: region.usage?.rss === undefined ? '' : sizeText(region.usage.rss)},
    {text: safe(region.name.split('/').at(-1)!)},
    {text: WORDS[region.kind]?.(region) ?? region.kind, role: 'quiet'},
  ]);
  return `${renderRows(columns, rows, width).join('\n')}\n`;
}

/** What a region of a small static program is, by its kind. */
const WORDS: Readonly<Record<string, (region: Region) => string>> = {
  rodata: (region) =>
    region.offset === 0 ? 'the ELF header: how the file is to be loaded' : 'constants: may be read, never changed',
  text: () => 'the code: may be read and executed, never changed',
  data: () => 'variables with an initial value, copied from the file when written to',
  bss: () => 'variables that start as 0: no file backs them',
  relro: () => 'what the loader filled in and then made read-only',
  anon: () => 'memory that no file backs',
  heap: () => 'memory between where the break began and where it is now',
  stack: () => "the stack: the program's arguments and its calls; it grows downwards on its own",
  vvar: () => "the kernel's clock data, which the vdso reads",
  vdso: () => 'kernel code that runs without a system call',
  vsyscall: () => 'the old form of the vdso, the same in every process',
};

/** `+128 KiB to +256 KiB` */
export const rangeOfSizes = ([least, most]: Range, text: (bytes: number) => string): string =>
  `${text(least)} to ${text(most)}`;

/** What is predicted, in one line. */
function renderPrediction(
  {expected, drift, books}: Pick<Step, 'expected' | 'drift' | 'books'>,
  whose = '',
  width?: number,
): string {
  const parts = expected.map(({kind, name, size, rss, sizeWithin, rssWithin}) => {
    const amounts = [
      size && deltaText(size),
      sizeWithin && rangeOfSizes(sizeWithin, deltaText),
      rss !== undefined && `${rss === 0 ? '0' : deltaText(rss)} resident`,
      rssWithin && `${rangeOfSizes(rssWithin, deltaText)} resident`,
    ];
    return [`${signOf(kind)} ${kind}`, name, ...amounts].filter(Boolean).join('  ');
  });
  const split = drift && `private dirty ${deltaText(drift.privateDirty)} or more`;
  const nothing = drift ? 'no region changes' : 'nothing is mapped, unmapped or changed';
  const by = expected.flatMap((each) => each.by ?? []);
  const below = [...by.map((doing) => madeText(doing, by.length > 1)), ...(books ? [predictedBooks(books)] : [])];
  const lines = below
    .flatMap((text) => wrapped(text, width && width - 13))
    .map((line) => `${' '.repeat(13)}${line}\n`)
    .join('');
  const head = `Prediction${whose}:  `;
  const all = [parts.join(';  ') || nothing, split].filter(Boolean).join(';  ');
  if (cells(head + all) <= (width ?? Infinity)) return `${head}${all}\n${lines}`;
  const [first, ...rest] = wrapped(all, width! - 13);
  return `${head}${first}\n${rest.map((line) => `${' '.repeat(13)}${line}\n`).join('')}${lines}`;
}

const predictedBooks = ({freeWithin, trimWithin}: PredictedBooks): string =>
  [
    `malloc's books: ${rangeOfSizes(freeWithin, sizeText)} free`,
    trimWithin && `trim ${rangeOfSizes(trimWithin, sizeText)}`,
  ]
    .filter(Boolean)
    .join(', ');

/** What malloc's books say; undefined if nobody asked, and nothing where they could not be read: then that is said. */
const booksText = ({books}: Observed): string | undefined =>
  typeof books === 'object' ? `malloc's books: ${books.sentence}` : undefined;

/** `by mmap: read_body ← handle_request`; with its bytes where it is one of several. */
const madeText = (doing: Doing, isOne: boolean): string =>
  `${isOne ? `${sizeText(doing.bytes)} ` : ''}by ${doingText(doing)}`;

/** What was seen, and whether it is what was predicted. */
function renderObserved(
  changes: readonly Change[],
  {
    ok,
    unsupported,
    moved,
    books,
    doings,
  }: {
    readonly ok: boolean;
    readonly unsupported?: string | undefined;
    readonly moved?: number | undefined;
    readonly books?: string | undefined;
    readonly doings?: Observed['doings'];
  },
  width?: number,
): string {
  const below = (change: Change): string | undefined => {
    const made = typeof doings === 'object' ? (doings.get(change) ?? []) : [];
    return made.length > 0 ? made.map((doing) => madeText(doing, made.length > 1)).join('; ') : undefined;
  };
  const split = moved ? ` Private dirty ${deltaText(moved)}.` : '';
  const seen = changes.length === 0 ? [`No region changed.${split}`] : renderChanges(changes, {width, below});
  const verdict = ok ? paint('good', 'As predicted.') : paint('bad', 'Not as predicted.');
  const words = unsupported === undefined ? verdict : refusalText("This can't be shown here", unsupported, width);
  const said = books === undefined ? '' : `\n${wrapped(books, Math.min(width ?? PROSE, PROSE)).join('\n')}\n`;
  return `${seen.join('\n')}\n${said}\n${words}\n`;
}

const refusalText = (what: string, why: string, width?: number): string =>
  wrapped(`${what}: ${why}.`, width)
    .map((line) => paint('change', line))
    .join('\n');

/** How a lesson ended. */
function renderVerdict(steps: readonly boolean[], unsupported: string | undefined, width?: number): string {
  if (unsupported !== undefined) return refusalText('Not supported here', unsupported, width);
  const wrong = steps.filter((ok) => !ok).length;
  if (wrong === 0)
    return paint(
      'good',
      steps.length === 1
        ? 'The kernel agreed with the prediction.'
        : `The kernel agreed with all ${steps.length} predictions.`,
    );
  return paint('bad', `${wrong} of ${steps.length} predictions did not come true on this kernel.`);
}

/** The lessons there are, by what they teach. */
export function renderLessons(lessons: ReadonlyArray<{name: string; teaches: string}>, width?: number): string {
  const rows = lessons.map(({name, teaches}): Cell[] => [{text: name, role: 'title'}, {text: teaches}]);
  const table = renderTable([{title: 'lesson'}, {title: 'what it teaches', gives: 'wrap'}], rows, width);
  return `${table.join('\n')}\n\nRun one with: memmap demo ${lessons[0]?.name ?? ''}\n`;
}
