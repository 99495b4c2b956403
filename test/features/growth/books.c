/* `leak`: allocates 1 MiB a second, and frees nothing. `keep`: allocates and frees blocks that are each a little larger than
   the ones before, with a small chunk behind each that stays: what is free can't be used again, and what is in use hardly
   grows. Both by the clock: what is late is made up for. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  int leaks = argc > 1 && !strcmp(argv[1], "leak");
  double begin = now();
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  puts("ready");
  fflush(stdout);
  for (long step = 0;; step++) {
    size_t size = leaks ? 16384 : 16384 + step * 16;
    /* A compiler would leave out what is allocated and freed unused. */
    char *volatile block = malloc(size);
    memset(block, 1, size);
    /* What is left of the block behind goes back to the top: the small chunk stays between the two. */
    char *pin = realloc(malloc(size), 32);
    pin[0] = 1;
    if (!leaks) free(block);
    while (now() - begin < step / 64.0) usleep(5000);
  }
}
