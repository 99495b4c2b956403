import {Child} from '../helpers/child.ts';
import type {Scene} from './scene.ts';

/**
 * The sixteen names, as bytes, one character per byte. A file, a memfd, a process and a thread can all have such names.
 */
export const HOSTILE: ReadonlyArray<readonly [what: string, bytes: string]> = [
  ['a colour', 'a\x1b[31mred'],
  ['the title of the terminal', 'b\x1b]0;owned\x07'],
  ['clear the screen', 'c\x1b[2J\x1b[H'],
  ['a line written over', 'd\rOK'],
  ['a second line', 'e\nmemmap: ok'],
  ['a literal \\012', 'f\\012g'],
  ['backspaces', 'g\b\b\bh'],
  ['DEL and NUL-like', 'h\x7f\x01'],
  ['CSI as one byte', 'i\x9b31m'],
  ['CSI in UTF-8', 'j\xc2\x9b31m'],
  ['a changed writing direction', 'k\xe2\x80\xaegpj'],
  ['a line separator', 'l\xe2\x80\xa8m'],
  ['not UTF-8', 'm\xff\xfe\xc3'],
  ['tabs and form feeds', 'n\t\v\fo'],
  ['a fake end', 'o (deleted)'],
  ['a blank at the end, and none before', 'p\xef\xbb\xbf '],
];

const PROGRAM = String.raw`
import ctypes, json, mmap, os, sys, threading, time
place, names = os.fsencode(sys.argv[1]), [name.encode('latin-1') for name in json.loads(sys.argv[2])]
libc = ctypes.CDLL(None)
kept = []
def keep(fd, pages):
    os.ftruncate(fd, 4096 * pages)
    kept.append(mmap.mmap(fd, 4096 * pages, mmap.MAP_SHARED, mmap.PROT_READ))
for index, name in enumerate(names): keep(os.open(place + b'/' + name, os.O_RDWR | os.O_CREAT), index + 1)
for index, name in enumerate(names):
    fd = libc.memfd_create(ctypes.c_char_p(name), 0)
    keep(fd, 100 + index)
named = threading.Semaphore(0)
def thread(name):
    libc.prctl(15, ctypes.c_char_p(name), 0, 0, 0)
    named.release()
    time.sleep(60)
for name in names: threading.Thread(target=thread, args=(name,), daemon=True).start()
for name in names: named.acquire()
libc.prctl(15, ctypes.c_char_p(b'evil\x1b]0;t\x07\n)'), 0, 0, 0)
print('ready', flush=True)
for line in sys.stdin:
    os.mkdir(place + b'/again')
    for index, name in enumerate(names):
        keep(os.open(place + b'/again/' + name, os.O_RDWR | os.O_CREAT), index + 1)
        time.sleep(0.01)
    if line.strip() == 'end': break
`;

/** A program that maps files and memfds with these names, has threads with these names, and has such a name itself. */
export async function hostileProgram(scene: Scene): Promise<{child: Child; place: string}> {
  const place = scene.folder();
  const names = JSON.stringify(HOSTILE.map(([, bytes]) => bytes));
  const child = new Child(scene.test, 'python3', [
    '-c',
    PROGRAM,
    place,
    names,
    HOSTILE.map(([, bytes]) => bytes).join(' '),
  ]);
  await child.line();
  return {child, place};
}

/** The same, to be run by memmap. */
export const hostileCall = (place: string): string[] => [
  'python3',
  '-c',
  PROGRAM,
  place,
  JSON.stringify(HOSTILE.map(([, bytes]) => bytes)),
  HOSTILE[1]![1],
];

/** What the kernel prints for a file's name. */
export const asPrinted = (bytes: string): Buffer => Buffer.from(bytes.replaceAll('\n', '\\012'), 'latin1');
