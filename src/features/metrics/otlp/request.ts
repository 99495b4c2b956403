import {Message} from '../../export/protobuf.ts';
import type {Family, Round, Sample} from '../family.ts';
import {attributesOf, type Named, nameOf} from './names.ts';

/*
 * opentelemetry/proto/collector/metrics/v1/metrics_service.proto and what it imports: github.com/open-telemetry/
 * opentelemetry-proto, version 1. The numbers are those of its fields.
 */

/** CUMULATIVE: since the start that each point names. */
const CUMULATIVE = 2;

/** Who sends. */
export interface Sender {
  /** Of the machine and the service. */
  readonly resource: ReadonlyMap<string, string>;
  readonly version: string;
  /** ms since 1970, when counting began. */
  readonly startedAt: number;
}

/** An ExportMetricsServiceRequest with the samples of one round. */
export function requestOf({at, families}: Round, {resource, version, startedAt}: Sender): Uint8Array {
  const about = new Message();
  for (const [name, value] of resource) about.message(1, attribute(name, value));
  const scope = new Message().message(1, new Message().text(1, 'memmap').text(2, version));
  // Where the clock was set back, counting began no later than now.
  const times = {start: nanoseconds(Math.min(startedAt, at)), at: nanoseconds(at)};
  for (const family of families)
    for (const [named, samples] of byName(family)) scope.message(2, metric(family, named, samples, times));
  return new Message().message(1, new Message().message(1, about).message(2, scope)).finish();
}

/** One family may be two metrics: the processes or containers that a convention is about, and all others. */
function byName(family: Family): Map<Named, Sample[]> {
  const names = new Map<string, Named>();
  const metrics = new Map<Named, Sample[]>();
  for (const sample of family.samples) {
    const named = nameOf(family, sample.labels['by']);
    const known = names.get(named.name) ?? named;
    names.set(named.name, known);
    metrics.set(known, [...(metrics.get(known) ?? []), sample]);
  }
  return metrics;
}

interface Times {
  readonly start: bigint;
  readonly at: bigint;
}

function metric({help}: Family, {name, unit, kind}: Named, samples: readonly Sample[], times: Times): Message {
  const data = new Message();
  for (const sample of samples) data.message(1, point(sample, kind === 'gauge' ? {at: times.at} : times));
  if (kind !== 'gauge') data.varint(2, CUMULATIVE).varint(3, Number(kind === 'counter'));
  return new Message()
    .text(1, name)
    .text(2, help)
    .text(3, unit)
    .message(kind === 'gauge' ? 5 : 7, data);
}

/** A NumberDataPoint. */
function point({labels, value}: Sample, {start, at}: Partial<Times> & Pick<Times, 'at'>): Message {
  const made = new Message();
  for (const [name, text] of attributesOf(labels)) made.message(7, attribute(name, text));
  if (start !== undefined) made.fixed64(2, start);
  made.fixed64(3, at);
  return Number.isSafeInteger(value) ? made.fixed64(6, BigInt(value)) : made.double(4, value);
}

/** A KeyValue, whose value is an AnyValue. */
function attribute(name: string, value: string | number): Message {
  const any = typeof value === 'number' ? new Message().varint(3, value) : new Message().text(1, value);
  return new Message().text(1, name).message(2, any);
}

const nanoseconds = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000_000n;
