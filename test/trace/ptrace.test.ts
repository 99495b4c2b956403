import fc from 'fast-check';
import test from 'ava';
import {HEAD, RECORD, registerAt, REGISTERS_SIZE} from '../../src/trace/ptrace/layout.ts';
import {RecordReader} from '../../src/trace/ptrace/records.ts';
import {tracerRefusal} from '../../src/trace/ptrace/why-not.ts';

/** What the tracer sends of a call. */
function callOf(tid: number, stack: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD.size + REGISTERS_SIZE + stack.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(HEAD.kind, RECORD.call, true);
  view.setInt32(HEAD.tid, tid, true);
  view.setBigInt64(HEAD.value, BigInt(stack.length), true);
  view.setBigInt64(HEAD.size + registerAt('ax'), -12n, true);
  view.setBigInt64(HEAD.size + registerAt('number'), 9n, true);
  bytes.set(stack, HEAD.size + REGISTERS_SIZE);
  return bytes;
}

test('however the stream is cut, the records are the same', (t) => {
  const one = fc.record({tid: fc.nat(), stack: fc.uint8Array({maxLength: 300})});
  fc.assert(
    fc.property(fc.array(one, {maxLength: 20}), fc.array(fc.integer({min: 1, max: 700})), (records, cuts) => {
      const all = Buffer.concat(records.map(({tid, stack}) => callOf(tid, stack)));
      const reader = new RecordReader();
      const found = [];
      for (let at = 0, i = 0; at < all.length; i++) {
        const size = cuts[i] ?? all.length;
        found.push(...reader.add(all.subarray(at, at + size)));
        at += size;
      }
      t.deepEqual(
        found.map(({tid, call}) => ({
          tid,
          stack: [...(call!.stack ?? [])],
          result: call!.result,
          number: call!.number,
        })),
        records.map(({tid, stack}) => ({tid, stack: [...stack], result: -12, number: 9})),
      );
    }),
  );
});

test('each refusal says why, and what to do next', (t) => {
  const said: ReadonlyArray<readonly [number, boolean, number | undefined, RegExp, RegExp]> = [
    [1, false, undefined, /another tracer/, /outside of the tracer/],
    [1, false, 2, /ptrace_scope is 2/, /sudo/],
    [1, false, 3, /ptrace_scope is 3/, /perf events/],
    [1, true, undefined, /seccomp/, /SYS_PTRACE/],
    [5, false, undefined, /Linux 5\.3/, /perf events/],
    [38, true, undefined, /ENOSYS/, /perf events/],
    [99, false, undefined, /errno 99/, /perf events/],
  ];
  for (const [errno, isFiltered, scope, why, next] of said) {
    const trouble = tracerRefusal(42, errno, {isFiltered}, scope);
    t.is(trouble.kind, 'denied');
    t.regex(trouble.why, why);
    t.regex(trouble.next, next);
  }
});
