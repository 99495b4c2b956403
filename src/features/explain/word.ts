/** The groups that words are listed by, with what stands above each. In the order of the list. */
export const GROUPS = {
  idea: 'words of the field',
  kind: 'kinds of region, as memmap shows them',
  change: 'kinds of change, as memmap names them',
  name: 'names of regions that are no files',
  maps: 'columns of /proc/PID/maps',
  counter: 'counters of /proc/PID/smaps',
  flag: 'codes in VmFlags, the last line of each region in /proc/PID/smaps',
  status: 'lines of /proc/PID/status',
  stat: 'fields of /proc/PID/stat and /proc/PID/statm',
  page: 'bits of /proc/PID/pagemap',
  limit: 'limits and settings',
  file: 'files of /proc',
} as const;

export type Group = keyof typeof GROUPS;

/** What one word means. All texts are plain sentences without line breaks. */
export interface Word {
  /** As the kernel, the man page or memmap writes it; the first is the title, the others are found too. */
  readonly names: readonly string[];
  readonly group: Group;
  /** What it is counted in; `none` for what is no amount. */
  readonly unit: string;
  /** One to three sentences. */
  readonly meaning: string;
  /** What surprises people. */
  readonly traps?: string | undefined;
  /** The Linux version that brought it, and the one that took it away. Absent: older than 2.6.12, or not the kernel's. */
  readonly since?: string | undefined;
  /** Where to read more: a man page, a file of the kernel's documentation or source. */
  readonly source: string;
  readonly related?: readonly string[] | undefined;
}
