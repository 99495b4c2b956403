import {descriptorsFromJSON} from './descriptors.ts';
import {OTHER_ALLOCATORS} from '../model/heap/allocator.ts';
import {array, hexString, integer, isOwnName, matching, object, string, unusable} from '../model/json.ts';
import type {
  AuxiliaryVector,
  Capabilities,
  CgroupClue,
  Clues,
  ElfClue,
  ElfSegment,
  Ksm,
  Limits,
  Machine,
  Marks,
  SignalClue,
  Thread,
} from '../model/clues/clues.ts';

/**
 * The `clues` of a `memmap.snapshot/1` document, the reverse of cluesJSON. What is absent stays so; other keys are left
 * out.
 */
export function cluesFromJSON(value: unknown): Clues {
  if (value === undefined) return {};
  const json = object(value, 'clues');
  return {
    ...optional('pageSize', json['pageSize'], fromOne),
    ...optional('marks', json['marks'], (entry, path) => addresses(entry, path, MARKS, true) as unknown as Marks),
    ...optional('auxv', json['auxv'], (entry, path) => addresses(entry, path, AUXV, false) as AuxiliaryVector),
    ...optional('threads', json['threads'], (list, path) =>
      array(list, path).map((entry, index) => thread(entry, `${path}[${index}]`)),
    ),
    ...optional('files', json['files'], (entry, path) => record(entry, path, elf)),
    ...optional('deleted', json['deleted'], (entry, path) => record(entry, path, boolean)),
    ...optional('limits', json['limits'], limits),
    ...optional('maxMapCount', json['maxMapCount'], integer),
    ...optional('jvm', json['jvm'], (entry, path) => ({
      metaspace: integer(object(entry, path)['metaspace'], `${path}.metaspace`),
    })),
    ...optional('capabilities', json['capabilities'], capabilities),
    ...optional('machine', json['machine'], machine),
    ...optional('cgroup', json['cgroup'], cgroup),
    ...optional('signal', json['signal'], signal),
    ...optional('descriptors', json['descriptors'], descriptorsFromJSON),
    ...optional('ksm', json['ksm'], ksm),
  };
}

function optional<Name extends string, Value>(
  name: Name,
  value: unknown,
  read: (value: unknown, path: string) => Value,
): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({[name]: read(value, `clues.${name}`)} as Record<Name, Value>);
}

/** A record with names from outside as keys: file names. */
function record<Value>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string) => Value,
): Record<string, Value> {
  const entries = Object.entries(object(value, path)).filter(([name]) => isOwnName(name));
  return Object.fromEntries(entries.map(([name, entry]) => [name, read(entry, `${path}[${JSON.stringify(name)}]`)]));
}

const MARKS = [
  'startCode',
  'endCode',
  'startStack',
  'startData',
  'endData',
  'startBrk',
  'argStart',
  'argEnd',
  'envStart',
  'envEnd',
];

const AUXV = ['phdr', 'base', 'entry', 'vdso', 'execfn'];

function addresses(
  value: unknown,
  path: string,
  names: readonly string[],
  areAllThere: boolean,
): Record<string, number> {
  const json = object(value, path);
  const there = names.filter((name) => areAllThere || json[name] !== undefined);
  return Object.fromEntries(there.map((name) => [name, hexString(json[name], `${path}.${name}`)]));
}

function thread(value: unknown, path: string): Thread {
  const json = object(value, path);
  const tid = fromOne(json['tid'], `${path}.tid`);
  const name = string(json['name'], `${path}.name`);
  if (json['stackPointer'] === undefined) return {tid, name};
  return {tid, name, stackPointer: hexString(json['stackPointer'], `${path}.stackPointer`)};
}

function elf(value: unknown, path: string): ElfClue {
  const json = object(value, path);
  const segments = array(json['segments'], `${path}.segments`).map((entry, index) =>
    segment(entry, `${path}.segments[${index}]`),
  );
  const allocator = OTHER_ALLOCATORS.find((name) => name === json['allocator']);
  const contained = allocator && {allocator};
  if (json['relro'] === undefined) return {segments, ...contained};
  const relro = object(json['relro'], `${path}.relro`);
  const [start, end] = [hexString(relro['start'], `${path}.relro.start`), hexString(relro['end'], `${path}.relro.end`)];
  return {segments, relro: {start, end}, ...contained};
}

function segment(value: unknown, path: string): ElfSegment {
  const json = object(value, path);
  return {
    offset: hexString(json['offset'], `${path}.offset`),
    address: hexString(json['address'], `${path}.address`),
    fileSize: integer(json['fileSize'], `${path}.fileSize`),
    memorySize: integer(json['memorySize'], `${path}.memorySize`),
    flags: integer(json['flags'], `${path}.flags`),
  };
}

function fromOne(value: unknown, path: string): number {
  const number = integer(value, path);
  if (number === 0) throw unusable(`${path} is 0`);
  return number;
}

function limits(value: unknown, path: string): Limits {
  const json = object(value, path);
  const names = ['stack', 'data', 'hardData', 'addressSpace', 'locked'].filter((name) => json[name] !== undefined);
  return Object.fromEntries(
    names.map((name) => [name, json[name] === null ? null : integer(json[name], `${path}.${name}`)]),
  );
}

function capabilities(value: unknown, path: string): Capabilities {
  const json = object(value, path);
  return {
    ipcLock: boolean(json['ipcLock'], `${path}.ipcLock`),
    sysAdmin: boolean(json['sysAdmin'], `${path}.sysAdmin`),
  };
}

const MACHINE = [
  'ram',
  'swap',
  'commitLimit',
  'committed',
  'overcommit',
  'adminReserve',
  'userReserve',
  'mmapMinAddr',
  'stackGuardPages',
];

function machine(value: unknown, path: string): Machine {
  const json = object(value, path);
  const numbers = MACHINE.filter((name) => json[name] !== undefined);
  return {
    ...(json['release'] !== undefined && {release: string(json['release'], `${path}.release`)}),
    ...Object.fromEntries(numbers.map((name) => [name, integer(json[name], `${path}.${name}`)])),
    ...(json['ignoresDataLimit'] !== undefined && {
      ignoresDataLimit: boolean(json['ignoresDataLimit'], `${path}.ignoresDataLimit`),
    }),
  };
}

function cgroup(value: unknown, path: string): CgroupClue {
  const json = object(value, path);
  const version = json['version'];
  if (version !== 1 && version !== 2) throw unusable(`${path}.version is not 1 or 2`);
  return {
    version,
    path: string(json['path'], `${path}.path`),
    isWhole: boolean(json['isWhole'], `${path}.isWhole`),
    limits: array(json['limits'], `${path}.limits`).map((entry, index) => {
      const place = `${path}.limits[${index}]`;
      const limit = object(entry, place);
      return {
        path: string(limit['path'], `${place}.path`),
        file: string(limit['file'], `${place}.file`),
        limit: integer(limit['limit'], `${place}.limit`),
        used: integer(limit['used'], `${place}.used`),
      };
    }),
  };
}

function signal(value: unknown, path: string): SignalClue {
  const json = object(value, path);
  const sender = json['sender'] === undefined ? undefined : object(json['sender'], `${path}.sender`);
  return {
    number: fromOne(json['number'], `${path}.number`),
    ...(json['code'] !== undefined && {code: whole(json['code'], `${path}.code`)}),
    ...(json['address'] !== undefined && {
      address: matching(json['address'], /^0x(0|[1-9a-f][0-9a-f]{0,15})$/, `${path}.address`, '0x7f00'),
    }),
    ...(sender && {
      sender: {pid: integer(sender['pid'], `${path}.sender.pid`), uid: integer(sender['uid'], `${path}.sender.uid`)},
    }),
    ...(json['tid'] !== undefined && {tid: fromOne(json['tid'], `${path}.tid`)}),
  };
}

/** Codes of signals that a process sent are negative. */
function whole(value: unknown, path: string): number {
  if (!Number.isSafeInteger(value)) throw unusable(`${path} is not a whole number`);
  return Number(value);
}

function ksm(value: unknown, path: string): Ksm {
  const json = object(value, path);
  const profit = json['profit'];
  if (profit !== undefined && !Number.isSafeInteger(profit)) throw unusable(`${path}.profit is not a whole number`);
  return {
    merged: integer(json['merged'], `${path}.merged`),
    ...(json['zero'] !== undefined && {zero: integer(json['zero'], `${path}.zero`)}),
    ...(profit !== undefined && {profit: Number(profit)}),
  };
}

function boolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw unusable(`${path} is not true or false`);
  return value;
}
