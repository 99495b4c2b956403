import {counted, deltaText, durationText, sizeText} from '../../model/amounts.ts';
import {kinAmount, kinKey, kinSum, type FamilySample} from '../../model/kin/kin.ts';
import {KinPeaks} from '../../model/kin/peaks.ts';
import {familyGaps, familySize, kinName} from '../../text/process/kin.ts';

/** An amount over time: ms, bytes, ms, bytes, …; null where it is not known, or the process is not there. */
type Line = ReadonlyArray<number | null>;

/** A member as the report draws it. */
interface ReportMember {
  readonly pid: number;
  readonly comm: string;
  /** ms: when samples first and last saw it. */
  readonly from: number;
  readonly to: number;
  /** Bytes: the most that it had; null if that was never read. */
  readonly rss: number;
  readonly pss: number | null;
  readonly privateDirty: number | null;
  /** Resident memory over time. */
  readonly line: Line;
}

/** A process and its descendants over the time of a recording. */
export interface ReportFamily {
  readonly processes: number;
  readonly seen: number;
  /** Resident memory and PSS of all, added up. */
  readonly rss: Line;
  readonly pss: Line;
  /** The largest ones. */
  readonly members: readonly ReportMember[];
}

/** At most this many samples are drawn, of neighbours the one with the most memory; and this many members. */
const MOST_SAMPLES = 600;
const MOST_MEMBERS = 20;

/** Collects the samples of a family, in order. */
export class FamilyKeeper {
  readonly #peaks = new KinPeaks();
  readonly #samples: FamilySample[] = [];
  #first: number | undefined;
  #peak = {value: 0, t: 0};
  #least = 0;

  /** @param t of the look, in ms */
  add(t: number, family: FamilySample | undefined): void {
    if (!family) return;
    const sample = {...family, t};
    this.#peaks.add(sample);
    const {least} = kinSum(sample, 'rss');
    this.#first ??= least;
    this.#least = least;
    if (least > this.#peak.value) this.#peak = {value: least, t};
    this.#samples.push(sample);
    if (this.#samples.length >= 2 * MOST_SAMPLES) this.#thin();
  }

  /** @returns undefined if no family was recorded, or it was the first process alone */
  get family(): ReportFamily | undefined {
    const {isFamily, most, last} = this.#peaks;
    if (!isFamily || !last) return undefined;
    return {
      processes: most,
      seen: last.seen,
      rss: this.#samples.flatMap((sample) => [sample.t, kinSum(sample, 'rss').total ?? null]),
      pss: this.#samples.flatMap((sample) => [sample.t, kinSum(sample, 'pss').total ?? null]),
      members: this.#peaks
        .lives('rss')
        .slice(0, MOST_MEMBERS)
        .map(({kin, peaks, from, to}) => ({
          pid: kin.pid,
          comm: kin.comm,
          from,
          to,
          rss: peaks.rss ?? 0,
          pss: peaks.pss ?? null,
          privateDirty: peaks.privateDirty ?? null,
          line: this.#lineOf(kinKey(kin)),
        })),
    };
  }

  /** What happened to the family, in sentences; none where there was none. */
  sentences(): string[] {
    if (!this.#peaks.isFamily || this.#first === undefined) return [];
    const {value, t} = this.#peak;
    const pss = this.#peaks.peak('pss')!;
    const members = this.#peaks
      .lives('rss')
      .slice(0, 3)
      .map(({kin, peaks}) => `${kinName(kin)} ${sizeText(peaks.rss ?? 0)}`);
    const shared = pss.value > 0 && pss.most === pss.value ? `; its PSS, ${sizeText(pss.value)} at most` : '';
    return [
      `Its family, ${familySize(this.#peaks)}, went from ${sizeText(this.#first)} to ` +
        `${sizeText(this.#least)} resident, ` +
        `added up (${deltaText(this.#least - this.#first)}); its peak was ${sizeText(value)}, after ` +
        `${durationText(t)}${shared}. The ${counted(members.length, 'largest', 'largest')}: ${members.join(', ')}.`,
    ];
  }

  notes(): string[] {
    return this.#peaks.isFamily ? familyGaps(this.#peaks) : [];
  }

  #lineOf(key: string): Line {
    return this.#samples.flatMap(({t, members}) => {
      const kin = members.find((member) => kinKey(member) === key);
      return [t, (kin && kinAmount(kin, 'rss')) ?? null];
    });
  }

  #thin(): void {
    const kept = this.#samples.filter((sample, at) => {
      const other = this.#samples[at ^ 1];
      const [own, its] = [kinSum(sample, 'rss').least, other ? kinSum(other, 'rss').least : -1];
      return own > its || (own === its && at % 2 === 0);
    });
    this.#samples.splice(0, this.#samples.length, ...kept);
  }
}
