import test from 'ava';
import {Snapshot} from '../../src/model/snapshot.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {parse} from '../../src/parse/parse.ts';
import {bytesOf, counters, line} from './tools.ts';

const smaps = [
  line('00400000-00401000 r-xp 00002000 103:00 18446744073709551615', '/f/\xff\xfe  x ') +
    counters('Size 4', 'Rss 4', 'THPeligible            0', 'VmFlags rd ex ?? '),
  line('7f0000000000-7f0000001000 rw-p 00000000 00:00 0', '[anon:\xc3\xa0]') +
    counters('Size 4', 'Rss 0', 'Swap 4', 'THPeligible            1', 'VmFlags '),
  line('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0', '[vsyscall]') +
    counters('Size 4', 'Rss 0', 'VmFlags ex '),
].join('');

const snapshot = new Snapshot({
  source: {from: 'process', format: 'smaps'},
  regions: parse(bytesOf(smaps)).regions,
  takenAt: '2026-11-22T12:00:00.000Z',
  process: {
    pid: 12,
    ppid: 1,
    comm: 'x)\n',
    exe: '/bin/x',
    startTime: 99,
    bootId: 'b',
    state: 'S',
    threads: 2,
    uid: 0,
    startCode: '1',
    startStack: '18446744073709551615',
    startBrk: '0',
  },
  consistency: {torn: true, incomplete: true, reads: 3},
  status: {vmRss: 4096, name: 'x', kthread: false},
  rejected: [{line: 4, text: 'odd', why: 'not a line of maps'}],
  notes: ['A note.'],
});

type Json = Record<string, unknown>;
const document = (): Json => JSON.parse(JSON.stringify(snapshot.toJSON())) as Json;
const firstRegion = (root: Json): Json => (root['regions'] as Json[])[0]!;

test('a saved snapshot says what the snapshot said', (t) => {
  const back = parse(JSON.stringify(snapshot.toJSON()));
  t.deepEqual(back.regions, snapshot.regions);
  t.deepEqual(back.totals, snapshot.totals);
  for (const part of ['takenAt', 'process', 'consistency', 'status', 'rejected', 'notes'] as const)
    t.deepEqual(back[part], snapshot[part]);
  t.deepEqual(back.source, {from: 'snapshot', format: 'smaps'});
  t.deepEqual(JSON.parse(JSON.stringify(back.toJSON())), {...document(), source: {from: 'snapshot', format: 'smaps'}});
});

test('a saved snapshot may be indented, begin with a byte order mark, and say more than this version knows', (t) => {
  const later = {...document(), later: 1, process: {...(document()['process'] as Json), later: [1]}};
  for (const text of [
    JSON.stringify(document(), null, 2),
    `\ufeff \r\n\t${JSON.stringify(document())}\n`,
    JSON.stringify(later),
  ]) {
    t.deepEqual(parse(text).regions, snapshot.regions);
  }
});

test('a kind that this version does not know is decided again', (t) => {
  const root = document();
  firstRegion(root)['kind'] = 'jit-code';
  t.is(parse(JSON.stringify(root)).regions[0]?.kind, snapshot.regions[0]?.kind);
});

/** Each change makes the document a wrong one; the message must name the place. */
const WRONG: ReadonlyArray<[place: string, change: (root: Json) => void]> = [
  ['schema', (root) => (root['schema'] = 'memmap.diff/1')],
  ['schema', (root) => delete root['schema']],
  ['schema', (root) => (root['schema'] = 1)],
  ['regions', (root) => delete root['regions']],
  ['regions', (root) => (root['regions'] = {length: 1})],
  ['regions[1]', (root) => ((root['regions'] as unknown[])[1] = null)],
  ['regions[2]', (root) => ((root['regions'] as unknown[])[2] = [])],
  ['regions[1]', (root) => (root['regions'] as unknown[]).reverse()],
  ['regions[1]', (root) => ((root['regions'] as Json[])[1]!['start'] = '0x400000')],
  ['regions[0]', (root) => (firstRegion(root)['end'] = '0x3ff000')],
  ['regions[0].start', (root) => (firstRegion(root)['start'] = 0x400000)],
  ['regions[0].start', (root) => (firstRegion(root)['start'] = '400000')],
  ['regions[0].start', (root) => (firstRegion(root)['start'] = '0x')],
  ['regions[0].start', (root) => (firstRegion(root)['start'] = '0xffffffffff600001')],
  ['regions[0].end', (root) => (firstRegion(root)['end'] = '0x10000000000000000')],
  ['regions[0].end', (root) => delete firstRegion(root)['end']],
  ['regions[0].perms', (root) => (firstRegion(root)['perms'] = 'everything')],
  ['regions[0].perms', (root) => (firstRegion(root)['perms'] = 7)],
  ['regions[0].dev', (root) => (firstRegion(root)['dev'] = 8)],
  ['regions[0].inode', (root) => (firstRegion(root)['inode'] = 18)],
  ['regions[0].inode', (root) => (firstRegion(root)['inode'] = '0x12')],
  ['regions[0].name', (root) => (firstRegion(root)['name'] = {})],
  ['regions[0].nameBase64', (root) => (firstRegion(root)['nameBase64'] = null)],
  ['regions[0].kind', (root) => (firstRegion(root)['kind'] = 3)],
  ['regions[0].usage', (root) => (firstRegion(root)['usage'] = 4096)],
  ['regions[0].usage.rss', (root) => (firstRegion(root)['usage'] = {rss: '4096'})],
  ['regions[0].usage.rss', (root) => (firstRegion(root)['usage'] = {rss: null})],
  ['regions[0].usage.rss', (root) => (firstRegion(root)['usage'] = {rss: -1})],
  ['regions[0].usage.rss', (root) => (firstRegion(root)['usage'] = {rss: 0.5})],
  ['regions[0].flags', (root) => (firstRegion(root)['flags'] = 'rd ex')],
  ['regions[0].flags', (root) => (firstRegion(root)['flags'] = ['rd', 1])],
  ['regions[0].attributes.x', (root) => (firstRegion(root)['attributes'] = {x: 1})],
  ['source', (root) => (root['source'] = 'maps')],
  ['source.format', (root) => (root['source'] = {format: 1})],
  ['takenAt', (root) => (root['takenAt'] = 1_700_000_000)],
  ['process', (root) => (root['process'] = 12)],
  ['process.pid', (root) => (root['process'] = {pid: '12'})],
  ['process.comm', (root) => (root['process'] = {comm: {}})],
  ['consistency.torn', (root) => (root['consistency'] = {torn: 'no'})],
  ['status', (root) => (root['status'] = [])],
  ['status.vmRss', (root) => (root['status'] = {vmRss: {}})],
  ['rejected', (root) => (root['rejected'] = {})],
  ['rejected[0].line', (root) => (root['rejected'] = [{line: '4', text: '', why: ''}])],
  ['rejected[0].text', (root) => (root['rejected'] = [{line: 4}])],
  ['notes[0]', (root) => (root['notes'] = [1])],
];

for (const [index, [place, change]] of WRONG.entries()) {
  const root = document();
  change(root);
  test(`a snapshot that is wrong in ${place} is refused, and the place is named (${index + 1})`, (t) => {
    const error = t.throws(() => parse(JSON.stringify(root)), {instanceOf: Trouble});
    t.is(error?.kind, 'input');
    t.true(error?.why.includes(place), error?.why);
  });
}

test('JSON that is cut short is refused, wherever it is cut', (t) => {
  const text = JSON.stringify(document());
  for (let length = 1; length < text.length; length += 7) {
    t.is(t.throws(() => parse(text.slice(0, length)), {instanceOf: Trouble})?.kind, 'input');
  }
});

test('names that every object has do no harm in a saved snapshot', (t) => {
  const evil = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}';
  const inner = '"__proto__":1,"constructor":2,"toString":3,"rss":4096';
  const text = JSON.stringify(document())
    .replace('{', `{${evil},`)
    .replace('"process":{', `"process":{${evil},`)
    .replace('"consistency":{', '"consistency":{"__proto__":{"torn":false},')
    .replace('"status":{', `"status":{${inner},`)
    .replace(/"usage":\{[^}]*\}/, `"usage":{${inner}}`)
    .replace(/"attributes":\{[^}]*\}/, '"attributes":{"__proto__":"x","toString":"y","ok":"z"}');
  const {regions, status, process, consistency, totals} = parse(text);
  t.deepEqual({...regions[0]?.usage}, {rss: 4096});
  t.deepEqual({...regions[0]?.attributes}, {ok: 'z'});
  for (const object of [regions[0]?.usage, regions[0]?.attributes, status, process, consistency, totals, {}]) {
    t.is(typeof (object as object).toString, 'function');
    t.is((object as {polluted?: boolean}).polluted, undefined);
    t.is(Object.getPrototypeOf(object), Object.prototype);
  }
  t.true(Object.values(totals).every((value) => typeof value === 'number'));
});
