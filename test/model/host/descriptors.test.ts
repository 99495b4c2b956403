import test from 'ava';
import fc from 'fast-check';
import {
  type Descriptors,
  fileKey,
  type GpuClient,
  HELD_KINDS,
  type HeldFile,
  heldTogether,
} from '../../../src/model/host/descriptors.ts';

/** What a file is follows from its number: a machine has it once, whoever has it open. */
const file = (number: number): HeldFile => ({
  kind: HELD_KINDS[number % HELD_KINDS.length]!,
  name: `file ${number}`,
  ...(number % 4 !== 3 && {dev: `00:0${(number % 3) + 1}`}),
  inode: String(Math.floor(number / 5)),
  bytes: number * 4096,
  descriptors: 1,
  fd: number,
});

const client = (number: number): GpuClient => ({
  driver: 'xe',
  device: `0000:0${number % 2}:00.0`,
  client: String(number >> 1),
  descriptors: 1,
  memory: {vram0: {resident: number * 4096}, system: {total: 1}},
});

const process = fc
  .record({
    held: fc.uniqueArray(fc.nat(40), {maxLength: 12}),
    gpu: fc.uniqueArray(fc.nat(10), {maxLength: 4}),
    mapped: fc.array(fc.nat(40), {maxLength: 6}),
  })
  .map(({held, gpu, mapped}) => ({
    descriptors: {open: 99, looked: 99, unknown: 0, held: held.map(file), gpu: gpu.map(client), files: []},
    mapped: new Set(mapped.map((number) => fileKey(file(number)))),
  }));

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

test('each file counts once, mapped or not, and each client of a GPU once', (t) => {
  fc.assert(
    fc.property(fc.array(process, {maxLength: 6}), (processes) => {
      const keys = new Set(processes.flatMap(({mapped}) => [...mapped]));
      const all: Descriptors[] = processes.map(({descriptors}) => descriptors);
      const {unmapped, mapped, files, gpu} = heldTogether(all, (key) => keys.has(key));
      const distinct = new Map<string, HeldFile>();
      for (const each of all.flatMap(({held}) => held))
        if (!distinct.has(fileKey(each))) distinct.set(fileKey(each), each);
      t.is(unmapped + mapped, sumOf([...distinct.values()].map(({bytes}) => bytes)));
      t.is(unmapped, sumOf([...files.values()].map(({bytes}) => bytes)));
      t.true([...files.keys()].every((key) => distinct.has(key) && !keys.has(key)));
      const clients = new Set(all.flatMap((each) => each.gpu.map(({device, client: id}) => `${device} ${id}`)));
      t.is(gpu['vram0'] ?? 0, sumOf([...clients].map((id) => 4096 * (Number(id.split(' ')[1]) * 2 + Number(id[6])))));
      t.is(gpu['system'], undefined, 'nothing is said of what is resident there');
    }),
  );
});

test('whoever is looked at twice changes nothing', (t) => {
  fc.assert(
    fc.property(fc.array(process, {maxLength: 4}), (processes) => {
      const all = processes.map(({descriptors}) => descriptors);
      const keys = new Set(processes.flatMap(({mapped}) => [...mapped]));
      const has = (key: string): boolean => keys.has(key);
      t.deepEqual(heldTogether([...all, ...all], has), heldTogether(all, has));
    }),
  );
});
