/*
 * sawleak TOOTH_SECONDS TOOTH_MIB LEAK_KIB_PER_MIN: resident memory goes up by TOOTH_MIB and comes down again each
 * TOOTH_SECONDS, and below that it grows steadily. madvise(2) with MADV_DONTNEED gives the pages back at once.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static char *memory;
static long have;

/* Makes this many pages resident, and no more. */
static void want(long pages) {
  for (; have < pages; have++) memory[have * 4096L] = 1;
  if (have > pages) madvise(memory + pages * 4096L, (have - pages) * 4096L, MADV_DONTNEED);
  have = pages;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  double tooth = atof(argv[1]), height = atof(argv[2]) * 256, leak = atof(argv[3]) / 4 / 60;
  memory = mmap(0, 4UL << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return 1;
  madvise(memory, 4UL << 30, MADV_NOHUGEPAGE);
  for (double begin = now();;) {
    double t = now() - begin, phase = t / tooth - (long)(t / tooth);
    want(2560 + (long)(phase * height) + (long)(leak * t));
    usleep(50000);
  }
}
