#include "why.h"
#include <pthread.h>
static void *wait(void *nothing) {
  char stack[32 * 1024];
  memset(stack, 1, sizeof stack);
  __asm__ volatile("" : : "r"(stack) : "memory");
  stay();
  return nothing;
}
/* A leak of threads: 25 a second, and none ends. */
int main(void) {
  ready();
  for (;;) {
    pthread_t thread;
    if (pthread_create(&thread, 0, wait, 0)) stay();
    pause_ms(40);
  }
}
