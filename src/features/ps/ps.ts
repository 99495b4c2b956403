import {
  groupedBy,
  type Grouping,
  type GroupRow,
  type ProcessRow,
  rowJSON,
  sumOf,
  type Unread,
  unreadOf,
  weightOf,
} from '../../model/host/processes.ts';
import type {KnownRows} from '../../procfs/host/known.ts';
import type {HostLimits} from '../../procfs/host/reader.ts';
import {bootOf} from '../../procfs/host/boot.ts';
import {type Host, type HostOptions, HostWatch} from '../../procfs/host/host.ts';
import {unattachedIn} from '../../procfs/host/holds.ts';
import type {Unattached} from '../../parse/proc/sysvipc.ts';
import {withProgress} from '../../shell/output.ts';
import {filterOfRows, sorted, type SortKey} from './choose.ts';
import {Kept} from './kept.ts';
import {type Meant, meantBy} from './targets.ts';

/** What the user asked for. */
export interface PsOptions extends HostLimits {
  readonly root: string;
  /** Words that name processes or groups; none: all processes. */
  readonly targets: readonly string[];
  readonly by: Grouping | undefined;
  readonly sort: SortKey;
  readonly filter: string | undefined;
  /** Rows with less PSS are left out: bytes. */
  readonly minSize: number;
}

/** The processes of a machine, as they are printed. */
export interface Listed {
  readonly at: string;
  readonly host: Host;
  readonly options: PsOptions;
  /** In the order of --sort, without those below --min-size. */
  readonly rows: ReadonlyArray<ProcessRow | GroupRow>;
  /** The processes that were left out for --min-size. */
  readonly small: readonly ProcessRow[];
  readonly unread: Partial<Record<Unread, number>>;
  /** The next run reads what this one could not. */
  readonly isContinued?: boolean | undefined;
  /** SysV segments that nobody has attached, where all processes of the machine were asked what they hold. */
  readonly unattached: Unattached | undefined;
}

/** Looks at the processes. @throws Trouble `gone`, `usage`: there is nothing of what was asked for */
export function listProcesses(options: PsOptions): Listed {
  const {host, isContinued} = lookOnce(options);
  return {...listedOf(host, options), isContinued};
}

/**
 * Looks at the processes once: reads on where the run before stopped for the budget, and leaves what it read for the
 * next one.
 *
 * @returns isContinued: the next run reads what this one could not
 * @throws Trouble `gone`, `usage`: there is nothing of what was asked for
 */
export function lookOnce(options: PsOptions): {readonly host: Host; readonly isContinued: boolean} {
  const {root, targets, filter} = options;
  const isAll = targets.length === 0 && filter === undefined;
  const kept = new Kept(bootOf(root));
  const {watch, complain} = watchOf(options, kept.read());
  const host = watch.look();
  const isPart = isAll && host.rows.some(isOverBudget);
  if (isAll) kept.write(watch.known, isPart);
  complain(host);
  return {host, isContinued: isPart && kept.isPossible};
}

const isOverBudget = ({unread, late}: ProcessRow): boolean => unread === 'budget' || late === 'budget';

/** Those processes, to be looked at once or again and again. */
export interface ChosenWatch {
  readonly watch: HostWatch;
  /** @throws Trouble `gone`: by one of the arguments no process was meant */
  readonly complain: (host: Host) => void;
}

/**
 * @param known what was read of them earlier
 * @throws Trouble `usage` for a target or filter that means nothing
 */
export function watchOf(options: PsOptions, known?: KnownRows, along?: HostOptions['along']): ChosenWatch {
  const {root, targets, filter} = options;
  const meant: Meant | undefined = targets.length > 0 ? meantBy(targets, root) : undefined;
  const matches = filter === undefined ? undefined : filterOfRows(filter);
  const watch = new HostWatch(
    {
      ...options,
      pids: meant?.pids,
      wants: (row) => (!meant || meant.has(row)) && (!matches || matches(row)),
      along: along ?? ((what, items) => withProgress(what, items, items.length)),
    },
    known,
  );
  // With a filter, what was meant may only not match it.
  const complain = (host: Host): void => {
    if (host.rows.length === 0 || !matches) meant?.complain();
  };
  return {watch, complain};
}

/** The rows in the order that was asked for. */
export function listedOf(host: Host, options: PsOptions): Listed {
  const {root, targets, filter, by, sort, minSize} = options;
  const isAll = targets.length === 0 && filter === undefined;
  const all = by === undefined ? host.rows : groupedBy(host.rows, by);
  const [rows, small] = [all.filter(isLarge(minSize)), all.filter((row) => !isLarge(minSize)(row))];
  return {
    at: new Date().toISOString(),
    host,
    options,
    rows: sorted(rows, sort),
    small: small.flatMap((row) => ('members' in row ? row.members : [row])),
    unread: unreadOf(host.rows),
    unattached: options.held && isAll ? unattachedIn(root) : undefined,
  };
}

const isLarge =
  (least: number) =>
  (row: ProcessRow | GroupRow): boolean =>
    weightOf(row, 'pss') >= least;

/** The document `memmap.ps/1`. @param growthOf by how much RSS grew, where that is known: bytes */
export function psJSON(
  {at, host, options, rows, small, unread, unattached}: Listed,
  notes: readonly string[],
  growthOf?: (row: ProcessRow | GroupRow) => number | undefined,
): object {
  const shown = rows.flatMap((row) => ('members' in row ? row.members : [row]));
  const {threads, ...sums} = sumOf(shown);
  const amounts = ['regions', 'size', 'rss', 'pss', 'privateDirty', 'swap'] as const;
  return {
    schema: 'memmap.ps/1',
    at,
    by: options.by ?? 'process',
    rows: rows.map((row) => ({...rowJSON(row, host.now), ...(growthOf && {growth: growthOf(row) ?? 0})})),
    totals: {
      processes: shown.length,
      threads,
      ...Object.fromEntries(amounts.map((key) => [key, sums[key] ?? null])),
      ...(options.held && {held: sums.held ?? null, gpu: sums.gpu ?? null}),
      unread: shown.filter((row) => row.unread).length,
    },
    budget: {
      stallMs: rounded(host.stallMs),
      read: host.read,
      kept: host.kept,
      unread,
      longestMs: rounded(host.longestMs),
      maxStall: options.maxStall,
      budget: options.budget,
      ms: rounded(host.ms),
    },
    small: {processes: small.length, pss: sumOf(small).pss ?? (small.length === 0 ? 0 : null)},
    ended: host.ended,
    hidden: host.isHiding ? null : host.hidden,
    maxMapCount: host.maxMapCount ?? null,
    ...(unattached && {unattached}),
    notes,
  };
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;
