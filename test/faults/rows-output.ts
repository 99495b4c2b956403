import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {clean, refused, type Row, type Scene} from './scene.ts';

const LISTING = 'test/fixtures/maps/python3.txt';
const MAPS = `${process.cwd()}/${LISTING}`;

/** Output that can't be written, or must not be written to that place. */
export const OUTPUT_ROWS: readonly Row[] = [
  {
    id: '26',
    fault: 'the reader of stdout goes away; stdout is closed',
    how: 'show, diff, snapshot | head -1; show >&-; watch | head -2',
    expected: '0, and nothing on stderr; closed: 7',
    run: async (scene) => {
      for (const call of [
        'show "$1"',
        'snapshot "$1"',
        'diff "$1" "$1" --json',
        'watch $$ --json --interval 10ms --for 300ms',
      ]) {
        const ran = await scene.bash(`$MEMMAP ${call} | head -c 20 >/dev/null; exit \${PIPESTATUS[0]}`, [MAPS]);
        assert.deepEqual([ran.code, ran.stderr], [0, ''], call);
      }
      const closed = await scene.bash('$MEMMAP show "$1" >&-', [MAPS]);
      clean(closed.stderr);
      assert.ok([0, 7].includes(closed.code!), `${closed.code}: ${closed.stderr}`);
      return `0 and silent; closed from the start: ${closed.code} (Node opens /dev/null in its place)`;
    },
  },
  {
    id: '27',
    fault: 'a slow reader, with more than a pipe holds',
    how: 'show --json of 20,000 regions | (sleep 1; cat)',
    expected: '0, every byte',
    needs: ['slow'],
    run: async (scene) => {
      const many = join(scene.folder(), 'many.txt');
      writeFileSync(
        many,
        Array.from(
          {length: 20_000},
          (_, i) =>
            `${(0x10000000 + i * 8192).toString(16)}-${(0x10001000 + i * 8192).toString(16)} rw-p 00000000 00:00 0 \n`,
        ).join(''),
      );
      const slow = await scene.bash('$MEMMAP show --json "$1" | (sleep 1; wc -c); $MEMMAP show --json "$1" | wc -c', [
        many,
      ]);
      const [a, b] = slow.stdout.trim().split('\n').map(Number);
      assert.equal(a, b);
      assert.ok(a! > 65_536 * 4);
      return `${a} bytes both times`;
    },
  },
  {
    id: '28',
    fault: 'a full device; a file size limit',
    how: 'show > /dev/full; snapshot -o --force under ulimit -f; both with stderr full too',
    expected: '7; the old file is untouched, no temporary file is left',
    run: async (scene) => {
      const full = await scene.bash('$MEMMAP show "$1" > /dev/full', [MAPS]);
      assert.equal(full.code, 7, full.stderr);
      assert.match(full.stderr, /no space is left/);
      assert.equal((await scene.bash('$MEMMAP show "$1" > /dev/full 2>&1', [MAPS])).code, 7);
      const folder = scene.folder();
      const file = join(folder, 'old.json');
      writeFileSync(file, 'precious');
      const limited = await scene.bash('trap "" XFSZ; ulimit -f 4; $MEMMAP snapshot "$1" -o "$2" --force', [
        MAPS,
        file,
      ]);
      refused(limited, 7, /EFBIG|too large/);
      assert.deepEqual([readFileSync(file, 'utf8'), readdirSync(folder)], ['precious', ['old.json']]);
      return '7 each; the old file is untouched';
    },
  },
  {
    id: '29',
    fault: 'the output path is a symbolic link to a victim',
    how: 'snapshot -o, run -o, demo --emit',
    expected: '7, and the victim is unchanged',
    run: async (scene) => {
      const folder = scene.folder();
      const [victim, link] = [join(folder, 'victim'), join(folder, 'link')];
      writeFileSync(victim, 'precious');
      symlinkSync(victim, link);
      refused(await scene.memmap(['snapshot', LISTING, '-o', link]), 7, /symbolic link/);
      refused(await scene.memmap(['demo', 'brk', '--emit', link]), 7, /symbolic link/);
      const ran = await scene.memmap(['run', '-o', link, '--', 'true']);
      assert.notEqual(ran.code, 0);
      assert.match(ran.stderr, /symbolic link/);
      assert.deepEqual([readFileSync(victim, 'utf8'), readdirSync(folder).sort()], ['precious', ['link', 'victim']]);
      return `7, 7, and ${ran.code} of run (its own "could not be started"); unchanged`;
    },
  },
  {
    id: '30',
    fault: 'the output file exists already, belongs to another user, and is open to all',
    how: 'a file of nobody, mode 666, in a sticky directory; snapshot -o as root, without and with --force',
    expected: '7; with --force replaced by one that only the caller may read',
    needs: ['root'],
    run: async (scene) => {
      const folder = scene.folder();
      const file = join(folder, 'taken.json');
      execFileSync('sh', [
        '-c',
        'chmod 1777 "$1"; echo x > "$2"; chown 65534 "$2"; chmod 666 "$2"',
        'sh',
        folder,
        file,
      ]);
      refused(await scene.memmap(['snapshot', LISTING, '-o', file]), 7, /already exists/);
      const ran = await scene.memmap(['snapshot', LISTING, '-o', file, '--force']);
      assert.equal(ran.code, 0, ran.stderr);
      const {mode, uid} = statSync(file);
      assert.deepEqual([mode & 0o777, uid], [0o600, 0]);
      return "7; replaced: mode 600, and the caller's own";
    },
  },
  {
    id: '31',
    fault: 'the output path is a directory or a socket, is in no directory, or may not be written',
    how: 'snapshot -o with each; run -o',
    expected: '7, at once',
    run: async (scene) => {
      const folder = scene.folder();
      execFileSync('python3', [
        '-c',
        'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
        join(folder, 'socket'),
      ]);
      const places = [
        join(folder, 'socket'),
        folder,
        join(folder, 'no/file'),
        join(folder, 'x'.repeat(300)),
        '/proc/new',
      ];
      for (const place of places) refused(await scene.memmap(['snapshot', LISTING, '-o', place]), 7, /Cannot write to/);
      assert.deepEqual(readdirSync(folder), ['socket']);
      return `7 for each of ${places.length}`;
    },
  },
  {
    id: '35',
    fault: 'the disk fills up',
    how: 'a tmpfs of 16 KiB: snapshot -o --force over an old file, run --json -o, demo --emit',
    expected: '7; the old file is unchanged, nothing partial has a final name',
    needs: ['root', 'slow'],
    run: diskFull,
  },
  {
    id: 'A4',
    fault: 'a read-only directory, a read-only file system',
    how: 'snapshot -o as nobody into a directory of root; and below a read-only mount',
    expected: '7',
    needs: ['root'],
    run: async (scene) => {
      const folder = scene.folder();
      execFileSync('chmod', ['755', folder]);
      refused(await scene.asUser(['snapshot', LISTING, '-o', join(folder, 'x.json')]), 7, /permission denied/);
      const script = `mount -t tmpfs -o ro t ${folder}; $MEMMAP snapshot ${MAPS} -o ${folder}/x.json`;
      return refused(await scene.inNamespace(script), 7, /read-only/);
    },
  },
];

async function diskFull(scene: Scene): Promise<string> {
  const folder = scene.folder();
  const script = `
mount -t tmpfs -o size=16k t ${folder} && cd ${folder}
echo precious > old.json
head -c 8192 /dev/zero > other
$MEMMAP snapshot ${MAPS} -o old.json --force; echo snapshot=$?
$MEMMAP run -o run.json --json -- sleep 0.1; echo run=$?
$MEMMAP demo brk --emit helper; echo emit=$?
cat old.json; ls -A`;
  const {stdout, stderr} = await scene.inNamespace(script);
  clean(stderr);
  assert.match(stdout, /snapshot=7\nrun=(\d+)\nemit=[07]\nprecious\n/, `${stdout.slice(0, 200)}${stderr}`);
  const left = stdout.split('precious\n')[1]!.trim().split('\n');
  assert.deepEqual(
    left.filter((name) => name.includes('.tmp')),
    [],
  );
  assert.match(stderr, /no space is left/);
  const code = /run=(\d+)/.exec(stdout)![1];
  const live = left.includes('run.json') ? 'its events so far stay, each line whole except the last' : 'nothing stays';
  return `7; the old file is unchanged; run --json, whose file grows in place: ${code}, ${live}`;
}
