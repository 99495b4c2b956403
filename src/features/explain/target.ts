import {Snapshot} from '../../model/snapshot.ts';
import {sizeText} from '../../model/amounts.ts';
import {Trouble} from '../../model/trouble.ts';
import {captureFrom} from '../../procfs/capture.ts';
import type {CaptureOptions} from '../../procfs/options.ts';
import {ProcessHandle} from '../../procfs/handle.ts';
import type {CoreInput} from '../../input/core.ts';
import type {Input} from '../../input/input.ts';
import {inputOf, readOr} from '../../input/open.ts';
import type {OomReport} from '../../parse/oom/report.ts';
import {hasOomReport, oomReports} from '../../parse/oom/reports.ts';

/** A target that was read, and a handle to it if it is a live process: later questions then go to the same process. */
export interface Looked {
  readonly snapshot: Snapshot;
  readonly handle: ProcessHandle | undefined;
  /** The file, where it is a recording. */
  readonly recording?: string | undefined;
  /** The core file that it is, where its memory is asked for. The caller closes it. */
  readonly core?: CoreInput | undefined;
  /** How to name it again on a command line. */
  readonly name: string;
}

/** Reports of the OOM killer, in a log of the kernel. */
export interface KernelLog {
  readonly oom: readonly OomReport[];
  /** The file, or `-`. */
  readonly name: string;
}

/** Reads a target. The handle to a live process stays open until the caller closes it. */
export async function lookAt(text: string, options: CaptureOptions): Promise<Looked | KernelLog> {
  const input = inputOf(text, options.root);
  if (input.is !== 'process') {
    const read = await readOr(input, (bytes) => (hasOomReport(bytes) ? {oom: oomReports(bytes)} : undefined));
    if (read instanceof Snapshot)
      return {snapshot: read, handle: undefined, recording: recordingOf(input, read), name: nameOf(input)};
    return {...read, name: input.is === 'stdin' ? '-' : input.path};
  }
  const handle = new ProcessHandle(input.pid, options.root);
  try {
    return {snapshot: captureOrSay(handle, options), handle, name: String(input.pid)};
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** A moment of a recording is named `FILE#12`. */
function recordingOf(input: Exclude<Input, {is: 'process'}>, {source}: Snapshot): string | undefined {
  return input.is !== 'stdin' && source.name?.startsWith(`${input.path}#`) ? input.path : undefined;
}

/** The input as an argument of a command, quoted for a shell. */
function nameOf(input: Exclude<Input, {is: 'process'}>): string {
  if (input.is === 'stdin') return 'FILE';
  return quoted(input.is === 'moment' ? `${input.path}${input.moment}` : input.path);
}

/** Where the regions may not be read, status still may be: its figures go into the message. */
function captureOrSay(handle: ProcessHandle, options: CaptureOptions): Snapshot {
  try {
    return captureFrom(handle, options);
  } catch (error) {
    if (!(error instanceof Trouble) || error.kind !== 'denied') throw error;
    throw new Trouble({
      kind: 'denied',
      what: error.message,
      why: `${error.why}${seenAnyway(handle)}`,
      next: error.next,
    });
  }
}

function seenAnyway(handle: ProcessHandle): string {
  const {name, vmSize, vmRss, rssAnon, vmSwap} = handle.status() as Readonly<
    Record<string, number | string | undefined>
  >;
  if (typeof vmSize !== 'number' || typeof vmRss !== 'number') return '';
  const parts = [
    `${sizeText(vmSize)} of address space`,
    `${sizeText(vmRss)} in RAM`,
    typeof rssAnon === 'number' && `${sizeText(rssAnon)} of that its own (RssAnon)`,
    typeof vmSwap === 'number' && vmSwap > 0 && `${sizeText(vmSwap)} on swap`,
  ].filter(Boolean);
  return `\n    What anybody may see of it (status): ${String(name)} has ${parts.join(', ')}.`;
}

const quoted = (path: string): string =>
  /^[\w./+@%,:=-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
