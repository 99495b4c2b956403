#include "why.h"
/* One byte in each 2 MiB of 128 MiB, in transparent huge pages. */
int main(void) {
  long size = 128 * MIB, step = 2 * MIB;
  char *at = mmap(0, size + step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  at = (char *)(((long)at + step - 1) & -step);
  if (madvise(at, size, MADV_HUGEPAGE)) return 1;
  for (long byte = 0; byte < size; byte += step) at[byte] = 1;
  ready();
  stay();
}
