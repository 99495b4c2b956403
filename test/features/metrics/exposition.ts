import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {missing} from '../../helpers/tools.ts';

/** Debian's own Python, for which its packages are. */
const PYTHON = '/usr/bin/python3';

/** The reference parser of Prometheus' text format. */
export const PARSER =
  spawnSync(PYTHON, ['-c', 'import prometheus_client']).status === 0
    ? undefined
    : missing('prometheus_client', 'python3-prometheus-client');

export interface Parsed {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SCRIPT = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as parse
text = open(sys.argv[1], encoding='utf-8', newline='\\n').read()
print(json.dumps([[s.name, s.labels, s.value, s.timestamp] for f in parse(text) for s in f.samples]))`;

/** The samples of a text, as the reference parser of Prometheus' text format reads them. */
export async function parsed(t: ExecutionContext, text: string): Promise<Parsed[]> {
  const file = join(folder(t), 'metrics.prom');
  writeFileSync(file, text);
  const {stdout, stderr} = await run(PYTHON, ['-c', SCRIPT, file]);
  t.is(stderr, '');
  const samples = JSON.parse(stdout) as Array<[string, Record<string, string>, number, number | null]>;
  t.true(
    samples.every(([, , , time]) => time === null),
    'no times',
  );
  return samples.map(([name, labels, value]) => ({name, labels, value}));
}

/** The value of a sample with these labels among others; undefined where there is none. */
export const valueOf = (
  samples: readonly Parsed[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined =>
  samples.find(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value;
