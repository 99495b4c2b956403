/* Allocates as its first argument says, prints "ready" and its PID, and then answers letters on standard input, each with
   lines that end with "end". From "ready" on it calls no malloc of its own unless it is told to. */
#define _GNU_SOURCE
#ifdef COPIES
#include <dlfcn.h>
#endif
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MANY 60000
static char out[1 << 16], text[1 << 14];
static volatile long rounds, stop;
static pthread_barrier_t filled;
/* A chunk whose header may be spoiled. */
static size_t *victim;

/* Random sizes, of which each fiftieth stays; then small ones, that go to the tcache and the fastbins. */
static void *fill(void *seed) {
  unsigned s = (unsigned)(long)seed + 1;
  void **p = malloc(MANY * sizeof *p);
  for (long i = 0; i < MANY; i++) {
    size_t n = 16 + rand_r(&s) % 900;
    p[i] = malloc(n);
    memset(p[i], 1, n);
  }
  for (long i = 0; i < MANY; i++) if (i % 50) free(p[i]);
  void *large[4];
  for (int i = 0; i < 4; i++) large[i] = memalign(65536, 70000 + i);
  for (int i = 0; i < 4; i += 2) free(large[i]);
  for (long i = 0; i < 2000; i++) p[i] = malloc(16 + i % 90);
  for (long i = 0; i < 2000; i++) if (i % 7) free(p[i]);
  pthread_barrier_wait(&filled);
  pause();
  return 0;
}

static void *churn(void *seed) {
  unsigned s = (unsigned)(long)seed + 7;
  static __thread void *held[4096];
  while (!stop) {
    int i = rand_r(&s) % 4096;
    free(held[i]);
    held[i] = malloc(16 + rand_r(&s) % 3000);
    __sync_fetch_and_add(&rounds, 1);
  }
  return 0;
}

/* The same, with rests. */
static void *rest(void *seed) {
  unsigned s = (unsigned)(long)seed + 7;
  static void *held[4096];
  for (int n = 0; !stop; n++) {
    int i = rand_r(&s) % 4096;
    free(held[i]);
    held[i] = malloc(16 + rand_r(&s) % 3000);
    if (n % 20 == 0) usleep(50);
  }
  return 0;
}

/* All of it is free at the end, and lies in the top of the thread's arena. */
static void *top(void *none) {
  static void *p[30000];
  void *last = malloc(100);
  for (int i = 0; i < 30000; i++) memset(p[i] = malloc(1000), 1, 1000);
  for (int i = 0; i < 30000; i++) free(p[i]);
  (void)last;
  pthread_barrier_wait(&filled);
  pause();
  return none;
}

/* More than one block of 64 MiB holds. */
static void *many(void *none) {
  for (int i = 0; i < 70000; i++) *(char *volatile)malloc(1000) = 1;
  pthread_barrier_wait(&filled);
  pause();
  return none;
}

static long resident(void) {
  int fd = open("/proc/self/smaps_rollup", O_RDONLY);
  long n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n > 0 ? n : 0] = 0;
  char *at = strstr(text, "Anonymous:");
  return at ? atol(at + 10) * 1024 : -1;
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  pthread_t t[4];
  setvbuf(stdout, out, _IOFBF, sizeof out);
  if (!strcmp(how, "threads")) {
    pthread_barrier_init(&filled, 0, 5);
    for (long i = 0; i < 4; i++) pthread_create(&t[i], 0, fill, (void *)i);
    char **m = malloc(MANY * sizeof *m);
    for (int i = 0; i < MANY; i++) memset(m[i] = malloc(40 + i % 400), 2, 40);
    for (int i = 0; i < MANY; i++) if (i % 3) free(m[i]);
    for (int i = 0; i < 3; i++) memset(malloc(40 << 20), 1, 10 << 20);
    memset(memalign(1 << 20, 35 << 20), 1, 1 << 20);
    pthread_barrier_wait(&filled);
  } else if (!strcmp(how, "brk")) {
    /* One arena, a large top that is kept. */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    void *p[2000];
    for (int i = 0; i < 2000; i++) memset(p[i] = malloc(20000), 1, 20000);
    victim = p[301];
    for (int i = 500; i < 2000; i++) free(p[i]);
    for (int i = 0; i < 500; i += 2) free(p[i]);
  } else if (!strcmp(how, "sbrk")) {
    /* Somebody else takes memory of the brk area in between. */
    void *p[200];
    for (int i = 0; i < 200; i++) {
      memset(p[i] = malloc(20000), 1, 20000);
      if (i % 60 == 30) memset(sbrk(5000), 0x11, 5000);
    }
    for (int i = 0; i < 200; i += 2) free(p[i]);
  } else if (!strcmp(how, "hole")) {
    /* The same, and more of it. */
    static void *p[2000];
    for (int i = 0; i < 2000; i++) {
      memset(p[i] = malloc(5000), 1, 5000);
      if (i == 1000) memset((char *)sbrk(7 << 20) + (5 << 20), 0x11, 4096);
    }
    for (int i = 0; i < 2000; i++) if (i % 9) free(p[i]);
  } else if (!strcmp(how, "lock")) {
    static void *p[500];
    for (int i = 0; i < 500; i++) memset(p[i] = malloc(12000), 1, 12000);
    /* Half of what is freed. */
    mlock(p[0], 3 << 20);
    for (int i = 0; i < 500; i++) if (i % 9) free(p[i]);
#ifdef COPIES
  } else if (!strcmp(how, "copies")) {
    void *copy = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW);
    void *(*allocate)(size_t) = dlsym(copy, "malloc");
    void (*release)(void *) = dlsym(copy, "free");
    static void *p[2000], *q[2000];
    for (int i = 0; i < 2000; i++) {
      memset(p[i] = malloc(5000), 1, 5000);
      memset(q[i] = allocate(3000), 1, 3000);
    }
    for (int i = 0; i < 2000; i++) if (i % 9) free(p[i]), release(q[i]);
#endif
  } else if (!strcmp(how, "top")) {
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    pthread_barrier_init(&filled, 0, 2);
    pthread_create(&t[0], 0, top, 0);
    pthread_barrier_wait(&filled);
  } else if (!strcmp(how, "blocks")) {
    pthread_barrier_init(&filled, 0, 2);
    pthread_create(&t[0], 0, many, 0);
    pthread_barrier_wait(&filled);
  } else if (!strcmp(how, "mmap") || !strcmp(how, "both")) {
    if (!strcmp(how, "both")) {
      pthread_barrier_init(&filled, 0, 3);
      for (long i = 0; i < 2; i++) pthread_create(&t[i], 0, fill, (void *)i);
      pthread_barrier_wait(&filled);
    }
    /* The brk area can't grow any more: the main arena goes on elsewhere. */
    void *wall = (void *)(((unsigned long)sbrk(0) + 4095) & ~4095ul);
    free(malloc(1000));
    wall = (void *)(((unsigned long)sbrk(0) + 4095) & ~4095ul);
    mmap(wall, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    static void *p[20000];
    for (int i = 0; i < 20000; i++) memset(p[i] = malloc(700), 1, 700);
    for (int i = 0; i < 20000; i++) if (i % 40) free(p[i]);
  } else if (!strcmp(how, "churn")) {
    for (long i = 0; i < 2; i++) pthread_create(&t[i], 0, churn, (void *)i);
  }
  if (!strcmp(how, "rest")) pthread_create(&t[0], 0, rest, 0);
  if (!strcmp(how, "large")) {
    /* A million chunks, half of them free. */
    void **p = malloc(1000000 * sizeof *p);
    unsigned s = 1;
    for (int i = 0; i < 1000000; i++) memset(p[i] = malloc(16 + rand_r(&s) % 900), 1, 16);
    for (int i = 0; i < 1000000; i += 2) free(p[i]);
  }
  printf("ready %d\n", getpid());
  fflush(stdout);
  char c;
  while (read(0, &c, 1) == 1) {
    if (c == 'i') malloc_info(0, stdout);
    if (c == 'm') {
      struct mallinfo2 m = mallinfo2();
      printf("%zu %zu %zu %zu %zu %zu %zu\n", m.arena, m.uordblks, m.fordblks, m.fsmblks, m.keepcost, m.hblks, m.hblkhd);
    }
    if (c == 't') {
      long before = resident();
      malloc_trim(0);
      printf("%ld\n", before - resident());
    }
    if (c == 'c') {
      victim[-1] = 0;
      printf("%p\n", (void *)(victim - 2));
    }
    if (c == 'a') {
      /* Of one size each: in use, in the tcache, in a fastbin, free, in the top. */
      void *p[20], *big = malloc(5000), *used = malloc(300);
      for (int i = 0; i < 20; i++) p[i] = malloc(40);
      for (int i = 0; i < 20; i++) free(p[i]);
      free(big);
      printf("%p %p %p %p %p\n", used, p[0], p[19], big, (char *)sbrk(0) - 100);
    }
    if (c == 'r') printf("%ld\n", rounds);
    if (c == '\n') continue;
    printf("end\n");
    fflush(stdout);
  }
  stop = 1;
  return 0;
}
