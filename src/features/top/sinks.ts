import {hangUp, type Interruption} from '../../shell/signals.ts';
import {writeOut, writePieces} from '../../shell/output.ts';
import {counted, countText, deltaText, spanText} from '../../model/amounts.ts';
import type {Grouping} from '../../model/host/processes.ts';
import {jsonLinePieces} from '../../text/json.ts';
import {wrapped} from '../../text/lines.ts';
import {safe} from '../../text/safe.ts';
import {listedOf, psJSON, type Listed, type PsOptions} from '../ps/ps.ts';
import {notesOf, renderPs} from '../ps/text.ts';
import {type OpenOptions, openProcess} from './open.ts';
import {groupItems, type Item, itemsOf, type TopPicture} from './picture.ts';
import {TopScreen} from './screen/screen.ts';
import {firstView, type Sort} from './screen/view.ts';
import {dutyOf, type Sample, type TopSink} from './top.ts';

/** What the user asked for, with an order that a table can have. */
export interface TopOptions extends Omit<PsOptions, 'sort'> {
  readonly sort: Sort;
}

/** One document `memmap.ps/1` a line and sample, whose rows have `growth`. */
export const jsonLines = (options: TopOptions): TopSink => ({
  async tell({picture}) {
    const growth = growthOf(picture, options.by);
    const listed = listedFor(picture, options);
    await writePieces(jsonLinePieces(psJSON(listed, notesOf(listed), (row) => growth.get(row))));
  },
  end: () => Promise.resolve(),
});

/** The tables of `ps`, one after the other. */
export const tables = (options: TopOptions, width: number | undefined): TopSink => ({
  async tell({picture, cost}) {
    const listed = listedFor(picture, options);
    await writeOut(`Sample ${cost.samples}, ${listed.at}\n${renderPs(listed, {width})}`);
  },
  end: (sample) => writeOut(summary(sample, options.by, width)),
});

function listedFor(picture: TopPicture, options: TopOptions): Listed {
  const {sort} = options;
  if (sort !== 'growth') return listedOf(picture.host, {...options, sort});
  const growth = growthOf(picture, options.by);
  const listed = listedOf(picture.host, {...options, sort: 'pss'});
  // Rows of groups are made again each time: they are recognised by their names.
  const of = (row: Listed['rows'][number]): number => growth.get(row) ?? 0;
  return {...listed, rows: listed.rows.toSorted((a, b) => of(b) - of(a))};
}

type Growth = {get(row: Listed['rows'][number]): number | undefined};

function growthOf(picture: TopPicture, by: Grouping | undefined): Growth {
  const keyOf = (row: Listed['rows'][number]): unknown => ('members' in row ? `group ${row.group}` : row.pid);
  const growth = new Map(items(picture, by).map((item) => [keyOf(item.row), item.growth]));
  return {get: (row) => growth.get(keyOf(row))};
}

const items = (picture: TopPicture, by: Grouping | undefined): Item[] =>
  by === undefined ? itemsOf(picture, picture.host.rows) : groupItems(picture, picture.host.rows, by);

/** A terminal: one screen, redrawn for each sample. When it is left, a summary is printed below the prompt. */
export class ScreenSink implements TopSink {
  readonly #options: TopOptions;
  readonly #inner: Omit<OpenOptions, 'signal' | 'onEnd' | 'onFailure'>;
  readonly #interruption: Interruption;
  readonly #opened: Set<number>;
  #screen: TopScreen | undefined;
  #failure: unknown;

  /** @param inner how a process is watched that is opened @param opened gets its PID for as long as it is shown */
  constructor(
    options: TopOptions,
    inner: Omit<OpenOptions, 'signal' | 'onEnd' | 'onFailure'>,
    interruption: Interruption,
    opened: Set<number>,
  ) {
    this.#opened = opened;
    this.#options = options;
    this.#inner = inner;
    this.#interruption = interruption;
  }

  tell({picture, cost}: Sample): void {
    if (this.#screen) this.#screen.show(picture, dutyOf(cost));
    else this.#open(picture);
  }

  abandon(): void {
    this.#screen?.abandon();
  }

  async end(sample: Sample | undefined): Promise<void> {
    // A process that is shown notices that everything ends.
    this.#interruption.end();
    await this.#screen?.close();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#screen?.isGone) hangUp(this.#interruption);
    await writeOut(summary(sample, this.#options.by, process.stdout.columns || 80));
  }

  #open(picture: TopPicture): void {
    const {sort, by, minSize, held} = this.#options;
    const ends = {
      signal: this.#interruption.signal,
      onEnd: this.#interruption.end,
      onFailure: (error: unknown) => {
        this.#failure ??= error;
        this.#interruption.end();
      },
    };
    this.#screen = new TopScreen(picture, {
      ...ends,
      view: firstView(sort, by, held),
      minSize,
      open: async ({row}, stage) => {
        if ('members' in row) return undefined;
        this.#opened.add(row.pid);
        try {
          return await openProcess(row, stage, {...this.#inner, ...ends});
        } finally {
          this.#opened.delete(row.pid);
        }
      },
    });
    this.#screen.open();
  }
}

/** Rows that are named for their growth. */
const MOST_NAMED = 3;

/** What is said at the end: what grew, and what sampling cost. */
function summary(sample: Sample | undefined, by: Grouping | undefined, width: number | undefined): string {
  if (!sample) return '';
  const {picture, cost} = sample;
  const grown = items(picture, by)
    .filter(({growth}) => growth > 0)
    .sort((a, b) => b.growth - a.growth)
    .slice(0, MOST_NAMED);
  const duty = dutyOf(cost);
  const share = duty === undefined ? 'that' : `that took ${(100 * duty).toFixed(1)} % of the time, and`;
  const sentences = [
    `Sampled ${counted(picture.host.rows.length, 'process', 'processes')} ${counted(cost.samples, 'time')} in ` +
      `${spanText(cost.passed)}: ${share} held up processes for ${shortText(cost.stallMs)} in all, and one for ` +
      `${shortText(cost.longestMs)} at most.`,
    ...(grown.length === 0 || picture.tick === 0
      ? []
      : [
          'Resident memory grew most in: ' +
            `${grown.map((item) => `${nameOf(item)} ${deltaText(item.growth)}`).join(', ')}.`,
        ]),
  ];
  return `${sentences.flatMap((sentence) => wrapped(sentence, width)).join('\n')}\n`;
}

const nameOf = ({row}: Item): string =>
  'members' in row
    ? `${safe(row.group ?? '(none)')} (${countText(row.members.length)})`
    : `${safe(row.name)} (pid ${row.pid})`;

const shortText = (ms: number): string =>
  ms >= 1000 ? spanText(ms) : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
