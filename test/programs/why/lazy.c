#include "why.h"
/* 128 MiB that were given back with MADV_FREE: they count as resident until the kernel takes them. */
int main(void) {
  long size = 128 * MIB;
  char *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(at, 1, size);
  if (madvise(at, size, MADV_FREE)) return 1;
  ready();
  stay();
}
