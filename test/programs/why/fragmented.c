#include "why.h"
/* Of each page some 200 bytes are live, and the rest was freed: few live bytes hold all pages. */
int main(void) {
  enum { COUNT = 1000 * 1000 };
  static char *blocks[COUNT];
  for (int i = 0; i < COUNT; i++) blocks[i] = block(200);
  for (int i = 0; i < COUNT; i++)
    if (i % 16) free(blocks[i]);
  ready();
  stay();
}
