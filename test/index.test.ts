import test from 'ava';
import {run} from './helpers/cli.ts';
import {folder, TUTORIAL} from './helpers/listings.ts';

test('parse, capture and diff are there for who installs the package, with types, and no terminal behind them', async (t) => {
  const place = folder(t);
  const script = `
    import {parse, capture, diff, Snapshot, Trouble} from 'memmap';
    const [first, second] = ${JSON.stringify(TUTORIAL.slice(0, 2))};
    const changes = diff(parse(first), parse(new TextEncoder().encode(second)));
    const self = capture(process.pid);
    let refused; try { capture(4194304) } catch (error) { refused = error instanceof Trouble && error.kind }
    console.log(JSON.stringify({
      kinds: changes.changes.map((change) => change.kind), match: changes.match,
      schemas: [JSON.parse(JSON.stringify(self)).schema, JSON.parse(JSON.stringify(changes)).schema],
      isSnapshot: self instanceof Snapshot, comm: self.process.pid === process.pid, refused,
    }));`;
  await run('sh', ['-c', `mkdir -p node_modules && ln -s ${process.cwd()} node_modules/memmap`], {cwd: place});
  const {stdout, stderr} = await run(process.execPath, ['--input-type=module', '-e', script], {cwd: place});
  t.is(stderr, '');
  t.deepEqual(JSON.parse(stdout), {
    kinds: ['new', 'moved', 'moved', 'moved'],
    match: 'layout',
    schemas: ['memmap.snapshot/1', 'memmap.diff/1'],
    isSnapshot: true,
    comm: true,
    refused: 'gone',
  });
});
