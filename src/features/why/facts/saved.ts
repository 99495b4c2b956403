import {counted} from '../../../model/amounts.ts';
import {MEASURES} from '../../../model/measures.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import {Trouble} from '../../../model/trouble.ts';
import type {Input} from '../../../input/input.ts';
import {open, readInput} from '../../../input/open.ts';
import type {Recording} from '../../../recording/recording.ts';
import {growthOfListings} from '../../growth/listings.ts';
import {growthOfRecording} from '../../growth/target.ts';
import {Heap} from '../../heap/heap.ts';
import {lookAtHeap, USUAL_RATE} from '../../heap/target.ts';
import type {Facts, Missing} from './facts.ts';
import {clause, type Gathered, type WhyOptions} from './process.ts';

const LEAST = 64 * 1024;

/** What a file says: a core, a listing, one moment, or a whole recording. @throws Trouble `input` */
export async function gatherFile(
  input: Exclude<Input, {is: 'process'}>,
  name: string,
  options: WhyOptions,
): Promise<Gathered> {
  // Standard input can be read only once.
  const opened = await open(input);
  if (opened.is === 'recording') return gatherRecording(opened.recording, name, options);
  const snapshot = opened.is === 'process' ? await readInput(input) : opened.read();
  const isCore = /^(core|minidump)$/.test(snapshot.source.format);
  const missing: Missing[] = [
    {
      what: 'growth',
      why: 'it is one moment',
      next: isCore ? 'memmap record PID, before it ends' : 'memmap growth FILE FILE …, with listings of other moments',
    },
    ...unread(snapshot, isCore),
    ...unused(snapshot),
  ];
  const heap = isCore ? await heapOfFile(name, missing) : undefined;
  const facts: Facts = {subject: isCore ? 'core' : 'listing', name, snapshot, heap, hasEnded: false, missing};
  return {facts, remarks: {source: snapshot.source, rejected: snapshot.rejected, notes: []}};
}

/** Lines of a file that were not understood are not in its sums. */
const unused = ({rejected}: Pick<Snapshot, 'rejected'>): Missing[] =>
  rejected.length === 0
    ? []
    : [
        {
          what: 'a part of the file',
          why: `${counted(rejected.length, 'line')} of it ${rejected.length === 1 ? 'was' : 'were'} not used`,
          next: 'memmap show FILE says why',
        },
      ];

function unread(snapshot: Snapshot, isCore: boolean): Missing[] {
  const list: Missing[] = [];
  if (MEASURES.rss.ofTotals(snapshot.totals) === undefined)
    list.push({
      what: 'resident memory',
      why: isCore
        ? 'a core has what was dumped, not what was resident'
        : 'the listing has sizes of address space alone',
      next: 'cat /proc/PID/smaps > FILE, of the process while it lives',
    });
  if (!isCore && snapshot.source.from !== 'snapshot')
    list.push({
      what: "limits, descriptors and malloc's books",
      why: 'a listing has regions alone',
      next: 'memmap why PID where the process lives; memmap snapshot PID -o FILE has all but the books',
    });
  return list;
}

async function heapOfFile(name: string, missing: Missing[]): Promise<Heap | undefined> {
  try {
    const heap = await lookAtHeap(name, {root: '/proc', maxRate: USUAL_RATE, children: false});
    return heap instanceof Heap ? heap : undefined;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    missing.push({what: "malloc's books", why: clause(error), next: error.next});
    return undefined;
  }
}

/** A recording is judged by itself. */
function gatherRecording(recording: Recording, name: string, {children}: WhyOptions): Gathered {
  const {growth, last, family, heap, hasCalls, notes, rejected} = growthOfRecording(recording, name, {
    children,
    heap: false,
    measure: 'rss',
    least: LEAST,
  });
  const missing = [
    {
      what: heap ? 'limits and descriptors' : "malloc's books, limits and descriptors",
      why: heap ? 'a recording does not have them' : 'the recording does not have them',
      next: heap
        ? 'memmap why PID while the process lives'
        : 'memmap why PID while it lives; record --heap notes the books',
    },
    ...unused({rejected}),
  ];
  return {
    remarks: {source: {name}, rejected, notes},
    facts: {
      subject: 'recording',
      name,
      snapshot: last,
      growth,
      books: heap,
      hasCalls,
      familyGrowth: family,
      hasEnded: false,
      missing,
    },
  };
}

/** Listings that were saved one after another. @throws Trouble `input`, `usage` */
export async function gatherSeries(words: readonly string[], {root}: WhyOptions): Promise<Gathered> {
  const {growth, last, notes, rejected} = await growthOfListings(words, {
    measure: 'rss',
    least: LEAST,
    root,
    times: undefined,
  });
  const name = words.length > 3 ? `${words[0]} … (${words.length} files)` : words.join(' ');
  const missing = unread(last, false);
  return {
    facts: {subject: 'series', name, snapshot: last, growth, hasEnded: false, missing},
    remarks: {source: {}, rejected, notes},
  };
}
