import {deltaText, durationText, sizeText} from '../../model/amounts.ts';
import {chooseRegions, isAll, type Choice} from '../../model/choose.ts';
import type {FamilySample} from '../../model/kin/kin.ts';
import {MEASURES} from '../../model/measures.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {totalsByKind} from '../../model/totals.ts';
import {rateOf, Thinned} from '../../history/rate.ts';
import {hasUsage} from '../../history/seen.ts';
import {familyNow} from '../../text/process/kin.ts';
import {wrapLines} from '../../text/lines.ts';
import {exactRateText} from '../../text/rate.ts';
import {cells, safe} from '../../text/safe.ts';
import {paint} from '../../text/theme.ts';
import type {EndEvent, LookEvent, WatchEvent} from './events.ts';
import {endLine} from './text.ts';

/** At most this many samples are kept, evenly spread over the whole time: enough for a rate. */
const MOST_SAMPLES = 1024;

/** At most this many kinds are named. */
const MOST_KINDS = 3;

/** Bytes by kind. */
type ByKind = ReadonlyMap<string, number>;

/** What is known of one sample. */
type Sample = Pick<LookEvent, 'snapshot' | 'status' | 't'>;

/** A reading of smaps. */
interface Reading {
  readonly t: number;
  readonly resident: ByKind;
}

/**
 * What a watch comes to: what grew, by how much, in how long, how fast; the peak; what it cost. After an exec it begins
 * again, since the memory of the program before says nothing of the one that runs now.
 */
export class Summary {
  readonly #choice: Choice;
  /** The first sample, of which only this is kept: a snapshot may have 60,000 regions. */
  #first: {readonly t: number; readonly resident: number | undefined; readonly sizes: ByKind} | undefined;
  #last: Sample | undefined;
  #firstReading: Reading | undefined;
  #lastReading: Reading | undefined;
  #samples = new Thinned(MOST_SAMPLES);
  #family: FamilySample | undefined;
  #isSinceExec = false;
  #hasExited = false;

  /** @param choice the regions of which it says what grew */
  constructor(choice: Choice) {
    this.#choice = choice;
  }

  add(event: WatchEvent): void {
    if (event.event === 'exit') this.#hasExited = true;
    if (event.event === 'start' || event.event === 'exec') this.#begin(event);
    if ('snapshot' in event) this.#see(event);
    if ('family' in event) this.#family = event.family ?? this.#family;
  }

  /**
   * @param width columns of the terminal; undefined: sentences are not wrapped
   * @returns three to six lines, if the terminal has 80 columns; with a family one or two more
   */
  lines(end: EndEvent, width: number | undefined): string[] {
    const [first, last] = [this.#first, this.#last];
    const set = (sentence: string): string[] => (width === undefined ? [sentence] : wrapLines(sentence, width));
    const cost = set(endLine(samplesOf(end), end.reason, end.cost, end.familyCost));
    if (!first || !last) return cost;
    return [
      ...set(this.#resident(first, last)).map((line) => paint('title', line)),
      ...set(this.#kinds(first.sizes, last, width)),
      ...(this.#family ? set(`Family: ${familyNow(this.#family)}.`) : []),
      ...cost,
    ];
  }

  #begin(event: Extract<WatchEvent, {event: 'start' | 'exec'}>): void {
    this.#isSinceExec = event.event === 'exec';
    this.#first = {t: event.t, resident: residentOf(event), sizes: this.#byKind(event.snapshot, 'size')};
    this.#last = this.#firstReading = this.#lastReading = undefined;
    this.#samples = new Thinned(MOST_SAMPLES);
  }

  #see({snapshot, status, t}: Sample): void {
    const isNew = snapshot !== this.#last?.snapshot;
    this.#last = {snapshot, status, t};
    const resident = residentOf(this.#last);
    if (resident !== undefined) this.#samples.add(t, resident);
    if (!isNew || !hasUsage(snapshot)) return;
    this.#lastReading = {t, resident: this.#byKind(snapshot, 'rss')};
    this.#firstReading ??= this.#lastReading;
  }

  #byKind(snapshot: Snapshot, measure: 'size' | 'rss'): ByKind {
    const choice = this.#choice;
    const totals = totalsByKind(isAll(choice) ? snapshot.table : chooseRegions(snapshot.regions, choice));
    return new Map([...totals].map(([kind, sums]) => [kind, MEASURES[measure].ofTotals(sums) ?? 0]));
  }

  /** How much resident memory there was at first and at last. */
  #resident(first: {readonly t: number; readonly resident: number | undefined}, last: Sample): string {
    const {pid, comm = ''} = last.snapshot.process;
    const who = `${safe(String(last.status['name'] ?? comm))} (pid ${pid})`;
    const within = `in ${durationText(last.t - first.t)}${this.#isSinceExec ? ', since exec' : ''}`;
    const [from, to] = [first.resident, residentOf(last)];
    if (from === undefined || to === undefined) return `${who}: resident memory is not known.`;
    const rate = rateOf(this.#samples.points);
    const fast = rate === undefined ? '' : `, ${exactRateText(rate)}`;
    const change =
      to === from
        ? `resident memory is ${sizeText(to)}, the same as ${durationText(last.t - first.t)} earlier`
        : `resident memory ${to > from ? 'grew' : 'shrank'} by ${sizeText(Math.abs(to - from))} ${within}${fast}: ` +
          `from ${sizeText(from)} to ${sizeText(to)}`;
    return `${who}: ${change}${this.#peak(last)}.`;
  }

  /** The highest since the program began; after its last sample it may have become higher. */
  #peak({status}: Sample): string {
    const peak = MEASURES.rss.peakOfStatus(status);
    return peak === undefined ? '' : `; peak ${this.#hasExited ? 'at least ' : ''}${sizeText(peak)}`;
  }

  /** What it was that grew: resident memory, where smaps was read more than once, or else addresses. */
  #kinds(sizes: ByKind, last: Sample, width: number | undefined): string {
    const of = isAll(this.#choice) ? '' : ' of the chosen regions';
    const [from, to] = [this.#firstReading, this.#lastReading];
    if (!from || !to || to === from)
      return movesText(`Size by kind${of}`, sizes, this.#byKind(last.snapshot, 'size'), width);
    const age = last.t - to.t;
    const when = age < OLD ? '' : `, ${durationText(age)} earlier`;
    return movesText(`Resident by kind${of}${when}`, from.resident, to.resident, width);
  }
}

/** ms. A reading that is older than this is not of the last sample. */
const OLD = 100;

/** What status says at each sample, or else what smaps adds up to. */
const residentOf = ({status, snapshot}: Pick<Sample, 'status' | 'snapshot'>): number | undefined =>
  MEASURES.rss.ofStatus(status) ?? MEASURES.rss.ofTotals(snapshot.totals);

/**
 * `Resident by kind: heap +20.1 MiB, anon +15.5 MiB.` If some grew, those; else those that shrank; as many as fit into
 * a line.
 */
function movesText(title: string, before: ByKind, after: ByKind, width = Infinity): string {
  const moves = [...new Set([...before.keys(), ...after.keys()])]
    .map((kind) => ({kind, bytes: (after.get(kind) ?? 0) - (before.get(kind) ?? 0)}))
    .filter(({bytes}) => bytes !== 0)
    .sort((a, b) => b.bytes - a.bytes);
  const grown = moves.filter(({bytes}) => bytes > 0);
  const all = grown.length > 0 ? grown : moves.toReversed();
  if (all.length === 0) return `${title}: each kind has as much as at first.`;
  const text = (count: number): string => {
    const more = all.length - count;
    const list = all.slice(0, count).map(({kind, bytes}) => `${kind} ${deltaText(bytes)}`);
    return `${title}: ${list.join(', ')}${more > 0 ? `, ${more} more` : ''}.`;
  };
  let count = Math.min(MOST_KINDS, all.length);
  while (count > 1 && cells(text(count)) > width) count--;
  return text(count);
}

/** The first sample has the number 0; the end of the process is counted, and is none. */
const samplesOf = ({tick, reason}: EndEvent): number => (reason === 'exit' ? tick : tick + 1);
