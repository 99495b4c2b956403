import {chargedIn} from '../../procfs/host/charged.ts';
import type {Host} from '../../procfs/host/host.ts';
import type {Family, Round} from './family.ts';
import {groupFamilies, hostFamilies} from './families.ts';
import {metricGroups, type MetricGrouping} from './groups.ts';

interface MeterOptions {
  readonly root: string;
  readonly by: MetricGrouping;
  /** Groups at most. */
  readonly maxGroups: number;
  /** memmap's own. */
  readonly version: string;
  /** ms for which runs before this one held up processes, where the count continues. */
  readonly stallMs: number;
}

/** Makes metrics of what was read, round after round. */
export class Meter {
  readonly #options: MeterOptions;
  #stallMs: number;

  constructor(options: MeterOptions) {
    this.#options = options;
    this.#stallMs = options.stallMs;
  }

  /** @param also what else is said of this run */
  roundOf(host: Host, also: readonly Family[] = []): Round {
    const {root, by, maxGroups, version} = this.#options;
    const at = Date.now();
    this.#stallMs += host.stallMs;
    const groups = metricGroups(host.rows, by, maxGroups);
    return {
      at,
      families: [
        ...hostFamilies(host, {stallMs: this.#stallMs}, version, at),
        ...also,
        ...groupFamilies(groups, host, chargedIn(root)),
      ].filter(({samples}) => samples.length > 0),
    };
  }
}
