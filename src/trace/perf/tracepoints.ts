/*
 * The ids of the tracepoints of system calls: events/syscalls/sys_enter_NAME/id and sys_exit_NAME/id in tracefs. Only
 * root may read them there; a kernel gives them out at boot, so that they differ from kernel to kernel.
 */
import {readFileSync} from 'node:fs';
import {MEMORY_CALLS, TASK, type Tracepoint, type Tracepoints} from '../calls.ts';
import {type Call, type Hand, send} from '../hand/hand.ts';
import {experiment, type Found} from './experiment.ts';

const PLACES = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

const NAMES = [...MEMORY_CALLS.map(({name}) => name), TASK];

/**
 * Reads them where tracefs is mounted, else has the hand mount it where nobody sees it, else finds them by experiment.
 *
 * @returns an empty map where the kernel has none of them, or doesn't let us know
 */
export async function findTracepoints(hand: Hand): Promise<Found> {
  for (const find of [mounted, () => detached(hand)]) {
    const tracepoints = await find();
    if (tracepoints.size > 0) return {tracepoints, helper: undefined};
  }
  return experiment();
}

const fileOf = (kind: keyof Tracepoint, name: string): string =>
  name === TASK ? 'events/task/task_newtask/id' : `events/syscalls/sys_${kind}_${name}/id`;

function mounted(): Tracepoints {
  const place = PLACES.find((folder) => idIn(`${folder}/${fileOf('exit', 'mmap')}`) !== undefined);
  if (place === undefined) return new Map();
  const read = (kind: keyof Tracepoint, name: string): number | undefined => idIn(`${place}/${fileOf(kind, name)}`);
  return collect(
    NAMES,
    NAMES.map((name) => [read('enter', name), read('exit', name)]),
  );
}

function idIn(path: string): number | undefined {
  try {
    return idOf(readFileSync(path, 'latin1'));
  } catch {
    return undefined;
  }
}

const idOf = (text: string): number | undefined => Number(/^\d+/.exec(text)?.[0] ?? 0) || undefined;

type Pair = readonly [enter: number | undefined, exit: number | undefined];

const collect = (names: readonly string[], pairs: readonly Pair[]): Tracepoints =>
  new Map(
    names.flatMap((name, i) => {
      const [enter, exit] = pairs[i] ?? [];
      return enter === undefined || exit === undefined ? [] : [[name, {enter, exit}] as const];
    }),
  );

const FSOPEN_CLOEXEC = 1;
const FSCONFIG_CMD_CREATE = 6;
const FSMOUNT_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;

/** Bytes for the name of a file, and for what it holds. */
const NAME_SIZE = 64;
const ID_SIZE = 16;

/** A mount that is in no directory: fsopen(2), fsmount(2), of Linux 5.2. It ends with its descriptor. */
async function detached(hand: Hand): Promise<Tracepoints> {
  const {buffer} = hand;
  const {results: opened} = await hand.batch([['fsopen', buffer, FSOPEN_CLOEXEC]], text('tracefs'));
  const context = opened[0]!;
  if (context < 0) return new Map();
  const {results: made} = await hand.batch([
    ['fsconfig', context, FSCONFIG_CMD_CREATE, 0, 0, 0],
    ['fsmount', context, FSMOUNT_CLOEXEC, 0],
    ['close', context],
  ]);
  const mount = made[1]!;
  if (mount < 0) return new Map();
  const files = NAMES.flatMap((name) => [fileOf('enter', name), fileOf('exit', name)]);
  const ids = await readAll(hand, mount, files);
  await hand.batch([['close', mount]]);
  return collect(
    NAMES,
    NAMES.map((_, i) => [ids[2 * i], ids[2 * i + 1]]),
  );
}

async function readAll(hand: Hand, folder: number, files: readonly string[]): Promise<(number | undefined)[]> {
  const {buffer} = hand;
  const names = new Uint8Array(files.length * NAME_SIZE);
  for (const [i, file] of files.entries()) names.set(text(file), i * NAME_SIZE);
  const opens = files.map((_, i): Call => ['openat', folder, buffer + i * NAME_SIZE, O_CLOEXEC]);
  const {results: fds} = await hand.batch(opens, names);
  const size = files.length * ID_SIZE;
  const reads = fds.map((fd, i): Call => ['read', fd, buffer + i * ID_SIZE, ID_SIZE]);
  const closes = fds.filter((fd) => fd >= 0).map((fd): Call => ['close', fd]);
  const {data} = await hand.batch([...reads, ...closes, send(buffer, size)], new Uint8Array(size), size);
  return files.map((_, i) => idOf(Buffer.from(data).toString('latin1', i * ID_SIZE, (i + 1) * ID_SIZE)));
}

const text = (words: string): Uint8Array => new TextEncoder().encode(`${words}\0`);
