import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import {Pusher} from '../../../src/features/metrics/otlp/pusher.ts';
import type {Spool} from '../../../src/features/metrics/otlp/spool.ts';
import {Trouble} from '../../../src/model/trouble.ts';
import {Child} from '../../helpers/child.ts';
import {memmap, MEMMAP, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {PARSER, parsed} from './exposition.ts';
import {attributesOf, closedPort, decoded, type Metric, metricsIn, pointsOf, Receiver, valueOf} from './receiver.ts';

const SELF = String(process.pid);

const pushed = (url: string, ...more: string[]) => memmap(['metrics', '--otlp', url, ...more, SELF]);

testIf(PARSER)('what is pushed is what is written: each sample, with its labels', async (t) => {
  const receiver = new Receiver();
  const url = await receiver.listen(t);
  const file = join(folder(t), 'memmap.prom');
  const env = {OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hunter2', OTEL_SERVICE_NAME: 'fleet'};
  const {code, stdout, stderr} = await memmap(['metrics', '--otlp', url, '-o', file], {env});
  t.is(code, 0, stderr);
  t.is(stdout + stderr, '');
  const [{path, headers, request}] = receiver.received as [(typeof receiver.received)[number]];
  t.is(path, '/v1/metrics');
  t.like(headers, {
    authorization: 'Bearer hunter2',
    'content-type': 'application/x-protobuf',
    'content-encoding': 'gzip',
  });
  t.like(attributesOf(request.resourceMetrics[0]!.resource), {'service.name': 'fleet', 'os.type': 'linux'});
  const arrived = metricsIn(request).flatMap(pointsOf).map(valueOf);
  const written = await parsed(t, readFileSync(file, 'utf8'));
  const sorted = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b);
  t.deepEqual(sorted(arrived), sorted(written.map(({value}) => value)));
  const pss = metricsIn(request).find(({name}) => name === 'memmap.pss')!;
  t.deepEqual(
    pointsOf(pss).map((point) => {
      const {'memmap.group': group, 'memmap.by': by} = attributesOf(point);
      return {name: 'memmap_pss_bytes', labels: {group, by}, value: valueOf(point)};
    }),
    written.filter(({name}) => name === 'memmap_pss_bytes') as unknown[],
  );
  const pushedNames = metricsIn(request).map(prometheusName);
  const writtenNames = written.map(({name}) => name);
  t.deepEqual([...new Set(pushedNames)].toSorted(), [...new Set(writtenNames)].toSorted());
});

/**
 * How a receiver names a metric for Prometheus (opentelemetry.io, Prometheus and OpenMetrics compatibility; VictoriaMetrics
 * with -opentelemetry.usePrometheusNaming): alerts and dashboards find what is pushed under the names that are written.
 */
function prometheusName({name, unit, sum}: Metric): string {
  const suffix = new Map([
    ['By', '_bytes'],
    ['s', '_seconds'],
    ['1', sum ? '' : '_ratio'],
  ]);
  return name.replaceAll('.', '_') + (suffix.get(unit) ?? '') + (sum?.isMonotonic ? '_total' : '');
}

test('it is tried again after 503 and 429, as soon as the receiver allows, and not after 400', async (t) => {
  const receiver = new Receiver([
    (response) => response.writeHead(503).end(),
    (response) => response.writeHead(429, {'retry-after': '1'}).end(),
  ]);
  const {code, stderr} = await pushed(await receiver.listen(t), '--by', 'process');
  t.is(code, 0, stderr);
  t.is(receiver.received.length, 1);
  t.is(receiver.asked, 3);
  t.regex(stderr, /it answered 503/);
  t.true(metricsIn(receiver.received[0]!.request).some(({name}) => name === 'process.memory.usage'));
  const wordy = new Receiver([
    (response) => response.writeHead(400, {'content-type': 'text/plain'}).end('unsupported path\n\x1b[31m'),
  ]);
  const said = await pushed(await wordy.listen(t));
  t.regex(said.stderr, /it answered 400: unsupported path\\x0a/);
  for (const status of [400, 401, 302, 500]) {
    const strict = new Receiver([(response) => response.writeHead(status, {location: 'http://localhost:1'}).end()]);
    const refused = await pushed(await strict.listen(t));
    t.is(refused.code, 7);
    t.regex(refused.stderr, new RegExp(`it answered ${status}`));
    t.is(strict.asked, 1, 'and no redirection is followed');
  }
});

/** ExportMetricsServiceResponse with partial_success: 3 points rejected, "too old\n". */
const PARTIAL = Buffer.from('\x0a\x0c\x08\x03\x12\x08too old\n', 'latin1');

test('what a receiver did not take of a request is said', async (t) => {
  const receiver = new Receiver([(response) => response.end(PARTIAL)]);
  const {code, stderr} = await pushed(await receiver.listen(t));
  t.is(code, 7);
  t.regex(stderr, /did not take 3 samples: too old\\x0a/);
});

test('a receiver that never answers, or answers without end, is not waited for', async (t) => {
  const silent = new Receiver([() => {}]);
  const {code, stderr} = await pushed(await silent.listen(t), '--retry-for', '1s');
  t.is(code, 7);
  t.regex(stderr, /did not answer in time[^]*1 round of metrics did not arrive/);
  const endless = new Receiver([
    (response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    },
  ]);
  t.is((await pushed(await endless.listen(t))).code, 0);
});

test('a web page is no answer of a receiver: the metrics wait', async (t) => {
  const portal = new Receiver([
    (response) => response.writeHead(200, {'content-type': 'text/html; charset=utf-8'}).end('<p>Log in</p>'),
  ]);
  const {code, stderr} = await pushed(await portal.listen(t));
  t.is(code, 0, stderr);
  t.regex(stderr, /it answered with a web page/);
  t.is(portal.received.length, 1);
});

test('a receiver that says that it refused less than nothing refused nothing', async (t) => {
  // partial_success {rejected_data_points: -1}: an int64 of ten bytes.
  const bytes = Buffer.from([10, 11, 8, ...Array.from({length: 9}, () => 255), 1]);
  const receiver = new Receiver([(response) => response.end(bytes)]);
  const {code, stderr} = await pushed(await receiver.listen(t));
  t.is(code, 0);
  t.is(stderr, '');
});

testIf('python3')('what in a spool is no file of its own is not sent, and stops nobody', async (t) => {
  const place = join(folder(t), 'spool');
  mkdirSync(join(place, '000000000001.otlp'), {recursive: true});
  symlinkSync('/nonexistent', join(place, '000000000002.otlp'));
  symlinkSync('/etc/passwd', join(place, '000000000003.otlp'));
  execFileSync('python3', ['-c', 'import os, sys; os.mkfifo(sys.argv[1])', join(place, '000000000004.otlp')]);
  writeFileSync(join(place, '000000000005.otlp'), '');
  const receiver = new Receiver();
  const {code, stderr} = await pushed(await receiver.listen(t), '--spool', place);
  t.is(code, 7, 'an empty file was a request once');
  t.regex(stderr, /^memmap: 1 round of metrics could not be kept in the spool, and is lost\.\n$/);
  t.is(receiver.asked, 1);
  t.deepEqual(
    spooled(place),
    ['1', '2', '3', '4'].map((digit) => `00000000000${digit}.otlp`),
  );
});

test('what the receiver has, and the spool does not give up, is said, and the sending goes on', async (t) => {
  const waiting = [1, 2].map((id) => ({id, bytes: new Uint8Array(1)}));
  const spool: Spool = {
    count: 0,
    size: 0,
    dropped: 0,
    lost: 0,
    add() {},
    first: () => waiting[0],
    remove() {
      waiting.shift();
      throw new Trouble({kind: 'output', what: 'Cannot.', why: 'permission denied (EACCES).', next: ''});
    },
    close() {},
  };
  const pusher = new Pusher(spool, () => Promise.resolve({is: 'accepted', rejected: 0, why: ''}));
  pusher.start();
  await pusher.end(60_000);
  t.is(pusher.counts.sent, 2);
});

test('a second signal ends what is tried at the end', async (t) => {
  const silent = new Receiver(Array.from({length: 100}, () => () => {}));
  const {child, ended, said} = repeated(t, await silent.listen(t), join(folder(t), 'spool'), '--retry-for', '1h');
  await until(() => silent.asked > 0, 'a request');
  // Two signals that come at once are one: they are sent until it has ended.
  await until(() => !child.kill('SIGTERM') || child.signalCode !== null || child.exitCode !== null, 'the end');
  await ended;
  t.true(child.signalCode === 'SIGTERM' || child.exitCode === 143, said());
});

test('no secret is taken from the command line, nor repeated', async (t) => {
  const {code, stderr} = await pushed('http://me:hunter2@127.0.0.1:1');
  t.is(code, 2);
  t.notRegex(stderr, /hunter2/);
  t.regex(stderr, /OTEL_EXPORTER_OTLP_HEADERS/);
  const env = {OTEL_EXPORTER_OTLP_HEADERS: 'hunter2'};
  const wrong = await memmap(['metrics', '--otlp', 'http://127.0.0.1:1', SELF], {env});
  t.is(wrong.code, 2);
  t.notRegex(wrong.stderr, /hunter2/);
  t.is((await memmap(['metrics', '--spool', 'x', SELF])).code, 2, 'a spool is of --otlp');
});

testIf('strace')('a connection is made to the receiver alone, and none without --otlp', async (t) => {
  const receiver = new Receiver();
  const url = await receiver.listen(t);
  const port = new URL(url).port;
  const connections = async (...args: string[]): Promise<string[]> => {
    const traced = ['-f', '-e', 'trace=socket,connect', process.execPath, MEMMAP, 'metrics', ...args, SELF];
    const {code, stderr} = await run('strace', traced);
    t.is(code, 0, stderr);
    return stderr.split('\n').filter((line) => /AF_INET|AF_UNIX/.test(line));
  };
  t.deepEqual(await connections(), []);
  const made = await connections('--otlp', url);
  t.deepEqual(
    made.filter((line) => line.includes('connect(')).map((line) => /htons\((\d+)\)/.exec(line)?.[1]),
    [port],
  );
});

// Whoever is refused at once would wait for longer than that.
const AWAY = ['--retry-for', '400ms'];
const spooled = (place: string): string[] => readdirSync(place).filter((name) => name.endsWith('.otlp'));

test('what a run could not push the next one does, the oldest first', async (t) => {
  const place = join(folder(t), 'spool');
  const {url, port} = await closedPort();
  for (let run = 1; run <= 3; run++) {
    const {code, stderr} = await pushed(url, '--spool', place, ...AWAY);
    t.is(code, 0, 'kept, so not lost');
    // On a loaded machine the patience may be over before the kernel's refusal is seen.
    t.regex(stderr, new RegExp(`(nobody listens there|did not answer in time)[^]*${run} rounds? of metrics waits?`));
    t.is(spooled(place).length, run);
  }
  const receiver = new Receiver();
  await receiver.listen(t, port);
  t.is((await pushed(url, '--spool', place)).code, 0);
  const times = receiver.received.map(({request}) => Number(pointsOf(metricsIn(request)[0]!)[0]!.timeUnixNano));
  t.is(times.length, 4);
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  t.deepEqual(spooled(place), []);
  const last = metricsIn(receiver.received.at(-1)!.request);
  t.is(valueOf(pointsOf(last.find(({name}) => name === 'memmap.push_waiting_requests')!)[0]!), 3);
});

test('a spool that is full drops the oldest, and says how many', async (t) => {
  const place = join(folder(t), 'spool');
  const {url} = await closedPort();
  await pushed(url, '--spool', place, ...AWAY);
  const [first] = spooled(place);
  const {length} = readFileSync(join(place, first!));
  const {code, stderr} = await pushed(url, '--spool', place, ...AWAY, '--spool-size', String(Math.round(1.5 * length)));
  t.is(code, 7, 'something is lost');
  t.regex(stderr, /1 round of metrics had no room/);
  t.is(spooled(place).length, 1);
  t.not(spooled(place)[0], first);
});

test('a spool has one user at a time, and what is no spool is refused', async (t) => {
  const place = join(folder(t), 'spool');
  const {url} = await closedPort();
  const child = new Child(t, process.execPath, [
    MEMMAP,
    'metrics',
    '--otlp',
    url,
    '--spool',
    place,
    '--every',
    '1s',
    SELF,
  ]);
  await until(() => spooled(place).length > 0, 'the first round');
  const other = await pushed(url, '--spool', place);
  t.is(other.code, 7);
  t.regex(other.stderr, new RegExp(`process ${child.pid} is using it`));
  const file = join(folder(t), 'file');
  writeFileSync(file, '');
  t.is((await pushed(url, '--spool', file)).code, 7);
  t.is((await pushed(url, '--spool', '/proc/spool')).code, 7);
});

/** `--every`, into a spool. */
function repeated(t: ExecutionContext, url: string, place: string, ...more: string[]) {
  const args = [MEMMAP, 'metrics', '--otlp', url, '--spool', place, '--every', '50ms', ...more, SELF];
  const child = spawn(process.execPath, args, {stdio: ['ignore', 'ignore', 'pipe']});
  t.teardown(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return {child, ended: new Promise<number | null>((resolve) => child.once('close', resolve)), said: () => stderr};
}

test('--every: rounds go on while the receiver is away, and all of them arrive when it is back', async (t) => {
  const place = join(folder(t), 'spool');
  const {url, port} = await closedPort();
  const {ended, said} = repeated(t, url, place, '--count', '12', '--retry-for', '60s');
  await until(() => spooled(place).length >= 3, 'rounds that wait');
  const receiver = new Receiver();
  await receiver.listen(t, port);
  t.is(await ended, 0, said());
  t.is(receiver.received.length, 12);
  t.regex(said(), /nobody listens there[^]*takes metrics again/);
  t.deepEqual(spooled(place), []);
});

test('SIGTERM ends it at once, also while the receiver is away, and SIGKILL leaves whole requests', async (t) => {
  const place = join(folder(t), 'spool');
  const {url, port} = await closedPort();
  const first = repeated(t, url, place);
  await until(() => spooled(place).length >= 2, 'rounds that wait');
  first.child.kill('SIGTERM');
  t.is(await first.ended, 143, first.said());
  const waiting = spooled(place).length;
  t.true(waiting >= 2);
  const second = repeated(t, url, place);
  await until(() => spooled(place).length >= waiting + 2, 'more that wait');
  second.child.kill('SIGKILL');
  await second.ended;
  for (const name of spooled(place))
    t.true(metricsIn(decoded(gunzipSync(readFileSync(join(place, name))))).length > 10);
  const before = spooled(place).length;
  const receiver = new Receiver();
  await receiver.listen(t, port);
  t.is((await pushed(url, '--spool', place)).code, 0);
  t.is(receiver.received.length, before + 1);
});
