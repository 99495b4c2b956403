#include "why.h"
/* A parent of 96 MiB and three forked children, which write to what they share: 20 pages each, 20 times a second. */
int main(void) {
  long size = 96 * MIB;
  char *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(at, 1, size);
  for (int child = 0; child < 3; child++)
    if (fork() == 0)
      for (long page = 0;;) {
        for (int i = 0; i < 20 && page * 4096 < size; i++) at[page++ * 4096] = 2;
        pause_ms(50);
      }
  ready();
  stay();
}
