/* Goes through the vdso, whose code is in no file. */
#include <time.h>

volatile long sink;

__attribute__((noinline)) void stop_here(int what) { sink += what; }

int main(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  stop_here(1);
  for (int i = 0; i < 10; i++) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    sink += now.tv_nsec;
  }
  return 0;
}
