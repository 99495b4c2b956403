/* Programs with one true answer each, for `memmap why`: test/features/why/cases.ts says which. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>
#include <sys/mman.h>

#define MIB (1024L * 1024)

/* A block that is written to, so that it is resident; a compiler must not leave it out. */
static inline char *block(long size) {
  char *at = malloc(size);
  memset(at, 1, size);
  __asm__ volatile("" : : "r"(at) : "memory");
  return at;
}

/* What is there stands; what grows begins to. */
static inline void ready(void) {
  puts("ready");
  fflush(stdout);
}

static inline void pause_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, 0);
}

static inline void stay(void) {
  for (;;) pause();
}
