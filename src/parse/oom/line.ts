/** A line of the kernel's log without what a log puts before it. */
export interface LogLine {
  readonly text: string;
  /**
   * When, as the log prints it: `21758.216003` (seconds since boot), or a time of day with its date; '' if it doesn't.
   */
  readonly at: string;
}

/**
 * What stands before each line: the record of /dev/kmsg, the facility and level of `dmesg -x`, the time of syslog or
 * journald with host and `kernel:`, the time of printk (or of `dmesg -T`), and the thread or processor that printed.
 */
const PREFIXES: readonly RegExp[] = [
  /^\d+,\d+,(?<kmsg>\d+),[^;]{0,40};/,
  /^(?:<\d+>)?(?<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,12}) /,
  /^(?:<\d+>)?(?<day>[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d) /,
  /^[a-z]{4,8} *:[a-z]{3,6} *: /,
  /^(?:[^\s[]{1,100} )?kernel(?:\[\d+\])?: /,
  /^\[ *(?<boot>\d+\.\d+)\] ?/,
  /^\[(?<clock>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] ?/,
  /^\[ *[TC]\d+\] ?/,
];

/** Each prefix is taken off once, in any order. */
export function logLine(line: string): LogLine {
  let text = line.replace(/\r$/, '');
  let at = '';
  const left = new Set(PREFIXES);
  for (let found = true; found;) {
    found = false;
    for (const prefix of left) {
      const match = prefix.exec(text);
      if (!match) continue;
      const {kmsg, iso, day, boot, clock} = match.groups ?? {};
      const time = iso ?? day ?? clock ?? boot ?? (kmsg === undefined ? undefined : String(Number(kmsg) / 1e6));
      // A date says more than the seconds since boot.
      if (time !== undefined && (at === '' || /^\d+\.\d+$/.test(at))) at = time;
      text = text.slice(match[0].length);
      left.delete(prefix);
      found = true;
    }
  }
  return {text: text.trimStart(), at};
}
