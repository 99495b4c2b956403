import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {Trouble} from '../../../src/model/trouble.ts';
import {findGroup, readGroup} from '../../../src/procfs/host/group.ts';
import {folder} from '../../helpers/listings.ts';

test('a cgroup that goes away while it is read is gone', (t) => {
  const root = folder(t);
  mkdirSync(`${root}/self`);
  mkdirSync(`${root}/tree/a`, {recursive: true});
  writeFileSync(`${root}/self/mountinfo`, `30 1 0:25 / ${root}/tree rw - cgroup2 cgroup2 rw\n`);
  writeFileSync(`${root}/tree/a/memory.current`, '4096\n');
  writeFileSync(`${root}/tree/a/memory.stat`, 'anon 4096\n');
  const found = findGroup({kind: 'cgroup', id: '/a'}, root);
  t.like(readGroup(found), {usage: 4096, path: '/a', version: 2});
  rmSync(`${root}/tree/a`, {recursive: true});
  const error = t.throws(() => readGroup(found), {instanceOf: Trouble});
  t.like(error, {kind: 'gone', why: 'the cgroup /a was removed while it was read.'});
  t.throws(() => findGroup({kind: 'cgroup', id: '/a'}, root), {message: 'Cannot find cgroup:/a.'});
});

test('a cgroup whose memory is a FIFO or a directory is not read for ever', (t) => {
  const root = folder(t);
  mkdirSync(`${root}/self`);
  mkdirSync(`${root}/tree/a/memory.current`, {recursive: true});
  writeFileSync(`${root}/self/mountinfo`, `30 1 0:25 / ${root}/tree rw - cgroup2 cgroup2 rw\n`);
  const found = findGroup({kind: 'cgroup', id: '/a'}, root);
  t.like(
    t.throws(() => readGroup(found), {instanceOf: Trouble}),
    {kind: 'input'},
  );
});
