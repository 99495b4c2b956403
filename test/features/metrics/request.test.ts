import {createRequire} from 'node:module';
import test from 'ava';
import fc from 'fast-check';
import {fieldsIn, Message} from '../../../src/features/export/protobuf.ts';
import type {Family} from '../../../src/features/metrics/family.ts';
import {requestOf} from '../../../src/features/metrics/otlp/request.ts';
import {endpointOf, headersIn, resourceIn} from '../../../src/features/metrics/otlp/settings.ts';
import {attributesOf, decoded, metricsIn, pointsOf, valueOf} from './receiver.ts';

const value = fc.oneof(fc.nat(2 ** 31 - 1), fc.maxSafeNat(), fc.double({min: 0, noNaN: true, noDefaultInfinity: true}));
const labels = fc.record({group: fc.string(), by: fc.constantFrom('name', 'process', 'container')});
const families: fc.Arbitrary<Family[]> = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('memmap_rss_bytes', 'memmap_pss_bytes', 'memmap_regions', 'memmap_stall_seconds_total'),
    type: fc.constantFrom('gauge', 'counter'),
    help: fc.string(),
    unit: fc.constantFrom('bytes', 'seconds', 'count'),
    samples: fc.array(fc.record({labels, value}), {minLength: 1, maxLength: 20}),
  }),
  {selector: ({name}) => name, minLength: 1},
);

const SENDER = {resource: new Map([['host.name', 'ho\u00e4st']]), version: '1.2.3', startedAt: 1_700_000_000_000};

test("OpenTelemetry's own decoder reads every sample", (t) => {
  fc.assert(
    fc.property(families, fc.integer({min: 0, max: 4e12}), (all, at) => {
      const request = decoded(requestOf({at, families: all}, SENDER));
      const [{resource, scopeMetrics}] = request.resourceMetrics as [(typeof request.resourceMetrics)[number]];
      t.deepEqual(attributesOf(resource), {'host.name': 'ho\u00e4st'});
      t.deepEqual(scopeMetrics[0]!.scope, {name: 'memmap', version: '1.2.3'});
      const points = metricsIn(request).flatMap(pointsOf);
      const expected = all.flatMap(({samples}) => samples);
      const sorted = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b);
      t.deepEqual(sorted(points.map(valueOf)), sorted(expected.map((sample) => sample.value)));
      t.true(points.every(({timeUnixNano}) => timeUnixNano === String(BigInt(at) * 1_000_000n)));
      // Also where the clock was set back since counting began.
      t.true(points.every(({startTimeUnixNano: start = '0', timeUnixNano: now}) => BigInt(start) <= BigInt(now)));
      const groups = points.map((point) => attributesOf(point)['memmap.group'] as string);
      // What is no valid UTF-16 has no UTF-8.
      const texts = expected.map(({labels: {group = ''}}) => Buffer.from(group).toString());
      const ordered = (all: string[]): string[] => all.toSorted((a, b) => (a < b ? -1 : 1));
      t.deepEqual(ordered(groups), ordered(texts));
    }),
  );
});

test('names are those of the semantic conventions where these mean the same', (t) => {
  const samples = ['process', 'container', 'name'].map((by, index) => ({
    labels: {group: by, by, ...(by === 'process' && {pid: '42'})},
    value: index,
  }));
  const rss: Family = {name: 'memmap_rss_bytes', type: 'gauge', help: 'Resident.', unit: 'bytes', samples};
  const usage: Family = {...rss, name: 'memmap_cgroup_usage_bytes'};
  const stall: Family = {
    name: 'memmap_stall_seconds_total',
    type: 'counter',
    help: 'Held up.',
    unit: 'seconds',
    samples: [{labels: {}, value: 0.5}],
  };
  const metrics = metricsIn(decoded(requestOf({at: SENDER.startedAt + 1, families: [rss, usage, stall]}, SENDER)));
  t.deepEqual(
    metrics.map(({name, unit, sum}) => [name, unit, sum ? (sum.isMonotonic ?? false) : 'gauge']),
    [
      ['process.memory.usage', 'By', false],
      ['memmap.rss', 'By', 'gauge'],
      ['memmap.cgroup_usage', 'By', 'gauge'],
      ['container.memory.usage', 'By', false],
      ['memmap.stall', 's', true],
    ],
  );
  t.is(metrics[0]!.sum!.aggregationTemporality, 'AGGREGATION_TEMPORALITY_CUMULATIVE');
  t.is(pointsOf(metrics[0]!)[0]!.startTimeUnixNano, String(1_700_000_000_000_000_000n));
  t.deepEqual(attributesOf(pointsOf(metrics[0]!)[0]!), {
    'memmap.group': 'process',
    'memmap.by': 'process',
    'process.pid': 42,
  });
  t.like(attributesOf(pointsOf(metrics[3]!)[0]!), {'container.id': 'container'});
});

interface Reader {
  uint32(): number;
  uint64(): {toString(): string};
  bytes(): Uint8Array;
  readonly pos: number;
  readonly len: number;
}

const {Reader} = createRequire(import.meta.url)('protobufjs/minimal') as {Reader: {create(bytes: Uint8Array): Reader}};

test('fields that are written are read again, by protobufjs and by ourselves', (t) => {
  const field = fc.tuple(fc.integer({min: 1, max: 2 ** 29 - 1}), fc.oneof(fc.maxSafeNat(), fc.uint8Array()));
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const message = new Message();
      for (const [number, content] of fields)
        if (typeof content === 'number') message.varint(number, content);
        else message.bytes(number, content);
      const bytes = message.finish();
      t.deepEqual(
        [...fieldsIn(bytes)].map(([number, content]) => [number, content]),
        fields.map(([number, content]) => [number, content]),
      );
      const reader = Reader.create(bytes);
      for (const [number, content] of fields) {
        t.is(Math.floor(reader.uint32() / 8), number);
        if (typeof content === 'number') t.is(reader.uint64().toString(), String(content));
        else t.deepEqual([...reader.bytes()], [...content]);
      }
      t.is(reader.pos, reader.len);
    }),
  );
});

test('any bytes are read to an end', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 200}), (bytes) => t.true([...fieldsIn(bytes)].length <= bytes.length)),
  );
});

test('an address gets the path of metrics where it has none, and may hold no secret', (t) => {
  const of = (text: string): string => endpointOf(text).href;
  t.is(of('http://localhost:4318'), 'http://localhost:4318/v1/metrics');
  t.is(of('https://otel.example.org/'), 'https://otel.example.org/v1/metrics');
  t.is(of('http://localhost:8428/opentelemetry/v1/metrics'), 'http://localhost:8428/opentelemetry/v1/metrics');
  t.is(of('http://localhost/?tenant=a'), 'http://localhost/v1/metrics?tenant=a');
  for (const wrong of ['localhost:4318', 'ftp://a', '', 'http://']) t.throws(() => of(wrong), {message: /--otlp/});
  const {message} = t.throws(() => of('https://me:hunter2@otel.example.org'));
  t.notRegex(message, /hunter2/);
});

test('headers and attributes are those of the environment', (t) => {
  t.deepEqual(headersIn({OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20a%2Cb, x-scope=1=2'}), {
    authorization: 'Bearer a,b',
    'x-scope': '1=2',
  });
  t.deepEqual(headersIn({OTEL_EXPORTER_OTLP_HEADERS: 'a=1', OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'a=2'}), {a: '2'});
  t.deepEqual(headersIn({}), {});
  for (const wrong of ['hunter2', 'a b=hunter2', 'a=hunter2%0d%0ab', 'a=hunter2%zz']) {
    const {message} = t.throws(() => headersIn({OTEL_EXPORTER_OTLP_HEADERS: wrong}));
    t.notRegex(message, /hunter2/);
  }
  const resource = resourceIn({
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=a%20b,service.name=x',
    OTEL_SERVICE_NAME: 'y',
  });
  t.is(resource.get('deployment.environment'), 'a b');
  t.is(resource.get('service.name'), 'y');
  t.true(resource.get('host.name')!.length > 0);
});
