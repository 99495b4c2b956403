/*
 * Random memory calls by several threads: storm THREADS SEED. It prints `ready`; on each line of input it makes a
 * burst of calls, and prints `done` when all threads are. Threads release what others have mapped.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096L
#define SLOTS 64
#define MOST_THREADS 16
#define CALLS 300

static struct slot { char *at; long pages; pthread_mutex_t lock; } slots[SLOTS];
static pthread_mutex_t break_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t start, stop;
static char *first_break;
static int fd;

static uint64_t next(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static char *map(long pages, int flags, int file) {
  char *at = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
  return at == MAP_FAILED ? 0 : at;
}

__attribute__((noinline)) static void act(struct slot *s, uint64_t r) {
  long part = s->pages ? r / 64 % s->pages : 0;
  long size = 1 + r / 8192 % (s->pages - part + (s->pages == 0));
  switch (r % 16) {
  case 0: case 1: case 2: case 3:
    if (!s->at) {
      s->pages = 1 + r / 64 % 40;
      s->at = r % 16 == 3 ? map(s->pages, MAP_PRIVATE, fd) : map(s->pages, MAP_PRIVATE | MAP_ANONYMOUS, -1);
      break;
    } /* fall through */
  case 4: case 5:
    if (r & 0x300000) break; /* much outlives a burst, to be moved and marked in another one */
    if (s->at) munmap(s->at, s->pages * PAGE), s->at = 0, s->pages = 0;
    break;
  case 6: /* a hole, and what is left at its ends is forgotten one by one */
    if (s->at && s->pages > 4) {
      munmap(s->at + PAGE, PAGE);
      munmap(s->at, PAGE);
      s->at += 2 * PAGE, s->pages -= 2;
    }
    break;
  case 7:
    if (s->at) mprotect(s->at + part * PAGE, size * PAGE, r & 0x100000 ? PROT_READ : PROT_READ | PROT_WRITE);
    break;
  case 8: case 9:
    if (s->at) {
      long pages = 1 + r / 65536 % 60;
      char *at = mremap(s->at, s->pages * PAGE, pages * PAGE, MREMAP_MAYMOVE);
      if (at != MAP_FAILED) s->at = at, s->pages = pages;
    }
    break;
  case 10: /* over a part of it */
    if (s->at) mmap(s->at + part * PAGE, size * PAGE - 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    break;
  case 11:
    if (s->at) madvise(s->at + part * PAGE, size * PAGE, r & 0x100000 ? MADV_DONTNEED : MADV_DONTFORK);
    break;
  case 12:
    pthread_mutex_lock(&break_lock);
    if ((char *)sbrk(0) < first_break + 200 * PAGE) sbrk(1 + r / 64 % (20 * PAGE));
    else sbrk(-(long)(r / 64 % (30 * PAGE)));
    pthread_mutex_unlock(&break_lock);
    break;
  case 13:
    if (s->at) r & 0x100000 ? mlock(s->at, size * PAGE) : munlock(s->at, size * PAGE);
    break;
  case 14:
    if (!s->at) {
      int id = shmget(IPC_PRIVATE, (1 + r / 64 % 20) * PAGE, 0600);
      void *at = shmat(id, 0, 0);
      shmctl(id, IPC_RMID, 0);
      if (at != (void *)-1) {
        if (r & 0x100000) munmap(at, PAGE); /* the rest is detached all the same */
        shmdt(at);
      }
    }
    break;
  case 15: /* to a chosen place, over what is there */
    if (s->at && s->pages > 2) {
      char *to = map(s->pages, MAP_PRIVATE | MAP_ANONYMOUS, -1);
      if (to && mremap(s->at, s->pages * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + PAGE) != MAP_FAILED) s->at = to;
    }
    break;
  }
}

static void burst(uint64_t *state) {
  for (int i = 0; i < CALLS; i++) {
    uint64_t r = next(state);
    struct slot *s = &slots[r / 1000003 % SLOTS];
    pthread_mutex_lock(&s->lock);
    act(s, next(state));
    pthread_mutex_unlock(&s->lock);
    /* Without any lock between them, so that one maps what another has just released. */
    char *at = map(1 + r % 5, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (at) munmap(at, (1 + r % 5) * PAGE);
  }
}

static void *work(void *seed) {
  uint64_t state = (uint64_t)(uintptr_t)seed * 0x9e3779b97f4a7c15u | 1;
  for (;;) {
    pthread_barrier_wait(&start);
    burst(&state);
    pthread_barrier_wait(&stop);
  }
}

__attribute__((noinline)) static int deep(int pages) {
  volatile char room[PAGE];
  room[0] = pages;
  return pages > 0 ? deep(pages - 1) + room[0] : 0;
}

int main(int count, char **words) {
  int threads = atoi(words[1]);
  long seed = atol(words[2]);
  char line[16];
  fd = memfd_create("storm", 0);
  ftruncate(fd, 100 * PAGE);
  first_break = sbrk(0);
  for (int i = 0; i < SLOTS; i++) pthread_mutex_init(&slots[i].lock, 0);
  pthread_barrier_init(&start, 0, threads + 1);
  pthread_barrier_init(&stop, 0, threads + 1);
  for (long i = 0; i < threads; i++) {
    pthread_t thread;
    pthread_create(&thread, 0, work, (void *)(seed * MOST_THREADS + i));
  }
  write(1, "ready\n", 6);
  for (int round = 1; read(0, line, sizeof line) > 0; round++) {
    pthread_barrier_wait(&start);
    deep(round * 20);
    pthread_barrier_wait(&stop);
    write(1, "done\n", 5);
  }
  _exit(0);
}
