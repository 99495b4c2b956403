import fc from 'fast-check';
import {GROUPINGS, type ProcessRow, UNREAD} from '../../../src/model/host/processes.ts';
import type {Host} from '../../../src/procfs/host/host.ts';
import {nextPicture, type TopPicture} from '../../../src/features/top/picture.ts';
import {firstView, SORTS, type TopState, type View} from '../../../src/features/top/screen/view.ts';

const bytes = fc.integer({min: 0, max: 2 ** 36}).map((each) => each - (each % 1024));
/** Names from outside: long, hostile, wide. */
const names = fc.constantFrom('node', 'a b', '\x1b[31mred', '漢字の名前', '', 'x'.repeat(60), '\u202egnp.exe');
const maybe = fc.option(names, {nil: undefined});

const processes: fc.Arbitrary<ProcessRow> = fc
  .record({
    pid: fc.integer({min: 1, max: 40}),
    startTime: fc.integer({min: 1, max: 2}),
    name: names,
    title: maybe,
    user: fc.constantFrom('root', 'nobody', '1000'),
    unit: maybe,
    container: maybe,
    cgroup: maybe,
    threads: fc.integer({min: 1, max: 1000}),
    size: bytes,
    rss: bytes,
    swap: fc.constantFrom(0, 0, 4096),
    pss: bytes,
    privateDirty: bytes,
    regions: fc.integer({min: 1, max: 65530}),
    readAt: fc.integer({min: 0, max: 1000}),
    unread: fc.option(fc.constantFrom(...UNREAD), {nil: undefined, freq: 3}),
    late: fc.option(fc.constantFrom('budget' as const), {nil: undefined, freq: 3}),
  })
  .map((row) => (row.unread ? {...row, pss: undefined, privateDirty: undefined, late: undefined} : row));

/** What one look at a machine gave. */
const hosts: fc.Arbitrary<Host> = fc
  .record({
    rows: fc.uniqueArray(processes, {maxLength: 40, selector: ({pid}) => pid}),
    ms: fc.nat(500),
    stallMs: fc.double({min: 0, max: 3000, noNaN: true}),
    hidden: fc.nat(3),
    isHiding: fc.boolean(),
    available: fc.option(bytes, {nil: undefined}),
  })
  .map(({rows, ms, stallMs, hidden, isHiding, available}) => ({
    rows,
    now: 1000,
    ms,
    stallMs,
    longestMs: stallMs / 2,
    read: rows.filter(({unread, late}) => !unread && !late).length,
    kept: rows.filter(({late}) => late).length,
    heldEarlier: 0,
    ended: 0,
    hidden,
    isHiding,
    denied: undefined,
    maxMapCount: 65530,
    memory: available === undefined ? {} : {ram: 2 ** 37, available, swap: 4096, swapFree: 0},
  }));

/** Several samples, one after the other. */
export const samples = fc.array(hosts, {minLength: 1, maxLength: 5});

export const pictureOf = (all: readonly Host[]): TopPicture =>
  all.reduce<TopPicture | undefined>((picture, host, index) => nextPicture(picture, host, index * 2000), undefined)!;

const groupings = fc.constantFrom(...GROUPINGS.map((by) => (by === 'process' ? undefined : by)));

const views: fc.Arbitrary<View> = fc
  .record({
    sort: fc.constantFrom(...SORTS),
    isReversed: fc.boolean(),
    filter: fc.constantFrom('', 'node', '/(/', 'zzz'),
    isTyping: fc.boolean(),
    by: groupings,
    scroll: fc.nat(50),
    selected: fc.constantFrom(undefined, '3 1', '7 2', 'user root'),
    help: fc.option(fc.nat(30), {nil: undefined, freq: 5}),
    isPaused: fc.boolean(),
    said: fc.constantFrom(undefined, undefined, 'Cannot read \x1b[31m.'),
  })
  .map((view) => ({...firstView('pss', view.by), ...view}));

export const states: fc.Arbitrary<TopState> = fc
  .record({
    all: samples,
    view: views,
    minSize: fc.constantFrom(0, 2 ** 30),
    duty: fc.option(fc.double({min: 0, max: 1, noNaN: true}), {nil: undefined}),
    since: fc.option(fc.nat(9), {nil: undefined}),
    hasKeys: fc.boolean(),
  })
  .map(({all, ...state}) => ({...state, picture: pictureOf(all)}));
