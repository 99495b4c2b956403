/*
 * What a trace has to see, chosen by the first argument; where it says so, each step waits for a line of input and is
 * answered by a line.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static void say(const char *words) { if (write(1, words, strlen(words)) < 0) exit(2); }
static int asked(void) { char line[16]; return read(0, line, sizeof line) > 0; }

static char *map(long pages) {
  return mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* One call with a length that tells which thread made it. */
static void *once(void *number) {
  long pages = 1000 + (long)number;
  munmap(map(pages), pages * PAGE);
  return 0;
}

static pthread_barrier_t barrier;
static void *waiting(void *number) {
  pthread_barrier_wait(&barrier);
  return once(number);
}

/* acts threads N: N threads wait, and then make one mmap and one munmap each. */
static void threads(int count) {
  pthread_t all[count];
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 64 * 1024);
  pthread_barrier_init(&barrier, 0, count + 1);
  for (long i = 0; i < count; i++) pthread_create(&all[i], &attr, waiting, (void *)i);
  say("ready\n");
  asked();
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < count; i++) pthread_join(all[i], 0);
  say("done\n");
  asked();
}

/* acts churn: threads come and go, each with one mmap and one munmap of its own, until it is told to stop. */
static volatile int over;
static void *churn(void *unused) {
  long made = 0;
  while (!over) {
    pthread_t thread;
    pthread_create(&thread, 0, once, (void *)0);
    pthread_join(thread, 0);
    made++;
  }
  return (void *)made;
}

/* acts touch PAGES: touches pages, one after another. */
static void touch(long pages) {
  char *at = map(pages);
  madvise(at, pages * PAGE, MADV_NOHUGEPAGE);
  say("ready\n");
  asked();
  for (long i = 0; i < pages; i++) at[i * PAGE] = 1;
  say("done\n");
  asked();
}

/* acts loop N US: mmap and munmap N times, with pauses of US microseconds; prints microseconds a call. */
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}
static void loop(long count, long pause) {
  double start = now();
  for (long i = 0; i < count; i++) {
    munmap(map(1), PAGE);
    if (pause) usleep(pause);
  }
  printf("%.3f\n", (now() - start) / count / 2);
  fflush(stdout);
}

/* acts bursts N: N times 200 calls from deep in the stack, and a pause; prints microseconds a call. */
static double spent;
__attribute__((noinline)) static void deep(int frames) {
  volatile char room[1024];
  room[0] = frames;
  if (frames) {
    deep(frames - 1);
    room[1] = 1;
    return;
  }
  double start = now();
  for (int i = 0; i < 100; i++) munmap(map(1), PAGE);
  spent += now() - start;
}
static void bursts(long count) {
  for (long i = 0; i < count; i++) {
    deep(24);
    usleep(40000);
  }
  printf("%.3f\n", spent / count / 200);
  fflush(stdout);
}

/* acts others N: N calls that have nothing to do with memory; prints microseconds a call. */
static void others(long count) {
  double start = now();
  for (long i = 0; i < count; i++) syscall(SYS_getppid);
  printf("%.4f\n", (now() - start) / count);
  fflush(stdout);
}

int main(int count, char **words) {
  const char *act = words[1];
  if (!strcmp(act, "threads")) threads(atoi(words[2]));
  if (!strcmp(act, "churn")) {
    pthread_t thread;
    void *made;
    pthread_create(&thread, 0, churn, 0);
    say("ready\n");
    asked();
    over = 1;
    pthread_join(thread, &made);
    printf("%ld\n", (long)made);
    fflush(stdout);
    asked();
  }
  if (!strcmp(act, "touch")) touch(atol(words[2]));
  if (!strcmp(act, "loop")) {
    say("ready\n");
    asked();
    loop(atol(words[2]), atol(words[3]));
    asked();
  }
  if (!strcmp(act, "bursts") || !strcmp(act, "others")) {
    say("ready\n");
    asked();
    if (*act == 'b') bursts(atol(words[2]));
    else others(atol(words[2]));
    asked();
  }
  if (!strcmp(act, "family")) { /* a child that maps 77 pages, and then another program in this process */
    if (fork() == 0) {
      map(77);
      _exit(0);
    }
    wait(0);
    execl("/bin/true", "true", (char *)0);
  }
  if (!strcmp(act, "step")) { /* 5 pages at each line */
    say("ready\n");
    while (asked()) {
      map(5);
      say("done\n");
    }
  }
  return 0;
}
