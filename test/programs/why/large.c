#include "why.h"
/* A leak by large blocks: 300 KiB each, which malloc maps one by one. */
int main(void) {
  ready();
  for (;;) {
    block(300 * 1024);
    pause_ms(50);
  }
}
