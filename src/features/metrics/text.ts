import {labelsText} from '../../text/exposition.ts';
import type {Family} from './family.ts';

/** The first line of what `memmap metrics` writes. To Prometheus it is a comment. */
export const MARK = '# memmap metrics';

/**
 * Prometheus' text format 0.0.4, without times: node_exporter's textfile collector takes no others.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function expositionOf(families: readonly Family[]): string {
  const parts = [`${MARK}\n`];
  for (const {name, type, help, samples} of families) {
    if (samples.length === 0) continue;
    parts.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\')}\n# TYPE ${name} ${type}\n`);
    for (const {labels, value} of samples) parts.push(`${name}${labelsText(labels)} ${value}\n`);
  }
  return parts.join('');
}

/** The value of a metric without labels in such a text; undefined where it has none. */
export function valueIn(text: string, name: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  const value = line === undefined ? NaN : Number(line.slice(name.length + 1));
  return Number.isFinite(value) ? value : undefined;
}
