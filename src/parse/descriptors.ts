import {
  type Descriptors,
  type GpuClient,
  type GpuMemory,
  HELD_KINDS,
  type HeldFile,
  type OpenFile,
} from '../model/host/descriptors.ts';
import {array, integer, isOwnName, type Json, matching, object, string, unusable} from '../model/json.ts';

/** The `clues.descriptors` of a `memmap.snapshot/1` document. */
export function descriptorsFromJSON(value: unknown, path: string): Descriptors {
  const json = object(value, path);
  const list = <Item>(name: string, read: (entry: Json, path: string) => Item): Item[] =>
    array(json[name], `${path}.${name}`).map((entry, index) => {
      const place = `${path}.${name}[${index}]`;
      return read(object(entry, place), place);
    });
  return {
    ...(json['open'] !== undefined && {open: integer(json['open'], `${path}.open`)}),
    looked: integer(json['looked'], `${path}.looked`),
    unknown: integer(json['unknown'], `${path}.unknown`),
    held: list('held', heldFile),
    gpu: list('gpu', gpuClient),
    files: list('files', openFile),
  };
}

const openedOf = (json: Json, path: string): Omit<OpenFile, 'size'> => ({
  name: string(json['name'], `${path}.name`),
  ...(json['dev'] !== undefined && {dev: matching(json['dev'], /^[\da-f]{2,}:[\da-f]{2,}$/, `${path}.dev`, 'fe:00')}),
  inode: matching(json['inode'], /^\d{1,20}$/, `${path}.inode`, '1'),
  descriptors: integer(json['descriptors'], `${path}.descriptors`),
  fd: integer(json['fd'], `${path}.fd`),
});

function heldFile(json: Json, path: string): HeldFile {
  const kind = HELD_KINDS.find((each) => each === json['kind']);
  if (!kind) throw unusable(`${path}.kind is not one of ${HELD_KINDS.join(', ')}`);
  return {
    kind,
    ...openedOf(json, path),
    bytes: integer(json['bytes'], `${path}.bytes`),
    ...(json['exporter'] !== undefined && {exporter: string(json['exporter'], `${path}.exporter`)}),
  };
}

const openFile = (json: Json, path: string): OpenFile => ({
  ...openedOf(json, path),
  size: integer(json['size'], `${path}.size`),
  ...(json['bytes'] !== undefined && {bytes: integer(json['bytes'], `${path}.bytes`)}),
});

function gpuClient(json: Json, path: string): GpuClient {
  const memory = Object.entries(object(json['memory'], `${path}.memory`)).filter(([name]) => isOwnName(name));
  return {
    driver: string(json['driver'], `${path}.driver`),
    ...(json['device'] !== undefined && {device: string(json['device'], `${path}.device`)}),
    client: matching(json['client'], /^\d{1,20}$/, `${path}.client`, '7'),
    descriptors: integer(json['descriptors'], `${path}.descriptors`),
    memory: Object.fromEntries(memory.map(([name, sums]) => [name, gpuMemory(sums, `${path}.memory.${name}`)])),
  };
}

const GPU_SUMS = ['total', 'shared', 'resident', 'purgeable', 'active'] as const;

function gpuMemory(value: unknown, path: string): GpuMemory {
  const json = object(value, path);
  const known = GPU_SUMS.filter((name) => json[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, integer(json[name], `${path}.${name}`)]));
}
