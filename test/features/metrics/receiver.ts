import {randomInt} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createServer, type IncomingHttpHeaders, type ServerResponse} from 'node:http';
import {createRequire} from 'node:module';
import {type AddressInfo, createServer as createTcpServer} from 'node:net';
import {gunzipSync} from 'node:zlib';
import type {ExecutionContext} from 'ava';

/** OpenTelemetry's own decoder, made by protobufjs of the published .proto. */
interface Decoder<Message> {
  decode(bytes: Uint8Array): Message;
  toObject(message: Message, options: object): Message;
  verify(message: object): string | null;
}

interface Attribute {
  readonly key: string;
  readonly value: {readonly stringValue?: string; readonly intValue?: number};
}

interface Point {
  readonly attributes?: readonly Attribute[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano: string;
  readonly asInt?: string;
  readonly asDouble?: number;
}

export interface Metric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly gauge?: {readonly dataPoints: readonly Point[]};
  readonly sum?: {
    readonly dataPoints: readonly Point[];
    readonly aggregationTemporality: string;
    readonly isMonotonic?: boolean;
  };
}

interface Request {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: {readonly attributes: readonly Attribute[]};
    readonly scopeMetrics: ReadonlyArray<{
      readonly scope: {readonly name: string; readonly version: string};
      readonly metrics: readonly Metric[];
    }>;
  }>;
}

interface Proto {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {readonly metrics: {readonly v1: {readonly ExportMetricsServiceRequest: Decoder<Request>}}};
    };
  };
}

const root = createRequire(import.meta.url)('@opentelemetry/otlp-transformer/build/src/generated/root.js') as Proto;
const {ExportMetricsServiceRequest} = root.opentelemetry.proto.collector.metrics.v1;

/** @throws where it is not a whole request */
export function decoded(bytes: Uint8Array): Request {
  const message = ExportMetricsServiceRequest.decode(bytes);
  const mistake = ExportMetricsServiceRequest.verify(message);
  if (mistake !== null) throw new Error(mistake);
  return ExportMetricsServiceRequest.toObject(message, {longs: String, enums: String});
}

export const metricsIn = (request: Request): readonly Metric[] =>
  request.resourceMetrics.flatMap(({scopeMetrics}) => scopeMetrics.flatMap(({metrics}) => metrics));

export const pointsOf = ({gauge, sum}: Metric): readonly Point[] => (gauge ?? sum)?.dataPoints ?? [];

export const attributesOf = ({
  attributes = [],
}: {
  readonly attributes?: readonly Attribute[];
}): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({key, value}) => [key, value.stringValue ?? Number(value.intValue)]));

export const valueOf = ({asInt, asDouble}: Point): number => asDouble ?? Number(asInt);

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly request: Request;
}

/** A receiver of OTLP that takes all requests, unless it is told what to answer to the next ones. */
export class Receiver {
  readonly received: Received[] = [];
  /** How often it was asked, also where it did not take the request. */
  asked = 0;
  readonly #answers: Array<(response: ServerResponse) => void>;
  readonly #server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      this.asked++;
      const answer = this.#answers.shift();
      if (answer) return answer(response);
      const {url = '', headers} = request;
      this.received.push({path: url, headers, request: decoded(gunzipSync(Buffer.concat(parts)))});
      response.end();
    });
  });

  constructor(answers: Array<(response: ServerResponse) => void> = []) {
    this.#answers = answers;
  }

  /** @param port 0: any. @returns its address */
  async listen(t: ExecutionContext, port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    t.teardown(() => this.close());
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** The first port that the kernel itself gives to whoever asks for any: ip(7). */
const FIRST_GIVEN = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1'), 10);

/** A port of this machine that nobody listens on, and that the kernel gives to nobody meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(Math.min(10_000, FIRST_GIVEN / 2), FIRST_GIVEN);
    const server = createTcpServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** An address at which nobody listens, yet. */
export async function closedPort(): Promise<{readonly url: string; readonly port: number}> {
  const port = await freePort();
  return {url: `http://127.0.0.1:${port}`, port};
}
