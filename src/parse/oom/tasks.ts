import type {OomTask, Victim} from './report.ts';

/** A row of the table of tasks: by the names of the kernel's columns. */
export interface TaskRow {
  readonly numbers: Readonly<Record<string, number>>;
  readonly name: string;
}

/** `[ pid ]   uid  tgid total_vm      rss …`: the columns differ between versions (dump_tasks(), mm/oom_kill.c). */
export function columnsIn(text: string): readonly string[] | undefined {
  const match = /\[ *pid *\] +(uid +tgid +total_vm +rss +.*oom_score_adj) +name *$/.exec(text);
  return match ? match[1]!.split(/ +/) : undefined;
}

/** @returns undefined for another line */
export function taskRow(text: string, columns: readonly string[]): TaskRow | undefined {
  const match = /\[ *(\d{1,7})\] +(-?\d[-\d ]*?) (\S.*)$/.exec(text);
  if (!match) return undefined;
  const words = `${match[2]} ${match[3]}`.trim().split(/ +/);
  const values = words.slice(0, columns.length).map(Number);
  if (values.length < columns.length || !values.every(Number.isSafeInteger)) return undefined;
  // A name may begin with blanks, or be one: what follows the last number and one blank is the name.
  const rest = new RegExp(String.raw`\] +(?:-?\d+ +){${columns.length - 1}}-?\d+ (.*)$`).exec(text);
  const numbers = Object.fromEntries(columns.map((column, index) => [column, values[index]!]));
  return {numbers: {...numbers, pid: Number(match[1])}, name: rest?.[1] ?? ''};
}

/** Counts of pages as bytes. */
export function taskOf({numbers, name}: TaskRow, pageSize: number): OomTask {
  const pages = (column: string): number | undefined => {
    const count = numbers[column];
    return count === undefined || count < 0 ? undefined : count * pageSize;
  };
  const bytes = numbers['pgtables_bytes'];
  const tables =
    bytes !== undefined && bytes >= 0 ? bytes : sumOf(pages('nr_ptes'), pages('nr_pmds'), pages('nr_puds'));
  return {
    pid: numbers['pid']!,
    uid: numbers['uid'] ?? 0,
    name,
    size: pages('total_vm') ?? 0,
    rss: pages('rss') ?? 0,
    ...known({
      anon: pages('rss_anon'),
      file: pages('rss_file'),
      shmem: pages('rss_shmem'),
      pageTables: tables,
      swap: pages('swapents'),
      scoreAdj: numbers['oom_score_adj'],
    }),
  };
}

const sumOf = (...parts: ReadonlyArray<number | undefined>): number | undefined =>
  parts.every((part) => part === undefined) ? undefined : parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);

/** Without what is not known. */
function known<Key extends string>(values: Readonly<Record<Key, number | undefined>>): Partial<Record<Key, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<Key, number>
  >;
}

/** `Killed process 1 (name) total-vm:…kB, anon-rss:…kB, …`: __oom_kill_process(); Red Hat puts the UID first. */
export function victimIn(text: string): Victim | undefined {
  const match = /\bKilled process (\d{1,10}) \((.*)\),? (?:UID \d+, )?(?:total-vm|vsz):/.exec(text);
  if (!match) return undefined;
  const figures = text.slice(match.index + match[0].length - 9);
  const kilobytes = (name: string): number | undefined => {
    const found = new RegExp(String.raw`\b${name}:(\d{1,20})kB`).exec(figures);
    return found ? Number(found[1]) * 1024 : undefined;
  };
  const number = (form: RegExp): number | undefined => {
    const found = form.exec(text.slice(match.index));
    return found ? Number(found[1]) : undefined;
  };
  return {
    pid: Number(match[1]),
    name: match[2]!,
    ...known({
      uid: number(/\bUID[: ](\d{1,10})\b/),
      size: kilobytes('total-vm'),
      anon: kilobytes('anon-rss'),
      file: kilobytes('file-rss'),
      shmem: kilobytes('shmem-rss'),
      pageTables: kilobytes('pgtables'),
      scoreAdj: number(/oom_score_adj:(-?\d{1,9})\b/),
    }),
  };
}
