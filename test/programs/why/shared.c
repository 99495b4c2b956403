#include "why.h"
/* 128 MiB of shared memory that six processes map and touch: RSS counts it six times. */
int main(void) {
  long size = 128 * MIB;
  char *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memset(at, 1, size);
  int done[2];
  if (pipe(done)) return 1;
  for (int child = 0; child < 5; child++)
    if (fork() == 0) {
      volatile char sum = 0;
      for (long page = 0; page < size; page += 4096) sum += at[page];
      if (write(done[1], "x", 1) < 0) return 1;
      stay();
    }
  char byte;
  for (int child = 0; child < 5; child++)
    if (read(done[0], &byte, 1) != 1) return 1;
  ready();
  stay();
}
