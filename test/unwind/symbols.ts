import {execFileSync} from 'node:child_process';

interface Listed {
  readonly names: string[];
  readonly size: number;
}

/** Functions of a file by where they begin, as readelf lists them. */
export function listed(file: string, table: '--syms' | '--dyn-syms'): Map<number, Listed> {
  const text = execFileSync('readelf', ['-W', table, file], {encoding: 'utf8', maxBuffer: 1 << 28});
  const found = new Map<number, Listed>();
  const row = /^ +\d+: ([0-9a-f]+) +(\w+) I?FUNC +\w+ +\w+ +\d+ (\S+)/gm;
  for (const [, value, size, symbol] of text.matchAll(row)) {
    const start = Number.parseInt(value!, 16);
    const name = symbol!.replace(/@.*/, '');
    const known = found.get(start);
    if (known) known.names.push(name);
    else found.set(start, {names: [name], size: Number(size)});
  }
  return found;
}
