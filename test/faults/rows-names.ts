import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseStat} from '../../src/parse/proc/stat.ts';
import {capture} from '../../src/procfs/capture.ts';
import {cells} from '../../src/text/safe.ts';
import {CONTROL} from '../fuzz/properties.ts';
import {Child} from '../helpers/child.ts';
import {MEMMAP} from '../helpers/cli.ts';
import {TUTORIAL} from '../helpers/listings.ts';
import {asPrinted, HOSTILE, hostileCall, hostileProgram} from './hostile.ts';
import {clean, done, type Row, type Scene} from './scene.ts';

/** Names that somebody chose to do harm, or that are just strange. */
export const NAME_ROWS: readonly Row[] = [
  {
    id: '41',
    fault: 'a line longer than a page',
    how: 'a file below 20 directories with names of 250 letters, mapped: show --json',
    expected: '0, with its whole name',
    needs: ['python3'],
    run: async (scene) => {
      const code =
        `os.chdir(${JSON.stringify(scene.folder())})\nfor i in range(20):\n  os.mkdir("d" * 250); os.chdir("d" * ` +
        '250)\nf = os.open("f", os.O_RDWR | os.O_CREAT); os.ftruncate(f, 4096); m = mmap.mmap(f, 4096); ' +
        'print("ready", flush=True); time.sleep(60)';
      const child = await scene.python(code);
      const {regions} = JSON.parse(done(await scene.memmap(['show', '--json', String(child.pid)]))) as {
        regions: Array<{name: string}>;
      };
      const name = regions.map(({name}) => name).find((text) => text.includes('dddd'))!;
      assert.ok(name.endsWith('d/f') && name.length > 5000);
      return `${name.length} characters`;
    },
  },
  {
    id: '43',
    fault: 'the sixteen hostile names, as files, memfds, comm, command line, threads',
    how: 'one program of them all; show, diff, watch, snapshot, run, plain and --color',
    expected: 'no byte that a terminal would obey, except memmap’s own colours',
    needs: ['python3'],
    run: everywhere,
  },
  {
    id: '44',
    fault: 'the same in messages: file arguments, output files',
    how: 'show, diff, watch, snapshot -o of files with these names, existing and missing: every second name (A9: all)',
    expected: 'the same; and no second line that looks like ours',
    run: (scene) => inMessages(scene, (index) => (index % 2 === 0 ? [CALLS[(index / 2) % CALLS.length]!] : [])),
  },
  {
    id: 'A9',
    fault: 'the same, every name with every call',
    how: '16 names, 5 calls',
    expected: 'the same',
    needs: ['slow'],
    run: (scene) => inMessages(scene, () => CALLS),
  },
  {
    id: '42',
    fault: 'a newline in a name, and a literal \\012',
    how: 'both names, mapped',
    expected: 'as the kernel prints them; JSON keeps every byte of all sixteen',
    needs: ['python3'],
    run: async (scene) => {
      const {child} = await hostileProgram(scene);
      const {stdout} = await scene.memmap(['show', '--json', String(child.pid)]);
      const {regions} = JSON.parse(stdout) as {regions: Array<{name: string; nameBase64?: string; size: number}>};
      for (const [index, [what, bytes]] of HOSTILE.entries()) {
        for (const [prefix, suffix, pages] of [
          ['/', '', index + 1],
          ['/memfd:', ' (deleted)', 100 + index],
        ] as const) {
          const ending = Buffer.concat([Buffer.from(prefix), asPrinted(bytes), Buffer.from(suffix)]);
          const names = regions
            .filter(({size}) => size === pages * 4096)
            .map(({name, nameBase64}) => Buffer.from(nameBase64 ?? name, nameBase64 ? 'base64' : 'utf8'));
          assert.ok(
            names.some((name) => name.subarray(-ending.length).equals(ending)),
            what,
          );
        }
      }
      return '32 regions of 16 names, each byte';
    },
  },
  {
    id: '45',
    fault: 'names that pretend: a file [heap], a file "x (deleted)"',
    how: 'mapped beside the real heap',
    expected: 'the file is a file',
    needs: ['python3'],
    run: async (scene) => {
      const code =
        `os.chdir(${JSON.stringify(scene.folder())}); keep = []\nfor n in ["[heap]", "x (deleted)", "[stack]"]:\n  ` +
        'f = os.open(n, os.O_RDWR | os.O_CREAT); os.ftruncate(f, 4096); keep.append(mmap.mmap(f, ' +
        '4096))\nprint("ready", flush=True); time.sleep(60)';
      const child = await scene.python(code);
      const {regions} = capture(child.pid);
      const pretending = regions.filter(({name}) => /\/(\[heap\]|\[stack\]|x \(deleted\))$/.test(name));
      assert.deepEqual(
        pretending.map(({kind}) => kind),
        ['file', 'file', 'file'],
      );
      assert.equal(regions.filter(({kind}) => kind === 'heap').length, 1);
      return 'file, file, file; one heap';
    },
  },
  {
    id: '46',
    fault: 'a comm with ")" and a newline',
    how: 'prctl(PR_SET_NAME, "a) R 1 2\\n"): show --json, watch',
    expected: '0, with the whole name and the real state',
    needs: ['python3'],
    run: async (scene) => {
      const child = await scene.python(
        'ctypes.CDLL(None).prctl(15, b"a) R 1 2\\n"); print("ready", flush=True); time.sleep(60)',
      );
      const {process: info} = JSON.parse(done(await scene.memmap(['show', '--json', String(child.pid)]))) as {
        process: Record<string, unknown>;
      };
      assert.deepEqual([info['comm'], info['state']], ['a) R 1 2\n', 'S']);
      clean(done(await scene.memmap(['watch', String(child.pid), '--count', '1', '--interval', '10ms'])));
      assert.equal(parseStat(readFileSync(`/proc/${child.pid}/stat`))?.comm, 'a) R 1 2\n');
      return JSON.stringify(info['comm']);
    },
  },
  {
    id: '47',
    fault: 'a name that forges a line of status',
    how: 'prctl(PR_SET_NAME, "\\nVmRSS:\\t9 kB")',
    expected: 'the resident memory is the real figure',
    needs: ['python3'],
    run: async (scene) => {
      const child = await scene.python(
        'ctypes.CDLL(None).prctl(15, b"\\nVmRSS:\\t9 kB"); print("ready", flush=True); time.sleep(60)',
      );
      const {status} = capture(child.pid);
      assert.ok(Number(status['vmRss']) > 1 << 20);
      assert.equal(status['name'], '\nVmRSS:\t9 kB');
      return `${Number(status['vmRss']) / 1024} KiB`;
    },
  },
  {
    id: '50',
    fault: 'JSON: lone surrogates, NaN, numbers above 2^53',
    how: 'all documents of the program with sixteen names, through jq and Python',
    expected: 'valid; addresses are strings',
    needs: ['python3'],
    run: async (scene) => {
      const {child} = await hostileProgram(scene);
      const check =
        'import json,sys; d=json.load(open(0,"rb"), parse_constant=lambda c: sys.exit(3)); ' +
        'json.dumps(d).encode("utf-8"); assert all(isinstance(r["start"],str) for r in d.get("regions",[]))';
      const call = (args: string) =>
        scene.bash(`$MEMMAP ${args} | python3 -c '${check}'; exit \${PIPESTATUS[1]}`, [String(child.pid)]);
      for (const args of ['show --json "$1"', 'snapshot "$1"', 'diff --json "$1" "$1"'])
        assert.deepEqual([(await call(args)).code, args], [0, args]);
      return 'valid';
    },
  },
  {
    id: '56',
    fault: 'wide, combining and emoji characters in a path break the table',
    how: "a listing with such names: the width of each line's cells",
    expected: 'the columns stay in place',
    run: async (scene) => {
      const file = join(scene.folder(), 'wide.txt');
      const names = ['/日本語/漢字.so', '/e\u0301e\u0301/cafe\u0301', '/😀/🎉.bin', '/plain'];
      writeFileSync(
        file,
        names
          .map(
            (name, i) =>
              `${(0x400000 + i * 4096).toString(16)}-${(0x401000 + i * 4096).toString(16)} r--p 00000000 fe:00 7 ` +
              `${name}\n`,
          )
          .join(''),
      );
      const lines = done(await scene.memmap(['show', file]))
        .split('\n')
        .filter((line) => line.includes('r--p'));
      assert.equal(new Set(lines.map((line) => cells(line.slice(0, line.indexOf('/'))))).size, 1);
      return 'in place';
    },
  },
  {
    id: '58',
    fault: 'a command line of 1.5 MB',
    how: 'two processes of one name with arguments of 1.5 MB: show NAME lists them',
    expected: '2, the list cut to a readable length',
    run: async (scene) => {
      const name = `memmap-long-${process.pid}`;
      // sleep(1) adds up its arguments: this is 15 times that many zeros.
      const start =
        'a=$(printf %0100000d 0); for i in 1 2; do (exec -a $1 sleep 60 $a $a $a $a $a $a $a $a $a $a $a $a $a $a ' +
        '$a) & done';
      const ran = await scene.bash(
        `${start}; until [ "$(pgrep -fc "^$1 60 000")" = 2 ]; do sleep 0.1; done; $MEMMAP show $1; code=$?; kill ` +
          '$(jobs -p); exit $code',
        [name],
      );
      assert.equal(ran.code, 2, ran.stderr);
      assert.ok(ran.stderr.length < 1000, `${ran.stderr.length} characters`);
      return `2, a message of ${ran.stderr.length} characters`;
    },
  },
];

const OWN_COLOURS = /\x1b\[\d+(;\d+)*m/g;

async function everywhere(scene: Scene): Promise<string> {
  const {child, place} = await hostileProgram(scene);
  const pid = String(child.pid);
  const saved = join(scene.folder(), 'before.json');
  let bytes = 0;
  const check = (what: string, text: string): void => {
    bytes += text.length;
    const found = CONTROL.exec(text.replace(OWN_COLOURS, ''));
    assert.equal(
      found && `${what}: ${JSON.stringify(text.slice(Math.max(0, found.index - 30), found.index + 9))}`,
      null,
    );
  };
  check('snapshot', (await scene.memmap(['snapshot', pid, '-o', saved])).stderr);
  const errors = join(scene.folder(), 'errors');
  const call = [process.execPath, MEMMAP, 'watch', pid, '--interval', '20ms'];
  const watch = new Child(scene.test, 'sh', ['-c', 'exec "$@" 2>"$0"', errors, ...call]);
  check('watch', await watch.line());
  child.process.stdin!.write('map\n');
  for (const color of ['--no-color', '--color']) {
    for (const args of [
      ['show', pid],
      ['diff', saved, pid, '--all'],
      ['diff', saved, pid, '--match', 'layout'],
    ]) {
      const {stdout, stderr} = await scene.memmap([...args, color]);
      assert.ok(stdout.length > 1000);
      check(args[0]!, stdout + stderr);
    }
  }
  for (let line = ''; !line.includes('\\x1b');) check('watch', (line = await watch.line()));
  const ended = once(watch.process, 'close');
  watch.process.kill('SIGINT');
  assert.deepEqual(await ended, [130, null]);
  check('watch', readFileSync(errors, 'utf8'));
  const other = join(scene.folder(), HOSTILE[2]![1].replaceAll('/', ''));
  mkdirSync(other);
  const ran = await scene.memmap(['run', '--interval', '5ms', '--', ...hostileCall(other)], {input: 'end\n'});
  assert.equal(ran.code, 0, ran.stderr);
  check('run', ran.stderr);
  assert.ok(readdirSync(place).length > 15);
  return `${bytes} bytes of output, none of them obeyed`;
}

const CALLS = ['show "$f"', 'show "$f-missing/"', 'diff "$f" "$f"', 'watch "$f"', 'snapshot "$f" -o "$f/x"'];

async function inMessages(scene: Scene, calls: (index: number) => readonly string[]): Promise<string> {
  const folder = scene.folder();
  let messages = 0;
  for (const [index, [what, bytes]] of HOSTILE.entries()) {
    const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(bytes, 'latin1')]);
    writeFileSync(path, index % 2 === 0 ? `${TUTORIAL[0]}strange\n` : 'strange\n');
    // Passed through a shell: an argument may be any bytes.
    const given = `"$(printf '%b.' "$1")"; f=\${f%.}`;
    const octal = [...path].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
    for (const call of calls(index)) {
      const {code, stdout, stderr} = await scene.bash(`f=${given}; $MEMMAP ${call}`, [octal]);
      assert.ok([0, 2, 5, 6, 7].includes(code!), `${what}, ${call}: ${code} ${stderr}`);
      clean(stderr);
      clean(stdout);
      // Each line is one that memmap began: none is forged by a newline in a name.
      for (const line of stderr.split('\n'))
        assert.match(line, /^(memmap: (?!ok)|  why:  |  next: |    |Saved |$)/, `${what}: ${JSON.stringify(stderr)}`);
      if (stderr) messages++;
    }
  }
  return `${messages} messages`;
}
