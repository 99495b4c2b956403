/*
 * What Prometheus' text format and OpenMetrics have in common:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

/** Labels of a sample: `{group="nginx.service",by="unit"}`; nothing where there are none. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const all = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return all.length === 0 ? '' : `{${all.join(',')}}`;
}

/** A label's value may hold anything; backslash, quote and line break are written as two characters. */
const escaped = (value: string): string =>
  value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replace(/[\ud800-\udfff]/gu, '\ufffd');
