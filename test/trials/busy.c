/* Has some MiB in malloc's main arena, and threads that do one thing without pause. Prints "ready" and its PID; answers each
   letter on standard input with a line: how often they did it so far. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST 16
/* Each on a cache line of its own. */
static struct { volatile long count; char pad[56]; } done[MOST] __attribute__((aligned(64)));

static void *churn(void *which) {
  unsigned s = (unsigned)(long)which + 7;
  static __thread void *held[4096];
  for (;;) {
    int i = rand_r(&s) % 4096;
    free(held[i]);
    held[i] = malloc(16 + rand_r(&s) % 3000);
    done[(long)which].count++;
  }
  return 0;
}

static void *map(void *which) {
  for (;;) {
    char *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *p = 1;
    munmap(p, 65536);
    done[(long)which].count++;
  }
  return 0;
}

int main(int argc, char **argv) {
  (void)argc;
  long threads = atol(argv[2]), size = atol(argv[3]) << 20;
  unsigned s = 1;
  for (long i = 0, sum = 0; sum < size; i++) {
    size_t n = 16 + rand_r(&s) % 900;
    void *p = malloc(n);
    memset(p, 1, n);
    sum += n;
  }
  for (long i = 0; i < threads; i++) {
    pthread_t t;
    pthread_create(&t, 0, strcmp(argv[1], "map") ? churn : map, (void *)i);
  }
  printf("ready %d\n", getpid());
  fflush(stdout);
  char c;
  while (read(0, &c, 1) == 1) {
    long sum = 0;
    for (int i = 0; i < MOST; i++) sum += done[i].count;
    printf("%ld\n", sum);
    fflush(stdout);
  }
  _exit(0);
}
