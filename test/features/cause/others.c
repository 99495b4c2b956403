/*
 * Memory that changes without a system call of the program, or by one in an unusual way: others HOW. It prints the
 * address of a page that it has just mapped, and waits for a line, each time that it has to be seen.
 *
 * share     a process with the same memory (CLONE_VM) maps, unmaps, protects, and maps over what the program has mapped
 * copy      a process with memory of its own, and without a signal at its end, unmaps what the program has
 * quick     200 threads that end at once
 * growing   a mapping with MAP_GROWSDOWN grows, and is protected down to its start
 * advice    guard pages in a part of a mapping
 * compat    mmap by the calls of 32-bit programs
 * flood     threads map over what they have mapped, with other permissions, and lock it, too fast for all to be seen
 * sealed    mremap of three mappings, of which the last may not move
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
#define GUARD_INSTALL 102
#define GUARD_REMOVE 103

static char *map(long pages, int prot, int flags) {
  return mmap(0, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* With something else on both sides. */
static char *apart(long pages, int prot) {
  char *at = map(pages + 2, PROT_NONE, 0);
  mprotect(at + PAGE, pages * PAGE, prot);
  return at + PAGE;
}

static char stack[1 << 16];
static char *gone, *kept, *mapped, *over;
static volatile int turn;

/* Waits until memmap has seen what there is: a page where nothing was before. */
static void seen(void) {
  static char *at = (char *)0x200000000;
  at = mmap(at + 16 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  printf("%lx\n", (long)at);
  fflush(stdout);
  getchar();
}

static int sharer(void *arg) {
  mmap(mapped, 43 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  munmap(gone, 35 * PAGE);
  mprotect(kept, 32 * PAGE, PROT_READ);
  turn = 1;
  while (turn == 1) usleep(100);
  mmap(over, 39 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  turn = 3;
  while (turn == 3) usleep(100);
  return 0;
}

static int copy(void *arg) {
  munmap(gone, 35 * PAGE);
  munmap(kept, 32 * PAGE);
  return 0;
}

static void *nothing(void *arg) { return 0; }

static void share(void) {
  gone = apart(35, PROT_READ), kept = apart(32, PROT_READ | PROT_WRITE), mapped = apart(43, PROT_READ);
  munmap(mapped, 43 * PAGE);
  seen();
  clone(sharer, stack + sizeof stack, CLONE_VM | SIGCHLD, 0);
  while (turn != 1) usleep(100);
  over = map(39, PROT_READ, 0);
  turn = 2;
  while (turn != 3) usleep(100);
  seen();
  turn = 4;
  wait(0);
}

static void growing(void) {
  char *space = map(600, PROT_NONE, 0);
  munmap(space, 600 * PAGE);
  char *at = mmap(space + 598 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
  seen();
  for (int i = 1; i < 20; i++) at[-i * PAGE] = 1;
  seen();
  mprotect(at, PAGE, PROT_READ | PROT_GROWSDOWN);
  seen();
}

static void advice(void) {
  char *at = apart(16, PROT_READ | PROT_WRITE);
  madvise(at + 8 * PAGE, 2 * PAGE, GUARD_INSTALL);
  madvise(at + 8 * PAGE, 2 * PAGE, GUARD_REMOVE);
}

static void compat(void) {
#ifdef __x86_64__
  long at = 192; /* mmap2 */
  __asm__ volatile("push %%rbp; xor %%ebp, %%ebp; int $0x80; pop %%rbp"
                   : "+a"(at)
                   : "b"(0L), "c"(5 * PAGE), "d"(3L), "S"(0x22L), "D"(-1L)
                   : "memory", "r8", "r9", "r10", "r11");
#endif
}

static void sealed(void) {
  char *from = apart(9, PROT_READ | PROT_WRITE), *to = apart(9, PROT_EXEC);
  mprotect(from + 3 * PAGE, 3 * PAGE, PROT_READ);
  syscall(462, from + 6 * PAGE, 3 * PAGE, 0); /* mseal */
  seen();
  mremap(from, 9 * PAGE, 9 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static void *flood(void *arg) {
  char *at = map(64, PROT_NONE, 0);
  for (long i = 0; i < 30000; i++) {
    char *page = at + i % 64 * PAGE;
    mmap(page, PAGE, i * 7 % 5 & 1 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mlock(page, PAGE);
  }
  return 0;
}

int main(int count, char **words) {
  char *how = words[1];
  seen();
  if (!strcmp(how, "share")) share();
  if (!strcmp(how, "copy")) {
    gone = apart(35, PROT_READ), kept = apart(32, PROT_READ);
    int child = clone(copy, stack + sizeof stack, 0, 0);
    waitpid(child, 0, __WALL);
  }
  if (!strcmp(how, "quick"))
    for (int i = 0; i < 200; i++) {
      pthread_t thread;
      if (pthread_create(&thread, 0, nothing, 0) == 0) pthread_join(thread, 0);
    }
  if (!strcmp(how, "flood")) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, flood, 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  }
  if (!strcmp(how, "growing")) growing();
  if (!strcmp(how, "advice")) advice();
  if (!strcmp(how, "compat")) compat();
  if (!strcmp(how, "sealed")) sealed();
  seen();
  return 7;
}
