import {gzipSync} from 'node:zlib';
import {counted} from '../../../model/amounts.ts';
import {Trouble} from '../../../model/trouble.ts';
import {say} from '../../../shell/output.ts';
import {safe} from '../../../text/safe.ts';
import type {Family} from '../family.ts';
import {type MetricsSink, sayTrouble} from '../sinks.ts';
import {push} from './push.ts';
import {Pusher} from './pusher.ts';
import {requestOf} from './request.ts';
import {endpointOf, headersIn, resourceIn} from './settings.ts';
import {DiskSpool, MemorySpool, type Spool} from './spool.ts';

export interface PushOptions {
  /** The address of the receiver, as it was given. */
  readonly url: string;
  /** The directory where requests wait; undefined: they wait in memory. */
  readonly spool: string | undefined;
  /** Bytes that may wait. */
  readonly spoolSize: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Does it continue? Then a round never waits for the receiver. */
  readonly isRepeated: boolean;
  /** ms for which it is tried at the end. */
  readonly patience: number;
}

/** ms for one request: the default of OpenTelemetry's exporters. */
const TIMEOUT = 10_000;

/**
 * Pushes each round to a receiver of OTLP over HTTP.
 *
 * @throws Trouble `usage`, and `output` where the spool can't be used
 */
export function pushSink(options: PushOptions): MetricsSink {
  const {environment, version} = options;
  const receiver = {url: endpointOf(options.url), headers: headersIn(environment), version, timeout: TIMEOUT};
  const sender = {resource: resourceIn(environment), version, startedAt: Date.now()};
  const {spool: folder, spoolSize} = options;
  const spool: Spool = folder === undefined ? new MemorySpool(spoolSize) : new DiskSpool(folder, spoolSize);
  const pusher = new Pusher(spool, (body, signal) => push(receiver, body, signal));
  let rounds = 0;
  return {
    families: () => pushFamilies(spool, pusher),
    tell(round) {
      const request = gzipSync(requestOf(round, sender));
      try {
        spool.add(request);
      } catch (error) {
        if (rounds === 0 || !(error instanceof Trouble)) throw error;
        spool.lost++;
        sayTrouble(error);
      }
      rounds++;
      if (options.isRepeated) pusher.start();
    },
    async end() {
      await pusher.end(options.patience);
      spool.close();
      return told(spool, pusher, folder);
    },
  };
}

/** Says what did not arrive. @returns is all of it there, or kept for the next run? */
function told(spool: Spool, {counts}: Pusher, folder: string | undefined): boolean {
  const {count, dropped, lost} = spool;
  const rounds = (number: number): string => counted(number, 'round of metrics', 'rounds of metrics');
  if (dropped > 0) say(`memmap: ${rounds(dropped)} had no room in the spool: the oldest went first.`);
  if (lost > 0) say(`memmap: ${rounds(lost)} could not be kept in the spool, and ${lost === 1 ? 'is' : 'are'} lost.`);
  if (count > 0 && folder !== undefined)
    say(
      `memmap: ${rounds(count)} ${count === 1 ? 'waits' : 'wait'} in ${safe(folder)}: the next run with this ` +
        '--spool sends what waits.',
    );
  if (count > 0 && folder === undefined)
    say(`memmap: ${rounds(count)} did not arrive; --spool DIR would keep it for the next run.`);
  return (
    dropped + lost === 0 && counts.refused === 0 && counts.rejectedPoints === 0 && (count === 0 || folder !== undefined)
  );
}

function pushFamilies({count, size, dropped, lost}: Spool, {counts}: Pusher): Family[] {
  const one = (value: number): Family['samples'] => [{labels: {}, value}];
  const total = {type: 'counter', unit: 'count'} as const;
  return [
    {
      ...total,
      name: 'memmap_push_dropped_requests_total',
      of: 'request',
      help: 'Requests that had no room in the spool, or could not be kept there.',
      samples: one(dropped + lost),
    },
    {
      ...total,
      name: 'memmap_push_refused_requests_total',
      of: 'request',
      help: 'Requests that the receiver refused for good.',
      samples: one(counts.refused),
    },
    {
      ...total,
      name: 'memmap_push_rejected_samples_total',
      of: 'sample',
      help: 'Samples that the receiver did not want, of requests that it took.',
      samples: one(counts.rejectedPoints),
    },
    {
      name: 'memmap_push_waiting_requests',
      type: 'gauge',
      unit: 'count',
      of: 'request',
      help: 'Requests that waited in the spool before this one.',
      samples: one(count),
    },
    {
      name: 'memmap_push_waiting_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Their size, compressed.',
      samples: one(size),
    },
  ];
}
