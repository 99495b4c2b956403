import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import test from 'ava';
import {capabilityNames, hasCapability, parseCredentials} from '../../../src/parse/proc/status.ts';
import {testIf} from '../../helpers/tools.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

test('our own credentials are those that Node knows', (t) => {
  const {uids, gids} = parseCredentials(readFileSync('/proc/self/status'))!;
  t.deepEqual(
    [uids[0], uids[1], gids[0], gids[1]],
    [process.getuid!(), process.geteuid!(), process.getgid!(), process.getegid!()],
  );
});

testIf('capsh')('each capability has the name that capsh gives it', (t) => {
  for (let bit = 0; bit <= 40; bit++) {
    const set = 1n << BigInt(bit);
    const theirs = execFileSync('capsh', [`--decode=${set.toString(16)}`], {encoding: 'utf8'})
      .trim()
      .split('=')[1];
    t.deepEqual(capabilityNames(set), [theirs!.toUpperCase()]);
  }
});

test('a set is read bit for bit, and a bit without a name is shown by its number', (t) => {
  const {permitted, effective} = parseCredentials(
    bytes('Uid:\t1 2 3 4\nGid:\t5 6 7 8\nCapPrm:\t8000000000080000\nCapEff:\t0000000000000000\n'),
  )!;
  t.deepEqual(capabilityNames(permitted), ['CAP_SYS_PTRACE', 'CAP_63']);
  t.true(hasCapability(permitted, 'SYS_PTRACE'));
  t.false(hasCapability(effective, 'SYS_PTRACE'));
});

test('what says nothing of users gives nothing; a forged second line does not count', (t) => {
  for (const text of ['', 'Uid:\n', 'Uid: a b c d\nGid: 1 1 1 1\n', 'Uid: 1 1 1\nGid: 1 1 1 1\n'])
    t.is(parseCredentials(bytes(text)), undefined);
  t.deepEqual(parseCredentials(bytes('Uid: 1 1 1 1\nGid: 1 1 1 1\nUid: 0 0 0 0\n'))?.uids, [1, 1, 1, 1]);
});
