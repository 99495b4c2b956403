import {hostname} from 'node:os';
import {Trouble} from '../../../model/trouble.ts';

/*
 * What OpenTelemetry's specification has in the environment: "OpenTelemetry Protocol Exporter" and "Environment
 * Variable Specification" at https://opentelemetry.io/docs/specs/otel/
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** Where requests of an exporter go, below the address of a receiver. */
const PATH = '/v1/metrics';

/**
 * The address that requests go to: where a receiver alone is named, its place for metrics.
 *
 * @throws Trouble `usage`; what is secret in an address is not repeated
 */
export function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw usage('--otlp needs the address of a receiver.', 'it begins with http:// or https://.');
  if (url.username !== '' || url.password !== '')
    throw usage('--otlp takes no name and no password.', 'everybody on this machine can read a command line.');
  if (url.pathname === '/' || url.pathname === '') url.pathname = PATH;
  url.hash = '';
  return url;
}

const usage = (what: string, why: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what,
    why,
    next: 'For example: --otlp http://localhost:4318, with secrets in OTEL_EXPORTER_OTLP_HEADERS',
  });

/** RFC 9110: a token, and what is printed. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const PRINTED = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Headers of each request: OTEL_EXPORTER_OTLP_METRICS_HEADERS, else OTEL_EXPORTER_OTLP_HEADERS, as `name=value,…` with
 * percent-encoded values.
 *
 * @throws Trouble `usage`, without the value
 */
export function headersIn(environment: Environment): Record<string, string> {
  const [name, text] = firstOf(environment, ['OTEL_EXPORTER_OTLP_METRICS_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS']);
  const headers: Record<string, string> = {};
  for (const [key, value] of pairsIn(text)) {
    if (!HEADER.test(key) || value === undefined || !PRINTED.test(value))
      throw new Trouble({
        kind: 'usage',
        what: `${name} is not a list of headers.`,
        why: 'it is name=value, with commas between them, and values percent-encoded.',
        next: 'For example: OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN',
      });
    headers[key.toLowerCase()] = value;
  }
  return headers;
}

/** Who sends: OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME, and what they leave out. */
export function resourceIn(environment: Environment): Map<string, string> {
  const given = pairsIn(environment['OTEL_RESOURCE_ATTRIBUTES'] ?? '').flatMap(([key, value]) =>
    key === '' || value === undefined ? [] : [[key, value] as const],
  );
  const service = environment['OTEL_SERVICE_NAME'];
  return new Map([
    ['host.name', hostname()],
    ['os.type', 'linux'],
    ['service.name', 'memmap'],
    ...given,
    ...(service ? [['service.name', service] as const] : []),
  ]);
}

function firstOf(environment: Environment, names: readonly string[]): [name: string, text: string] {
  const name = names.find((each) => environment[each]) ?? names.at(-1)!;
  return [name, environment[name] ?? ''];
}

/** `a=1,b=2`; a value that is not percent-encoded as it should be is undefined. */
const pairsIn = (text: string): Array<[string, string | undefined]> =>
  text
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const end = pair.indexOf('=');
      return end < 0 ? [pair, undefined] : [pair.slice(0, end).trim(), decoded(pair.slice(end + 1).trim())];
    });

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
