import test from 'ava';
import {isSamePurpose, type Region} from '../../src/model/region.ts';
import {isAlike, isContinued, isSameImage, isSameLine, isSameProcess} from '../../src/model/same.ts';
import {region} from './regions.ts';

const FILE = {dev: 'fe:00', inode: '77', name: '/lib/x.so', offset: 0x1000};
const file = region(0x1000, 0x3000, 'r--p', FILE);
const anonymous = region(0x1000, 0x3000, 'rw-p');

test('a line is the same only if all of it is', (t) => {
  t.true(isSameLine(file, {...file, kind: 'text', usage: {rss: 4096}}), 'what smaps and memmap say is not in it');
  const others: ReadonlyArray<Partial<Region>> = [
    {start: 0},
    {end: 0x2000},
    {perms: 'r-xp'},
    {offset: 0},
    {dev: 'fe:01'},
    {inode: '78'},
    {name: '/lib/y.so'},
    {nameBase64: 'AA=='},
  ];
  for (const other of others) t.false(isSameLine(file, {...file, ...other}), JSON.stringify(other));
});

test('a purpose is kind, label and why', (t) => {
  const elsewhere: Region = {...file, start: 0, name: ''};
  t.true(isSamePurpose(file, elsewhere));
  t.false(isSamePurpose(file, {...file, label: 'relro of x.so'}));
  t.false(isSamePurpose(file, {...file, confidence: 'guess'}));
});

test('mappings are alike wherever they lie', (t) => {
  t.true(isAlike(file, {...file, start: 0x8000, end: 0x9000, offset: 0}));
  t.false(isAlike(file, {...file, perms: 'r-xp'}));
});

test('a region goes on in another if both are of one file, or of none and not differently named', (t) => {
  t.true(isContinued(file, {...file, perms: 'r-xp', offset: 0x2000, name: '/lib/x.so (deleted)'}));
  t.false(isContinued(file, {...file, inode: '78'}), 'another file');
  t.false(isContinued(file, anonymous));
  t.false(isContinued(anonymous, {...anonymous, perms: 'rw-s'}), 'mprotect(2) shares nothing');
  t.true(isContinued(anonymous, {...anonymous, name: '[heap]'}), 'a label came');
  t.true(isContinued({...anonymous, name: '[anon:a]'}, {...anonymous, name: '[anon:b]'}), 'prctl(2) renamed it');
  t.false(isContinued({...anonymous, name: '[heap]'}, {...anonymous, name: '[stack]'}));
});

test('a pid that is used again is another process, and exec makes another image of the same one', (t) => {
  const process = {pid: 7, startTime: 100, bootId: 'b', startCode: '4096', startStack: '8192'};
  t.true(isSameProcess(process, {...process, startCode: '0'}));
  t.false(isSameProcess(process, {...process, startTime: 101}));
  t.false(isSameProcess(process, {...process, bootId: 'c'}));
  t.true(isSameImage(process, {...process}));
  t.false(isSameImage(process, {...process, startStack: '0'}));
});
