import type {ProcessRow} from '../../model/host/processes.ts';
import {LONGEST_KEPT, type Known, type KnownRows} from '../../procfs/host/known.ts';
import type {Boot} from '../../procfs/host/boot.ts';
import {RuntimeFile} from '../../shell/runtime.ts';

/** The name of the file in the user's runtime directory. */
const NAME = 'memmap-ps.json';

/** A longer file is not read: 100,000 processes have 15 MB. */
const MOST_BYTES = 64 * 2 ** 20;

/** Of a process, in this order, with the ms after boot at which it was read. */
const FIELDS = [
  'pid',
  'startTime',
  'threads',
  'regions',
  'rss',
  'pss',
  'privateDirty',
  'pssAnon',
  'pssFile',
  'pssShmem',
] as const;

/** What the file is: another name for each other order of the fields. */
const FORMAT = 'ps/2';

interface Document {
  readonly memmap: typeof FORMAT;
  readonly boot: string;
  readonly rows: ReadonlyArray<readonly [name: string, at: number, ...numbers: Array<number | null>]>;
}

/**
 * What one `memmap ps` leaves for the next one, where the time for which it may hold up processes did not suffice: the
 * counters that it read, and when. Of the same boot and the same PID namespace alone, since a PID says nothing
 * elsewhere; the process's start time says whether it is still the same.
 */
export class Kept {
  readonly #file = new RuntimeFile(NAME);
  readonly #boot: Boot | undefined;

  /** @param boot undefined: nothing is kept */
  constructor(boot: Boot | undefined) {
    this.#boot = boot;
  }

  /** Is there a place for it? */
  get isPossible(): boolean {
    return this.#boot !== undefined && this.#file.path !== undefined;
  }

  read(): KnownRows {
    const text = this.#boot && this.#file.read(MOST_BYTES);
    return text === undefined ? new Map() : knownRows(text, this.#boot!);
  }

  /** Leaves what was read, where something was not, for lack of time. Else there is nothing to read on. */
  write(known: KnownRows, isPart: boolean): void {
    if (!this.#boot) return;
    if (isPart) this.#file.write(keptText(known, this.#boot));
    else this.#file.remove();
  }
}

export function keptText(known: KnownRows, boot: Boot): string {
  const rows = [...known.values()]
    .filter(({readAt}) => readAt !== undefined)
    .map((row) => [
      row.name,
      Math.round(boot.uptime + (row.readAt! - boot.now)),
      ...FIELDS.map((field) => row[field] ?? null),
      row.observed?.kernel ?? null,
      row.observed?.most ?? null,
    ]);
  return `${JSON.stringify({memmap: FORMAT, boot: boot.id, rows})}\n`;
}

/** What a text says; nothing where it isn't of this boot, or not what `keptText` writes. */
export function knownRows(text: string, boot: Boot): KnownRows {
  const known = new Map<number, Known>();
  for (const [name, at, ...numbers] of rowsIn(text, boot)) {
    const value = (place: number): number | undefined => numbers[place] ?? undefined;
    const fields = Object.fromEntries(
      FIELDS.map((field, place) => [field, value(place)] as const).filter(([, each]) => each !== undefined),
    );
    const [kernel, most] = [value(FIELDS.length), value(FIELDS.length + 1)];
    const age = boot.uptime - at;
    if (age < 0 || age > LONGEST_KEPT) continue;
    const observed = kernel === undefined || most === undefined ? {} : {observed: {kernel, most}};
    const row = {...fields, name, user: '', readAt: boot.now - age, ...observed} as ProcessRow;
    if (isWhole(row)) known.set(row.pid, row);
  }
  return known;
}

const isWhole = (row: ProcessRow): row is Known =>
  row.pid !== undefined && row.startTime !== undefined && row.pss !== undefined && row.regions !== undefined;

function rowsIn(text: string, boot: Boot): Document['rows'] {
  try {
    const document = JSON.parse(text) as Partial<Document> | null;
    if (document?.memmap !== FORMAT || document.boot !== boot.id || !Array.isArray(document.rows)) return [];
    return (document.rows as unknown[]).filter(isRow);
  } catch {
    return [];
  }
}

const isRow = (row: unknown): row is Document['rows'][number] =>
  Array.isArray(row) &&
  typeof row[0] === 'string' &&
  typeof row[1] === 'number' &&
  row.slice(2).every((each) => each === null || (Number.isSafeInteger(each) && (each as number) >= 0));
