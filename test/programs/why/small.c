#include "why.h"
/* A leak by small blocks: 200 bytes each, 8 MiB a second. */
int main(void) {
  ready();
  for (;;) {
    for (int i = 0; i < 2000; i++) block(200);
    pause_ms(50);
  }
}
