/** How many letters must be added, dropped, changed or swapped with their neighbour to turn `a` into `b`. */
export function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({length: b.length + 1}, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost, swap));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The name that is spelled most nearly like a text; undefined if each differs by more than a third of its letters. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const small = text.toLowerCase();
  let least = Math.max(1, Math.floor(small.length / 3)) + 1;
  let found: string | undefined;
  for (const name of names) {
    // The distance is at least the difference of the lengths.
    if (Math.abs(name.length - small.length) >= least) continue;
    const letters = distance(small, name.toLowerCase());
    if (letters < least) [least, found] = [letters, name];
  }
  return found;
}
