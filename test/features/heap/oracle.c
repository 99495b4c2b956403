/* Preloaded into a program, it says what mallinfo2(3) says of it, over a time: the least and the most of each figure. A
   thread of its own waits at the FIFO $MEMMAP_ORACLE/PID for `b`, samples until `e`, and writes the answer to
   $MEMMAP_ORACLE/PID.out. It allocates nothing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIGURES 3

static void answer(const char *path, const char *text, int length) {
  char part[4096];
  snprintf(part, sizeof part, "%s.part", path);
  int fd = open(part, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (write(fd, text, length) != length) _exit(1);
  close(fd);
  rename(part, path);
}

static void *oracle(void *folder) {
  char fifo[2000], out[2100], text[512];
  snprintf(fifo, sizeof fifo, "%s/%d", (char *)folder, getpid());
  snprintf(out, sizeof out, "%s.out", fifo);
  mkfifo(fifo, 0600);
  int fd = open(fifo, O_RDWR | O_CLOEXEC);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  for (char c;;) {
    if (read(fd, &c, 1) != 1) return 0;
    size_t least[FIGURES], most[FIGURES];
    long samples = 0;
    do {
      struct mallinfo2 m = mallinfo2();
      size_t now[FIGURES] = {m.arena, m.fordblks, m.hblkhd};
      for (int i = 0; i < FIGURES; i++) {
        if (!samples || now[i] < least[i]) least[i] = now[i];
        if (!samples || now[i] > most[i]) most[i] = now[i];
      }
      if (!samples++) answer(out, "began\n", 6);
    } while (poll(&wait, 1, 1) == 0);
    if (read(fd, &c, 1) != 1) return 0;
    struct mallinfo2 m = mallinfo2();
    size_t now[FIGURES] = {m.arena, m.fordblks, m.hblkhd};
    int length = 0;
    for (int i = 0; i < FIGURES; i++) {
      if (now[i] < least[i]) least[i] = now[i];
      if (now[i] > most[i]) most[i] = now[i];
      length += snprintf(text + length, sizeof text - length, "%zu %zu ", least[i], most[i]);
    }
    length += snprintf(text + length, sizeof text - length, "%ld\n", samples);
    answer(out, text, length);
  }
}

static char folder[1000];

static void begin(void) {
  pthread_t thread;
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_create(&thread, &attr, oracle, folder);
}

__attribute__((constructor)) static void start(void) {
  const char *given = getenv("MEMMAP_ORACLE");
  if (!given) return;
  snprintf(folder, sizeof folder, "%s", given);
  pthread_atfork(0, 0, begin);
  begin();
}
