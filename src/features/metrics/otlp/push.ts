import {type IncomingMessage, request as plainly} from 'node:http';
import {request as encrypted} from 'node:https';
import {errnoOf} from '../../../model/trouble.ts';
import {fieldsIn} from '../../export/protobuf.ts';

/*
 * The only socket that memmap opens: OTLP over HTTP, https://opentelemetry.io/docs/specs/otlp/#otlphttp.
 */

/** What a receiver made of a request. */
export type Answer =
  /** It has it, except for this many points of it, which it did not want. */
  | {readonly is: 'accepted'; readonly rejected: number; readonly why: string}
  /** It may have it later, in `after` ms where it says so. */
  | {readonly is: 'later'; readonly after?: number | undefined; readonly why: string}
  /** It will never have it. */
  | {readonly is: 'refused'; readonly why: string};

/** Where requests go, and what goes with each. */
export interface Receiver {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly version: string;
  /** ms for one request. */
  readonly timeout: number;
}

/** More of an answer is not read: bytes. */
const LONGEST_ANSWER = 65_536;

/** The only statuses after which a request may be sent again. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Sends a request.
 *
 * @param body an ExportMetricsServiceRequest, gzipped
 * @param signal gives up
 */
export async function push(receiver: Receiver, body: Uint8Array, signal: AbortSignal): Promise<Answer> {
  try {
    const {status, retryAfter, isText, isPage, bytes} = await post(receiver, body, signal);
    // A gateway that asks for a login, or a web server: whoever speaks OTLP answers with its own message, or nothing.
    if (status === 200 && isPage) return {is: 'later', why: 'it answered with a web page, and is no receiver of OTLP'};
    if (status >= 200 && status < 300) return {is: 'accepted', ...partialSuccess(bytes)};
    const why = [`it answered ${status}`, isText ? textOf(bytes).trim() : messageOf(bytes)].filter(Boolean).join(': ');
    return RETRYABLE.has(status) ? {is: 'later', after: afterOf(retryAfter), why} : {is: 'refused', why};
  } catch (error) {
    return {is: 'later', why: reasonOf(error)};
  }
}

interface Response {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly isText: boolean;
  readonly isPage: boolean;
  readonly bytes: Uint8Array;
}

function post({url, headers, version, timeout}: Receiver, body: Uint8Array, signal: AbortSignal): Promise<Response> {
  const request = url.protocol === 'https:' ? encrypted : plainly;
  const options = {
    method: 'POST',
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    headers: {
      'user-agent': `memmap/${version}`,
      ...headers,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      'content-length': body.length,
    },
  };
  return new Promise<Response>((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const {statusCode: status = 0, headers: said} = response;
      const about = {
        status,
        retryAfter: said['retry-after'],
        isText: said['content-type']?.startsWith('text/plain') === true,
        isPage: said['content-type']?.startsWith('text/html') === true,
      };
      bodyOf(response).then((bytes) => resolve({...about, bytes}), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function bodyOf(response: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length > LONGEST_ANSWER) break;
  }
  return Buffer.concat(parts).subarray(0, LONGEST_ANSWER);
}

/** ExportMetricsServiceResponse: partial_success is its field 1, with rejected_data_points and error_message. */
function partialSuccess(bytes: Uint8Array): {readonly rejected: number; readonly why: string} {
  const partial = [...fieldsIn(bytes)].find(([field]) => field === 1)?.[1];
  const fields = new Map(partial instanceof Uint8Array ? fieldsIn(partial) : []);
  const [rejected, why] = [fields.get(1), fields.get(2)];
  // An int64: what is negative is beyond all that can be counted.
  return {rejected: Number.isSafeInteger(rejected) ? Number(rejected) : 0, why: textOf(why)};
}

/** The message of a google.rpc.Status, which is its field 2. */
const messageOf = (bytes: Uint8Array): string => textOf([...fieldsIn(bytes)].find(([field]) => field === 2)?.[1]);

/** A line of it. */
const textOf = (value: number | Uint8Array | undefined): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('utf8').slice(0, 200) : '';

/** Retry-After: seconds, or a date (RFC 9110, 10.2.3). @returns ms */
function afterOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be asked for',
  ETIMEDOUT: 'it did not answer in time',
  ABORT_ERR: 'it did not answer in time',
  ECONNRESET: 'it hung up',
  EPIPE: 'it hung up',
};

function reasonOf(error: unknown): string {
  const errno = errnoOf(error);
  const reason = WHY[errno] ?? (error as Error).message;
  return errno === '' || errno === 'ABORT_ERR' ? reason : `${reason} (${errno})`;
}
