/*
 * What of a stack says who wanted memory. Whoever asks for it goes through an allocator, and each program begins in the
 * loader and libc: these frames are the same for all.
 */
import type {CallFrame, CallStack} from './stacks.ts';

/** Frames that are shown: `own` without those of allocators, the loader and libc's start. */
export type Frames = 'own' | 'all';

const LOADER = /\/(ld-linux[^/]*|ld-musl[^/]*|ld64|ld|ld-\d[^/]*)\.so(\.\d+)*$/;
const LIBC = /\/(libc|libc-\d[^/]*|libpthread|libpthread-\d[^/]*)\.so(\.\d+)*$/;
const ALLOCATOR_FILE = /\/lib(jemalloc|tcmalloc|tcmalloc_minimal|mimalloc|hoard|tbbmalloc|scudo)[^/]*\.so[^/]*$/;

/**
 * Functions that give or take memory, and those that they do it by, in glibc, musl and the allocators that replace it.
 */
const ALLOCATOR = new RegExp(
  `^(${[
    '(__)?(libc_)?(malloc|calloc|realloc|reallocarray|free|cfree|memalign|valloc|pvalloc|aligned_alloc)',
    '(__)?posix_memalign',
    'operator (new|delete)(\\[\\])?(\\(.*\\))?( \\[clone .*\\])?',
    '_int_(malloc|free|realloc|memalign)\\S*',
    'sysmalloc\\S*|systrim\\S*|sys(malloc|trim|m_release)?(_mmap|_mmap_fallback)?',
    '(m|heap)trim\\S*|malloc_(trim|consolidate)|new_heap|alloc_new_heap|grow_heap|shrink_heap|arena_get\\S*|_int_new_arena',
    'tcache_\\S*|ptmalloc_init\\S*|munmap_chunk|mremap_chunk',
    '(__)?(default|glibc)_morecore|(__)?s?brk|__brk_call|__expand_heap',
    '(__|__GI_)*(mmap|mmap64|munmap|mremap|madvise|mprotect)(64)?',
    'je_\\S*|tc_\\S*|mi_\\S*|tcmalloc::.*',
    '__(mmap|munmap|mremap|syscall)\\S*|syscall',
  ].join('|')})$`,
);

/** Functions of libc that a program or a thread begins in. */
const START =
  /^(_start|__libc_start_(main|call_main)\S*|(__GI_)?start_thread|(__)?clone[23]?|__clone_internal|thread_start)$/;

const isRuntime = ({file}: CallFrame): boolean => LIBC.test(file) || LOADER.test(file) || ALLOCATOR_FILE.test(file);

/** Has it a name, or is it only known where it begins (CodeObject.functionAt())? */
const isNamed = ({name}: CallFrame): boolean => name !== undefined && !name.startsWith('function at ');

const isAllocator = (frame: CallFrame): boolean => isNamed(frame) && ALLOCATOR.test(frame.name!);

/** How much of a stack from its inner end an allocator is: its outermost function is the last of them. */
function allocatorEnd(frames: readonly CallFrame[]): number {
  let end = 0;
  for (const [index, frame] of frames.entries()) {
    if (isAllocator(frame)) end = index + 1;
    else if (!isRuntime(frame) || (isNamed(frame) && !ALLOCATOR_FILE.test(frame.file))) break;
  }
  return end;
}

/**
 * The functions of a stack, as they are shown: from the innermost outwards.
 *
 * @param call the name of the system call, which is not said twice
 */
export function pathOf({frames}: Pick<CallStack, 'frames'>, call: string, shown: Frames): string[] {
  if (shown === 'all') return frames.map(frameText);
  const end = allocatorEnd(frames);
  // Of the allocator, the function that was asked.
  const entry = end > 0 ? [frames[end - 1]!] : [];
  const rest = withoutStart(frames.slice(end));
  const path = [...entry, ...rest].map((frame) => (isLoader(frame) ? THE_LOADER : frameText(frame)));
  const once = path.filter((name, index) => name !== THE_LOADER || path[index - 1] !== THE_LOADER);
  return bare(once[0] ?? '') === bare(call) && once.length > 1 ? once.slice(1) : once;
}

const THE_LOADER = 'the loader';

/** Since glibc 2.34 dlopen(3) is in libc, and so is what catches its errors. */
const isLoader = ({file, name = ''}: CallFrame): boolean =>
  LOADER.test(file) || (LIBC.test(file) && /^(__|_)?(dl_|dl(m?open|close|error)|rtld)/.test(name));

function withoutStart(frames: readonly CallFrame[]): readonly CallFrame[] {
  let end = frames.length;
  while (end > 0 && isStart(frames[end - 1]!)) end--;
  return frames.slice(0, end);
}

const isStart = (frame: CallFrame): boolean =>
  isNamed(frame) ? START.test(frame.name!) && !LOADER.test(frame.file) : LIBC.test(frame.file);

const bare = (name: string): string => name.replace(/^_+/, '').replace(/64$/, '');

/** `main`, `libc.so.6!0x96b20` where there is no name. */
export function frameText({name, file, address, isSignal}: CallFrame): string {
  if (isSignal) return 'a signal';
  if (name !== undefined && !name.startsWith('function at ')) return withoutArguments(name);
  const place = file.slice(file.lastIndexOf('/') + 1) || 'code made at run time';
  return `${place}!0x${address.toString(16)}`;
}

/** What C++ names have in brackets at their end says which of several it is: their names alone are shorter. */
function withoutArguments(name: string): string {
  const end = name.replace(/( const)?( \[clone [^\]]*\])*$/, '');
  if (!end.endsWith(')')) return name;
  let depth = 0;
  for (let at = end.length - 1; at > 0; at--) {
    if (end[at] === ')') depth++;
    else if (end[at] === '(' && --depth === 0) return end.slice(0, at).endsWith('operator') ? name : end.slice(0, at);
  }
  return name;
}
