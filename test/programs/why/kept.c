#include "why.h"
/* 200 MiB of blocks are freed; one block above them keeps malloc from giving them back. */
int main(void) {
  enum { COUNT = 200 * 1024 };
  static char *blocks[COUNT];
  for (int i = 0; i < COUNT; i++) blocks[i] = block(1000);
  block(1000);
  for (int i = 0; i < COUNT; i++) free(blocks[i]);
  ready();
  stay();
}
