/* Frames of many shapes: callbacks from libc, variable frames, leaves, recursion, signals on both stacks. */
#define _GNU_SOURCE
#include <alloca.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile long sink;

__attribute__((noinline)) void stop_here(int what) { sink += what; }

__attribute__((noinline)) static long leaf(long a, long b) { return a * 31 + (b ^ (a >> 3)); }

__attribute__((noinline)) static long spilled(long a, long b, long c, long d, long e, long f) {
  long x = leaf(a, b), y = leaf(c, d), z = leaf(e, f);
  long w = leaf(x, y);
  stop_here(1);
  return leaf(w, z) + leaf(x, z) + a + b + c + d + e + f;
}

__attribute__((noinline)) static long variable(int n) {
  char *bytes = alloca(n * 16 + 1);
  memset(bytes, n, n * 16 + 1);
  stop_here(2);
  return spilled(bytes[0], bytes[n], n, 4, 5, 6);
}

__attribute__((noinline)) static long aligned(int n) {
  _Alignas(64) char bytes[256];
  memset(bytes, n, sizeof bytes);
  stop_here(3);
  return variable(n) + bytes[n];
}

__attribute__((noinline)) static long deep(int n) {
  if (n == 0) return aligned(3);
  return deep(n - 1) * 3 + leaf(n, n);
}

static int compare(const void *a, const void *b) {
  int x = *(const int *)a, y = *(const int *)b;
  if (sink % 7 == 0) stop_here(4);
  sink++;
  return (x > y) - (x < y);
}

static void on_signal(int number) {
  sink += number;
  stop_here(5);
  spilled(1, 2, 3, 4, 5, number);
}

static void on_info(int number, siginfo_t *info, void *context) {
  (void)context;
  sink += info->si_signo;
  stop_here(6);
  deep(3);
}

int main(void) {
  int numbers[32];
  for (int i = 0; i < 32; i++) numbers[i] = (i * 37) % 23;
  stop_here(0);
  qsort(numbers, 32, sizeof numbers[0], compare);
  sink += deep(12);
#ifndef NO_SIGNALS
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  struct sigaction action = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR2, &action, 0);
  kill(getpid(), SIGUSR2);
#endif
  char text[200];
  snprintf(text, sizeof text, "%g %ld %s", sin((double)sink), sink, getenv("HOME") ? "home" : "none");
  char *kept[8];
  for (int i = 0; i < 8; i++) kept[i] = strdup(text);
  for (int i = 0; i < 8; i++) free(kept[i]);
  sink += strlen(text);
  stop_here(7);
  return 0;
}
