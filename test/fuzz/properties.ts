import assert from 'node:assert/strict';
import {diff} from '../../src/diff/diff.ts';
import {hasRollup} from '../../src/model/columns/regions.ts';
import {hex} from '../../src/model/region.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {parseAuxv} from '../../src/parse/proc/auxv.ts';
import {capabilityNames, parseCredentials, parseStatus} from '../../src/parse/proc/status.ts';
import {parseElfHead, readElfImage, sectionAt} from '../../src/parse/elf/image.ts';
import {findSymbol} from '../../src/parse/elf/symbols.ts';
import type {ReadAt} from '../../src/parse/elf/headers.ts';
import {cgroupFolders, parseCgroup, parseMemoryLimit} from '../../src/parse/proc/cgroup.ts';
import {PerfMap} from '../../src/parse/perf-map.ts';
import {parseMeminfo} from '../../src/parse/proc/meminfo.ts';
import {parseFdInfo} from '../../src/parse/proc/fdinfo.ts';
import {parseKsmStat} from '../../src/parse/proc/ksm-stat.ts';
import {mappedKeysIn} from '../../src/parse/proc/mapped-keys.ts';
import {parseNumaMaps} from '../../src/parse/proc/numa-maps.ts';
import {parseSysvShm} from '../../src/parse/proc/sysvipc.ts';
import {parseMountinfo} from '../../src/parse/proc/mountinfo.ts';
import {parseLimits} from '../../src/parse/proc/limits.ts';
import {oomJSON} from '../../src/features/explain/oom/json.ts';
import {renderOom} from '../../src/features/explain/oom/text.ts';
import {hasOomReport, oomReports} from '../../src/parse/oom/reports.ts';
import {parseListing} from '../../src/parse/reader.ts';
import {parse} from '../../src/parse/parse.ts';
import {parseStat} from '../../src/parse/proc/stat.ts';
import {parseStackPointer} from '../../src/parse/proc/syscall.ts';
import {CodeObject} from '../../src/unwind/object.ts';
import {Space, type Mapping} from '../../src/unwind/space.ts';
import {Unwinder} from '../../src/unwind/unwind.ts';
import {jsonDocument} from '../../src/text/json.ts';
import {schemaErrors} from '../helpers/schema.ts';
import {checkRecording} from './recordings.ts';
import {RENDERINGS} from './renderings.ts';
import {checkRules} from './rules.ts';
import {SEEDS} from './seeds.ts';

/** ms of processor time that one input may take, in all its readers and writers together. */
export const LIMIT = 1000;

/** What must never come out: control bytes, marks that turn the writing direction, lone surrogates. */
export const CONTROL =
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const PROTOTYPE = describePrototype();

/** What an input is compared with. */
const OTHERS: readonly Snapshot[] = SEEDS.filter(
  ({form}) => form === 'maps' || form === 'snapshot' || form === 'gdb',
).map(({bytes}) => parse(bytes));

/**
 * What must be true of every input. Throws if something isn't.
 *
 * @returns the snapshot that it is, or the reason why it is none
 */
export function checkInput(bytes: Uint8Array): Snapshot | Trouble {
  const read = readIt(() => parse(bytes));
  if (!(read instanceof Trouble)) checkSnapshot(read, OTHERS[bytes.length % OTHERS.length]!);
  checkProcFiles(bytes);
  checkRecording(Buffer.from(bytes));
  checkRules(Buffer.from(bytes));
  assert.equal(describePrototype(), PROTOTYPE, 'Object.prototype was changed');
  return read;
}

/** A reader gives what it read, or one reason why not, and throws nothing else. */
export function readIt<Result>(read: () => Result): Result | Trouble {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    assert.equal(error.kind, 'input');
    for (const part of [error.message, error.why, error.next]) {
      assert.ok(part.length > 0 && part.length < 2000, `a message of ${part.length} characters`);
    }
    return error;
  }
}

function checkSnapshot(snapshot: Snapshot, other: Snapshot): void {
  inOrder(snapshot);
  const json = JSON.stringify(snapshot);
  assert.equal(schemaFaults('snapshot', JSON.parse(json)), '');
  const again = parse(json);
  const {source: _a, ...first} = JSON.parse(json) as Record<string, unknown>;
  const {source: _b, ...second} = JSON.parse(JSON.stringify(again)) as Record<string, unknown>;
  assert.deepEqual(second, first, 'a snapshot changes when it is saved and read');
  assert.deepEqual(JSON.parse(jsonDocument(snapshot.toJSON())), JSON.parse(json));

  const same = diff(snapshot, again, {match: 'address'});
  assert.deepEqual(same.changes, [], 'a snapshot differs from itself');
  // The sums of a whole process can't be compared with regions.
  const isSum = snapshot.table.length === 1 && hasRollup(snapshot.table);
  if (isSum) assert.throws(() => diff(other, snapshot), Trouble);
  const changes = diff(isSum ? snapshot : other, snapshot);
  assert.equal(schemaFaults('diff', JSON.parse(JSON.stringify(changes))), '');
  // One of them, for one input in three: drawing tables would be most of the time.
  if (json.length % 3 !== 0) return;
  const seed = Math.floor(json.length / 3);
  const text = drawn(RENDERINGS[seed % RENDERINGS.length]!, snapshot, isSum ? snapshot : other, seed);
  const found = CONTROL.exec(text);
  assert.equal(found && JSON.stringify(text.slice(Math.max(0, found.index - 20), found.index + 20)), null);
}

/** There is no picture of sums. */
function drawn(draw: (typeof RENDERINGS)[number], snapshot: Snapshot, other: Snapshot, seed: number): string {
  try {
    return draw(snapshot, other, seed);
  } catch (error) {
    if (!(error instanceof Trouble) || !hasRollup(snapshot.table)) throw error;
    return error.message;
  }
}

/** What is not as the schema says, in a line. */
export function schemaFaults(name: string, document: unknown): string {
  const faults = schemaErrors(name, document) as Array<{instancePath: string; message?: string; params: object}>;
  return faults
    .map(({instancePath, message, params}) => `${instancePath} ${message} ${JSON.stringify(params)}`)
    .join('; ');
}

/** Regions ascend, overlap nowhere, and their numbers survive being printed. */
export function inOrder({regions}: Snapshot): void {
  let end = 0;
  for (const region of regions) {
    assert.ok(region.start >= end, `${hex(region.start)} lies before ${hex(end)}`);
    assert.ok(region.end >= region.start && region.end <= 2 ** 64);
    for (const number of [region.start, region.end, region.offset ?? 0])
      assert.ok(Number.isInteger(number) && number >= 0);
    end = region.end;
  }
}

/** The readers of the kernel's own files say "not that", and never throw. */
function checkProcFiles(bytes: Uint8Array): void {
  const {regions, rejected} = parseListing(bytes, 'proc');
  assert.ok(Array.isArray(regions) && rejected.every(({line}) => line > 0));
  for (const value of Object.values(parseStatus(bytes))) assert.match(typeof value, /^(number|string|boolean)$/);
  const stat = parseStat(bytes);
  assert.ok(stat === undefined || (Number.isInteger(stat.pid) && stat.state.length === 1));
  for (const value of Object.values(parseAuxv(bytes))) assert.ok(value === undefined || value >= 0);
  const credentials = parseCredentials(bytes);
  assert.ok(credentials === undefined || capabilityNames(credentials.permitted).length <= 64);
  for (const value of Object.values(parseLimits(bytes))) assert.ok(value === null || value >= 0);
  assert.ok((parseStackPointer(bytes) ?? 0) >= 0);
  for (const value of Object.values(parseMeminfo(bytes))) assert.ok(value >= 0);
  const cgroup = parseCgroup(bytes);
  const folders = cgroup && cgroupFolders(cgroup, parseMountinfo(bytes));
  assert.ok(folders === undefined || folders.every(({path}) => path.startsWith('/')));
  assert.ok((parseMemoryLimit(new TextDecoder('latin1').decode(bytes)) ?? 0) >= 0);
  const made = new PerfMap();
  made.add(bytes);
  assert.ok((made.at(0x7fff0000)?.size ?? 1) > 0);
  checkHeld(bytes);
  checkElf(bytes);
  checkLog(bytes);
  for (const segment of parseElfHead(bytes)?.segments ?? []) assert.ok(segment.offset >= 0 && segment.memorySize >= 0);
}

/** What descriptors hold, and where pages lie: whatever is a number there is a number of bytes. */
function checkHeld(bytes: Uint8Array): void {
  const {mount = 0, dmabuf, gpu} = parseFdInfo(bytes);
  assert.ok(mount >= 0 && (dmabuf?.size ?? 0) >= 0);
  for (const sums of Object.values(gpu?.memory ?? {}))
    for (const sum of Object.values(sums)) assert.ok(Number.isSafeInteger(sum) && Number(sum) >= 0);
  for (const {nodes} of parseNumaMaps(bytes, 4096).values())
    for (const amount of Object.values(nodes)) assert.ok(Number.isSafeInteger(amount) && amount >= 0);
  for (const key of mappedKeysIn(bytes)) assert.match(key, / [1-9]\d*$/);
  const {merged = 0, zero = 0} = parseKsmStat(bytes, 4096) ?? {};
  assert.ok(merged >= 0 && zero >= 0);
  assert.ok((parseSysvShm(bytes)?.bytes ?? 0) >= 0);
}

/** A mapped file may hold anything: its headers and symbols are read, or it is none. */
function checkElf(bytes: Uint8Array): void {
  const read = (offset: number, length: number): Uint8Array =>
    bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length));
  const image = readElfImage(read);
  if (!image) return;
  for (const {address} of image.sections.slice(0, 20)) {
    const {symbol} = findSymbol(read, image, address);
    assert.ok(symbol === undefined || typeof symbol.name === 'string');
    sectionAt(image, address);
  }
  checkCode(bytes, read);
}

/** Code of a file can be unwound, or it is said why not; names and rules are found, or there are none. */
function checkCode(bytes: Uint8Array, read: ReadAt): void {
  const object = CodeObject.open({read, debug: read, inflate: (packed, size) => packed.subarray(0, size)});
  if (!object) return;
  const mapping: Mapping = {start: 0x10000, end: 0x20000, isExecutable: true, offset: 0, name: '/x', object};
  const space = new Space([mapping]);
  const unwinder = new Unwinder(object.machine, 64);
  const registers = new Float64Array(object.machine.registers.length).fill(0x7fff0000);
  for (let address = 0; address < 4096; address += 64) {
    const {frames, end} = unwinder.unwind(space, {
      pc: 0x10000 + address,
      registers,
      stack: bytes,
      chain: [0x10000 + address, 0x10000 + (bytes[0] ?? 0), 0x10000 + bytes.length],
    });
    assert.ok(frames.length <= 64 && /^(root|cut|no-unwind-info|limit)$/.test(end));
    for (const {name, offset} of frames) assert.equal(name === undefined, offset === undefined);
  }
}

/** A log may hold anything: its reports are as their schema says, and in words. */
export function checkLog(bytes: Uint8Array): void {
  const reports = hasOomReport(bytes) ? oomReports(bytes) : [];
  if (reports.length === 0) return;
  assert.equal(schemaFaults('oom', JSON.parse(JSON.stringify(oomJSON(reports, '-')))), '');
  const text = renderOom(reports, {width: 80, rows: 12});
  assert.equal(CONTROL.exec(text)?.[0], undefined);
}

function describePrototype(): string {
  return Reflect.ownKeys(Object.prototype).map(String).join(' ') + Object.keys({}).join(' ');
}
