/* Maps memory, touches its halves from two functions, and maps more that mmap brings in itself. Each line of input is one
   step: map, touch the first half, touch the second, move all of it, map with MAP_POPULATE, map over the second half. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#define HALF (16ul << 20)
#define FUNCTION __attribute__((noinline))
FUNCTION int touch(char *from) {
  int sum = 0;
  for (unsigned long at = 0; at < HALF; at += 4096) sum += from[at] = 1;
  return sum;
}
FUNCTION int first_half(char *from) { return touch(from) + 1; }
FUNCTION int second_half(char *from) { return touch(from + HALF) + 2; }
FUNCTION char *fresh(void *at, unsigned long size, int flags) {
  char *made = mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  madvise(made, size, MADV_NOHUGEPAGE);
  return made;
}
int main(void) {
  char *memory = 0, line[8];
  int sum = 0;
  printf("ready\n");
  fflush(stdout);
  for (int step = 0; fgets(line, sizeof line, stdin); step++) {
    if (step == 0) memory = fresh(0, 2 * HALF, 0);
    if (step == 1) sum += first_half(memory);
    if (step == 2) sum += second_half(memory);
    if (step == 3) memory = mremap(memory, 2 * HALF, 2 * HALF, MREMAP_MAYMOVE | MREMAP_FIXED, memory - 8 * HALF);
    if (step == 4) memory = fresh(0, HALF, MAP_POPULATE);
    if (step == 5) memory = fresh(memory, HALF / 2, MAP_FIXED);
    printf("%p\n", memory);
    fflush(stdout);
  }
  return sum == 0;
}
