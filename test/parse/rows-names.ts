import type {Kind} from '../../src/model/kind.ts';
import type {Row} from './table.ts';
import {bytesOf, line, region, type Expected} from './tools.ts';

interface Named {
  readonly perms?: string;
  readonly dev?: string;
  readonly inode?: string;
  readonly kind?: Kind;
  /** The name to read; what was printed, if not given. */
  readonly name?: string;
  readonly isInvalid?: boolean;
}

/** One region of 4 KiB with a name, given as the bytes that the kernel prints. */
function named(id: string, title: string, printed: string, rest: Named = {}): Row {
  const {perms = 'r--p', dev = '08:01', inode = '77', kind, name = printed, isInvalid = false} = rest;
  const expected = region('7f0000000000-7f0000001000', perms, {
    dev,
    inode,
    name,
    nameBase64: isInvalid ? bytesOf(printed).toString('base64') : undefined,
    ...(kind && {kind}),
  });
  const input = line(`7f0000000000-7f0000001000 ${perms} 00000000 ${dev} ${inode}`, printed);
  return {id, title, input, regions: [expected]};
}

/** A name that the kernel gives to memory of no file. */
const special = (id: string, title: string, name: string, kind: Kind, perms = 'rw-p'): Row =>
  named(id, title, name, {perms, dev: '00:00', inode: '0', kind});

/** Regions that touch, from 7ff000000000 up, a page each: permissions and name. */
function touching(id: string, title: string, ...parts: ReadonlyArray<[perms: string, name: string, kind: Kind]>): Row {
  const ranges = parts.map((_, index) =>
    [0, 1].map((end) => (0x7ff000000000 + (index + end) * 4096).toString(16)).join('-'),
  );
  return {
    id,
    title,
    input: parts.map(([perms, name], index) => line(`${ranges[index]} ${perms} 00000000 00:00 0`, name)).join(''),
    regions: parts.map(([perms, name, kind], index): Expected => region(ranges[index]!, perms, {name, kind})),
  };
}

/** E21 to E59: names, of which every byte but NUL and newline is possible. */
export const NAMES: readonly Row[] = [
  named('E21', 'a newline in a file name is shown as the kernel shows it', '/f/two\\012lines', {kind: 'file'}),
  named('E22', 'a backslash and 012 in a file name are the same text, and stay it', '/f/lit\\012eral', {kind: 'file'}),
  named('E23', 'a tab is a part of the name', '/f/a\tb'),
  named('E24', 'a carriage return is a part of the name', '/f/cr\rname'),
  named('E25', 'vertical tab and form feed are parts of the name', '/f/a\vb\fc'),
  named('E25', "Unicode's next line and line separator are parts of the name", '/f/a\xc2\x85b\xe2\x80\xa8c', {
    name: '/f/a\u0085b\u2028c',
  }),
  named('E26', 'an escape sequence is kept as it is', '/f/\x1b[31mred\x1b]0;title\x07'),
  named('E27', 'bytes that are not UTF-8 are shown as such, and kept', '/f/\xff\xfe', {
    name: '/f/\ufffd\ufffd',
    isInvalid: true,
  }),
  named('E28', 'two blanks within a name stay two', '/f/a  b'),
  named('E28', 'a blank at the end of a name stays', '/f/trail '),
  named('E29', 'a blank at the beginning of a file name stays', '/f/ lead'),
  named('E30', 'a file may be called (deleted)', '/f/fake (deleted)', {kind: 'file'}),
  named('E31', 'a deleted file keeps its mark', '/f/gone (deleted)', {kind: 'file'}),
  named('E32', 'a file called (deleted) that was deleted keeps both', '/f/gone (deleted) (deleted)', {kind: 'file'}),
  named('E33', 'a memfd may be called (deleted)', '/memfd:x (deleted) (deleted)', {dev: '00:01', kind: 'memfd'}),
  named('E34', 'a memfd may have no name', '/memfd: (deleted)', {dev: '00:01', kind: 'memfd'}),
  named('E35', 'slashes in the name of a memfd make it no path', '/memfd:sl/ash/../x (deleted)', {
    dev: '00:01',
    kind: 'memfd',
  }),
  named('E36', 'the longest name of a memfd is read whole', `/memfd:${'m'.repeat(249)} (deleted)`, {
    dev: '00:01',
    kind: 'memfd',
  }),
  named('E37', 'a memfd that may be run is code made while the program runs', '/memfd:/jit-cache (deleted)', {
    dev: '00:01',
    perms: 'r-xs',
    kind: 'jit',
  }),
  {
    ...touching('E38', 'a SysV segment that is attached twice has one inode'),
    input: ['7f0000000000-7f0000001000', '7f0000002000-7f0000003000']
      .map((range) => line(`${range} rw-s 00000000 00:01 8`, '/SYSV1234abcd (deleted)'))
      .join(''),
    regions: ['7f0000000000-7f0000001000', '7f0000002000-7f0000003000'].map((range) =>
      region(range, 'rw-s', {dev: '00:01', inode: '8', name: '/SYSV1234abcd (deleted)', kind: 'shared'}),
    ),
  },
  named('E38', 'a private SysV segment is one too', '/SYSV00000000 (deleted)', {
    perms: 'rw-s',
    dev: '00:01',
    kind: 'shared',
  }),
  named('E39', 'a file called SYSV is a file', '/SYSV', {kind: 'file'}),
  named('E39', 'a file called SYSVfoo.txt is a file', '/SYSVfoo.txt', {kind: 'file'}),
  named('E40', 'shared anonymous memory is shown as a deleted /dev/zero', '/dev/zero (deleted)', {
    perms: 'rw-s',
    dev: '00:01',
    kind: 'shared',
  }),
  named('E41', 'a private mapping of /dev/zero is anonymous memory', '/dev/zero', {
    perms: 'rw-p',
    dev: '00:06',
    inode: '4',
    kind: 'anon',
  }),
  named('E42', 'anonymous huge pages have a name', '/anon_hugepage (deleted)', {perms: 'rw-p', dev: '00:0f'}),
  named('E43', 'secret memory has a name', '/secretmem (deleted)', {perms: 'rw-s', dev: '00:10'}),
  named('E44', 'the ring of asynchronous input and output is not a bracketed name', '/[aio] (deleted)', {
    perms: 'rw-s',
    dev: '00:0e',
  }),
  ...['anon_inode:[perf_event]', 'anon_inode:bpf-map', 'anon_inode:[io_uring]', 'socket:[27941]'].map((name) =>
    named('E45', `${name} is an object of the kernel, no path`, name, {
      perms: 'rw-s',
      dev: '00:0d',
      inode: '1038',
      kind: 'special',
    }),
  ),
  touching(
    'E46',
    'the heap may be on three lines',
    ['rw-p', '[heap]', 'heap'],
    ['r--p', '[heap]', 'heap'],
    ['rw-p', '[heap]', 'heap'],
  ),
  touching('E47', 'a process may have no heap', ['rw-p', '', 'stack'], ['rw-p', '[stack]', 'stack']),
  named('E45', 'memory of a graphics driver is of a device', 'anon_inode:i915.gem', {
    perms: 'rw-s',
    dev: '00:0d',
    inode: '1038',
    kind: 'device',
  }),
  named('E48', 'a file called [heap] is a file', '/f/[heap]', {kind: 'file'}),
  touching(
    'E49',
    'below a stack with changed permissions are unnamed pieces of it',
    ['rwxp', '', 'stack'],
    ['rw-p', '', 'stack'],
    ['rw-p', '[stack]', 'stack'],
  ),
  special('E50', 'older kernels named the stacks of threads', '[stack:1234]', 'thread-stack'),
  touching('E51', 'uprobes lie above the stack', ['rw-p', '[stack]', 'stack'], ['--xp', '[uprobes]', 'special']),
  special('E52', 'newer kernels split vvar', '[vvar_vclock]', 'vvar', 'r--p'),
  special('E52', 'the trampoline of uprobes is special', '[uprobes-trampoline]', 'special', 'r-xp'),
  special('E52', 'a bracketed name that nobody knows is special', '[foo]', 'special'),
  special('E53', 'named anonymous memory is what its name says, where that is known', '[anon:libc_malloc]', 'arena'),
  special('E53', 'its name may have blanks and parentheses', '[anon:dalvik-main space (region space)]', 'managed'),
  special('E53', 'named shared memory is shared', '[anon_shmem:x y]', 'shared', 'rw-s'),
  special('E53', 'a name that the kernel could not read is a name', '[anon:<fault>]', 'anon'),
  special('E53', 'a name without its bracket is a name', '[anon:', 'anon'),
  ...['"vd so"', '[vsys call]', '[heap stuff]'].map((name) =>
    named('E54', `${name} stays as it is`, name, {dev: '00:00', inode: '0'}),
  ),
  named('E55', 'a name need not have a slash', 'some_server_main', {perms: 'r-xp'}),
  named('E56', 'the path in an unmounted file system is just its text', '/t', {kind: 'file'}),
  named('E57', "the path in another process's mounts is just its text", '/mnt/priv', {kind: 'file'}),
  named('E58', 'a file that never had a name shows its number', '/tmp/x/#2196561 (deleted)', {kind: 'file'}),
  named('E59', 'a library within an archive shows the archive', '/data/app/base.apk', {perms: 'r-xp', kind: 'text'}),
];
