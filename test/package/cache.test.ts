import {chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {copyPackage, type Ran, run} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {ROOT, testIf} from '../helpers/tools.ts';

const LISTING = `${process.cwd()}/test/fixtures/maps/python3.txt`;

/** memmap as it is installed, in a place of its own, without a code cache. */
function installed(t: ExecutionContext): string {
  const place = folder(t);
  chmodSync(place, 0o755);
  copyPackage(place, ['bin', 'bundle', 'oclif.manifest.json', 'package.json']);
  return place;
}

const show = (place: string, env: NodeJS.ProcessEnv = {}, as: readonly string[] = []): Promise<Ran> => {
  const [command, ...words] = [...as, process.execPath, join(place, 'bin/run.js'), 'show', LISTING];
  return run(command, words, {env: {HOME: join(place, 'home'), XDG_CACHE_HOME: '', ...env}});
};

const caches = (place: string): string[] =>
  readdirSync(join(place, 'bundle')).filter((name) => name.startsWith('cache-'));

test('the first runs of a command write its code cache, and later ones leave it alone', async (t) => {
  const place = installed(t);
  const {stdout} = await show(place);
  t.is(caches(place).length, 1);
  const file = join(place, 'bundle', caches(place)[0]!);
  t.is(statSync(file).mode & 0o022, 0);
  for (let run = 0; run < 3; run++) await show(place);
  const {ino, mtimeMs} = statSync(file);
  t.is((await show(place)).stdout, stdout);
  t.deepEqual([statSync(file).ino, statSync(file).mtimeMs], [ino, mtimeMs]);
  t.is(caches(place).length, 1, 'and no temporary file is left');
});

test('a cache of another bundle, of nobody, or cut short changes nothing but the time', async (t) => {
  const place = installed(t);
  const {stdout} = await show(place);
  const file = join(place, 'bundle', caches(place)[0]!);
  const whole = readFileSync(file);
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('nonsense'),
    whole.subarray(0, 70),
    whole.subarray(0, whole.length / 2),
    Buffer.concat([Buffer.from('//0000'), whole.subarray(6)]),
    Buffer.concat([whole.subarray(0, 68), Buffer.from('not what V8 wrote')]),
  ]) {
    writeFileSync(file, bytes);
    const ran = await show(place);
    t.deepEqual([ran.code, ran.stdout, ran.stderr], [0, stdout, ''], `${bytes.length} bytes`);
    t.true(readFileSync(file).length > whole.length / 2, 'it was written again');
  }
});

test('a run that could not do its work writes none', async (t) => {
  const place = installed(t);
  const ran = await run(process.execPath, [join(place, 'bin/run.js'), 'show', './missing']);
  t.is(ran.code, 6);
  t.deepEqual(caches(place), []);
});

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

testIf(ROOT, 'setpriv')(
  'where the installation is not the user’s, the cache is in the user’s own directory',
  async (t) => {
    const place = installed(t);
    const home = join(place, 'home');
    mkdirSync(home, {mode: 0o777});
    chmodSync(home, 0o777);
    const {stdout} = await show(place, {}, NOBODY);
    t.deepEqual(caches(place), []);
    const own = join(home, '.cache/memmap');
    t.is(readdirSync(own).length, 1);
    t.is(statSync(own).mode & 0o777, 0o700);
    for (let run = 0; run < 3; run++) await show(place, {}, NOBODY);
    const file = join(own, readdirSync(own)[0]!);
    const {mtimeMs} = statSync(file);
    t.is((await show(place, {}, NOBODY)).stdout, stdout);
    t.is(statSync(file).mtimeMs, mtimeMs);
    // root runs nobody's code, and puts none where HOME says.
    await show(place);
    t.is(statSync(file).mtimeMs, mtimeMs);
    t.is(caches(place).length, 1);
    // One that others could have written is not used, nor is one in a directory that is open to them.
    chmodSync(join(place, 'bundle', caches(place)[0]!), 0o666);
    chmodSync(own, 0o777);
    t.is((await show(place, {}, NOBODY)).stdout, stdout);
    for (const env of [{HOME: '/proc'}, {HOME: ''}, {HOME: 'relative'}, {XDG_CACHE_HOME: '/nonexistent'}])
      t.deepEqual({...(await show(place, env, NOBODY)), stderr: ''}, {code: 0, signal: null, stdout, stderr: ''});
  },
);
