import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import type {ExecutionContext} from 'ava';
import type {Observed} from '../../src/model/host/observer.ts';
import {regionJSON, type Region} from '../../src/model/region.ts';
import {parseListing} from '../../src/parse/reader.ts';
import {Session} from '../../src/procfs/sampling/session.ts';
import {readRecording} from '../../src/recording/recording.ts';
import {python} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
import {testIf} from '../helpers/tools.ts';
import {beginRecording} from './recorder.ts';

/** A Python that makes, names, writes to and unmaps memory, and starts threads, as a seed says. */
const CHURN = `
import random, tempfile, threading
maps = []
files = []
folder = tempfile.mkdtemp()
def churn(seed):
    r = random.Random(seed)
    for _ in range(r.randrange(1, 8)):
        act = r.randrange(6)
        if act == 0 or not maps:
            maps.append(mmap.mmap(-1, 4096 * r.randrange(1, 40)))
        elif act == 1:
            m = maps[r.randrange(len(maps))]
            for at in range(0, len(m), 4096):
                if r.random() < 0.5: m[at] = 1
        elif act == 2:
            maps.pop(r.randrange(len(maps))).close()
        elif act == 3:
            name = os.path.join(os.fsencode(folder), b"f\\xff\\x1b[31m " + str(seed).encode())
            with open(name, "wb+") as f:
                f.truncate(4096 * 3)
                files.append(mmap.mmap(f.fileno(), 0))
            if r.random() < 0.5: os.unlink(name)
        elif act == 4:
            threading.Thread(target=os.read, args=(os.pipe()[0], 1), daemon=True).start()
        else:
            m = maps[r.randrange(len(maps))]
            m.madvise(mmap.MADV_DONTFORK)
`;

const LOOKS = 60;

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What the kernel says of a region, without what memmap made of it: its kind, and figures without memmap. */
const asListed = (region: Region, observed?: Observed): Region => ({
  ...region,
  usage: region.usage && {
    ...region.usage,
    ...observed?.kernel.regions.find(({start}) => start === region.start)?.usage,
  },
  kind: 'anon',
  label: undefined,
  evidence: undefined,
  confidence: undefined,
});

/** ava's own comparison takes long for so much. */
function same(t: ExecutionContext, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(plain(actual), plain(expected))) t.pass();
  else t.deepEqual(plain(actual), plain(expected));
}

for (const [name, every] of [
  ['smaps at each look', 1],
  ['smaps now and then', 5],
  ['never smaps', 0],
] as const) {
  testIf('python3')(`each moment is rebuilt as the kernel listed it: ${name}`, async (t) => {
    const child = await python(t, CHURN);
    const path = join(folder(t), 'churn.jsonl');
    let listing = Buffer.alloc(0);
    const session = new Session(child.pid, {
      // A look that is due reads smaps whatever was spent; the others don't, however slow this machine is.
      maxDuty: every === 0 ? 0 : 1e-9,
      maxStall: 10_000,
      onListing: (bytes) => (listing = Buffer.from(bytes)),
    });
    t.teardown(() => session.close());
    const {writer, close} = beginRecording(path, session.snapshot);
    const seen: Array<{
      listing: Buffer;
      regions: unknown;
      status: object;
      clues: unknown;
      moment: number;
      observed: Observed | undefined;
    }> = [];
    const note = async (): Promise<void> => {
      const status = session.status()!;
      await writer.look(session.snapshot, status, listing.length);
      seen.push({
        listing,
        regions: session.snapshot.regions.map(regionJSON),
        status,
        clues: session.snapshot.toJSON()['clues'],
        moment: writer.moments - 1,
        observed: session.snapshot.observed,
      });
    };
    await note();
    for (let look = 1; look < LOOKS; look++) {
      if (look % 3 > 0) await child.ask(`churn(${look})`);
      t.is(session.look(every > 0 && look % every === 0).saw, 'process');
      await note();
    }
    await writer.end('count', session.cost);
    await close();

    const recording = readRecording(path);
    t.true(recording.isWhole);
    t.is(recording.looks, LOOKS);
    t.is(
      recording.end!.listings,
      seen.reduce((sum, each) => sum + each.listing.length, 0),
    );
    // In order, backwards, and here and there: how one gets to a moment makes no difference.
    const all = [...seen.keys()];
    let compared = 0;
    for (const index of [...all, ...[...all].reverse(), ...all.map((each) => (each * 37) % LOOKS)]) {
      const {listing: bytes, regions, status, clues, moment, observed} = seen[index]!;
      const snapshot = recording.snapshot(moment);
      const kernel = parseListing(bytes, 'proc', 'later').regions;
      same(
        t,
        snapshot.regions.map((region) => asListed(region, observed)),
        kernel.map((region) => asListed(region)),
      );
      same(t, snapshot.regions.map(regionJSON), regions);
      same(t, snapshot.status, status);
      same(t, snapshot.toJSON()['clues'], clues);
      compared += kernel.length;
    }
    if (every > 0) t.true(recording.moments.some(({hasUsage}) => hasUsage));
    if (every !== 1) t.true(recording.moments.some(({hasUsage}) => !hasUsage));
    t.true(new Set(recording.moments.map(({index}) => recording.status(index)['threads'])).size > 1);
    t.true(recording.moments.some(({index}) => recording.snapshot(index).regions.some(({nameBase64}) => nameBase64)));
    t.log(`${compared} regions compared; ${readFileSync(path).length} bytes for ${recording.end!.listings}`);
  });
}
