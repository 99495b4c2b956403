#include "why.h"
/* A cache that fills, and stops once it is full: 96 MiB in some 3 s. */
int main(void) {
  ready();
  for (int i = 0; i < 60; i++) {
    for (int k = 0; k < 1600; k++) block(1000);
    pause_ms(50);
  }
  stay();
}
