/** Whose malloc a program uses. */
export type AllocatorName = 'glibc' | 'musl' | 'jemalloc' | 'tcmalloc' | 'mimalloc' | 'unknown';

/** Those that a program may have instead of glibc's. */
export const OTHER_ALLOCATORS = ['musl', 'jemalloc', 'tcmalloc', 'mimalloc'] as const;

export type OtherAllocator = (typeof OTHER_ALLOCATORS)[number];
