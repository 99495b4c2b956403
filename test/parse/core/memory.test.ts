import fc from 'fast-check';
import test from 'ava';
import {CoreMemory} from '../../../src/parse/core/memory.ts';

const PAGE = 4096;
const START = 0x7f12_3450_0000;

/** A page of a core: zeros or not, dumped or not. */
type Page = 'data' | 'zeros' | 'absent';

interface Laid {
  readonly file: Uint8Array;
  readonly memory: CoreMemory;
}

/** A core of these pages: what follows one another and was dumped is a segment. */
function lay(pages: readonly Page[], cut: number): Laid {
  const file = new Uint8Array(pages.filter((page) => page !== 'absent').length * PAGE);
  const segments: Array<{start: number; end: number; offset: number}> = [];
  let offset = 0;
  for (const [index, page] of pages.entries()) {
    if (page === 'absent') continue;
    const start = START + index * PAGE;
    if (page === 'data') file[offset + 77] = 1;
    const last = segments.at(-1);
    if (last?.end === start) last.end += PAGE;
    else segments.push({start, end: start + PAGE, offset});
    offset += PAGE;
  }
  const size = Math.max(0, file.length - cut);
  const whole = segments.map((segment) => {
    const length = segment.end - segment.start;
    const dumped = Math.max(0, Math.min(length, size - segment.offset));
    return {...segment, access: 'rw-', size: length, dumped};
  });
  const read = (at: number, length: number): Uint8Array => file.subarray(at, Math.min(size, at + length));
  return {file: file.subarray(0, size), memory: new CoreMemory(read, whole)};
}

test('what counts as resident in a core: pages that were dumped and are not zeros, wherever one asks', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom<Page>('data', 'zeros', 'absent'), {minLength: 1, maxLength: 300}),
      fc.array(fc.tuple(fc.nat(300 * PAGE), fc.nat(40 * PAGE)), {minLength: 1, maxLength: 12}),
      (pages, asked) => {
        const {memory} = lay(pages, 0);
        for (const [from, length] of asked) {
          let expected = 0;
          for (const [index, page] of pages.entries()) {
            const both = Math.min(from + length, (index + 1) * PAGE) - Math.max(from, index * PAGE);
            if (page === 'data' && both > 0) expected += both;
          }
          t.is(memory.residentIn(START + from, START + from + length), expected);
        }
      },
    ),
    {numRuns: 60},
  );
});

test('a core that is cut off in a page: what it has of that page counts', (t) => {
  const {memory, file} = lay(['data', 'data', 'data'], PAGE + 1000);
  t.is(file.length, 2 * PAGE - 1000);
  t.is(memory.residentIn(START, START + 3 * PAGE), 2 * PAGE - 1000);
  t.is(memory.residentIn(START + 2 * PAGE - 1000, START + 3 * PAGE), 0);
});
