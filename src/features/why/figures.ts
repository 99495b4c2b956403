import type {Snapshot} from '../../model/snapshot.ts';
import {MEASURES, type MeasureKey} from '../../model/measures.ts';
import {heldBy, type Held} from '../../model/host/descriptors.ts';
import {type Finding as Odd, unusualOf} from '../explain/unusual.ts';
import {riseOf, type GrowthLine} from '../growth/growth.ts';
import type {PythonHeap} from '../heap/anonymous.ts';
import type {Facts} from './facts/facts.ts';
import {isFull, type LimitLine, limitsOf} from './facts/limits.ts';
import {type Malloc, mallocOf, mallocOfRecording} from './facts/malloc.ts';
import {type Part, type Parts, partsOf, partsOfGrowth, partsOfStatus} from './facts/parts.ts';
import {type Runtime, runtimeOf} from './runtimes.ts';

/** A rise of fewer bytes is not worth a sentence. */
const LEAST_RISE = 512 * 1024;

/** What the facts come to: what the rows of the table ask for. */
export class Figures {
  readonly facts: Facts;
  readonly malloc: Malloc | undefined;
  /** What its pools say, where they could be read: without any, it has no arenas. */
  readonly python: PythonHeap | undefined;
  readonly holds: Parts;
  readonly limits: readonly LimitLine[];
  readonly runtime: Runtime | undefined;
  /** What `explain` finds unusual. */
  readonly unusual: readonly Odd[];

  constructor(facts: Facts) {
    this.facts = facts;
    this.malloc = mallocOf(facts.heap, facts.heapBefore) ?? mallocOfRecording(facts.books);
    const {growth, snapshot} = facts;
    this.python = facts.heap?.python;
    const holds = partsOf(snapshot, this.malloc, this.python);
    const isSeen = growth !== undefined && growth.measure === growth.asked && growth.usageLooks > 0;
    const seen = !holds.isMemory && isSeen ? partsOfGrowth(growth) : holds;
    // Of one that ended before its counters were read, status has sums.
    this.holds = !seen.isMemory && facts.hasEnded ? partsOfStatus(snapshot) : seen;
    this.limits = limitsOf(facts);
    this.runtime = runtimeOf(facts.snapshot);
    this.unusual = unusualOf(facts.snapshot);
  }

  get snapshot(): Snapshot {
    return this.facts.snapshot;
  }

  /** The PID, or `PID` where it doesn't live. */
  get pid(): string {
    return this.facts.pid === undefined ? 'PID' : String(this.facts.pid);
  }

  get isAlive(): boolean {
    return this.facts.pid !== undefined && !this.facts.hasEnded;
  }

  /** Bytes of memory; 0 where no counter is known. A core has contents in place of counters: malloc's books count. */
  get memory(): number {
    return this.holds.isMemory || this.facts.subject === 'core' ? this.holds.total : 0;
  }

  part(key: string): number {
    return this.holds.parts.find((part) => part.key === key)?.bytes ?? 0;
  }

  partsLike(pattern: RegExp): readonly Part[] {
    return this.holds.parts.filter(({key}) => pattern.test(key));
  }

  /** Of all regions, in bytes; 0 where it isn't known. */
  measure(key: MeasureKey): number {
    return MEASURES[key].ofTotals(this.snapshot.totals) ?? MEASURES[key].ofStatus(this.snapshot.status) ?? 0;
  }

  get held(): Held | undefined {
    const {clues, table} = this.snapshot;
    return clues.descriptors && heldBy(clues.descriptors, table.mapped);
  }

  /** The limit of which most is used up, over 80 %. */
  get full(): LimitLine | undefined {
    return this.limits.find(isFull);
  }

  /** Does resident memory grow steadily, by enough to say it? */
  get grows(): GrowthLine | undefined {
    const total = this.facts.growth?.total;
    return total?.verdict === 'steady growth' && riseOf(total) >= LEAST_RISE ? total : undefined;
  }

  /** What most of the rise is: of resident memory, or of address space where that could not be followed. */
  get grower(): GrowthLine | undefined {
    const {growth} = this.facts;
    if (!growth) return undefined;
    const [first] = [...growth.kinds].sort((a, b) => riseOf(b) - riseOf(a));
    return first && riseOf(first) > 0 ? first : undefined;
  }

  /** Were kinds followed by the counters that were asked for, and not by sizes? */
  get isFollowed(): boolean {
    const {growth} = this.facts;
    return growth !== undefined && growth.measure === growth.asked;
  }

  /** How many threads or regions there are, over time. */
  count(of: 'threads' | 'regions'): GrowthLine | undefined {
    return this.facts.growth?.counts.find((line) => line.of === of);
  }
}
