/*
 * A process with memory of many sorts, which prints its own maps and then ends in the way that is asked for, or waits.
 * usage: crash abort|null|overflow|wait
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char maps[1 << 20];
static volatile int depth;

static int deep(int level) {
  volatile char room[1024];
  room[0] = (char)level;
  depth = level;
  return deep(level + 1) + room[0];
}

/* Without stdio: what is mapped must not change before the end. */
static void print_maps(void) {
  int file = open("/proc/self/maps", O_RDONLY);
  size_t length = 0;
  for (ssize_t count; (count = read(file, maps + length, sizeof maps - length)) > 0; length += (size_t)count) continue;
  close(file);
  for (size_t done = 0; done < length;) done += (size_t)write(1, maps + done, length - done);
  if (write(1, "end\n", 4) < 0) _exit(1);
}

static void *overflow(void *nothing) {
  print_maps();
  deep(0);
  return nothing;
}

static void *idle(void *nothing) {
  pause();
  return nothing;
}

static char *map(size_t size, int protection, int flags, int file) {
  char *memory = mmap(NULL, size, protection, flags, file, 0);
  if (memory == MAP_FAILED) _exit(1);
  if (protection & PROT_WRITE) memset(memory, 7, size);
  return memory;
}

int main(int count, char **arguments) {
  const char *how = count > 1 ? arguments[1] : "wait";
  memset(maps, 1, sizeof maps);
  memset(malloc(300000), 1, 300000);
  map(0x5000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  map(0x3000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  map(0x4000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
  madvise(map(0x9000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), 0x9000, MADV_DONTDUMP);
  mprotect(map(0x6000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), 0x6000, PROT_READ);
  int file = open("a file\nof two lines", O_RDWR | O_CREAT, 0600);
  if (ftruncate(file, 0x8000) != 0) return 1;
  map(0x8000, PROT_READ, MAP_PRIVATE, file);
  map(0x8000, PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
  map(0x8000, PROT_READ | PROT_WRITE, MAP_SHARED, file);
  unlink("a file\nof two lines");
  int memory = memfd_create("a memfd", 0);
  if (ftruncate(memory, 0x2000) != 0) return 1;
  map(0x2000, PROT_READ | PROT_WRITE, MAP_SHARED, memory);
  pthread_t thread;
  pthread_create(&thread, NULL, idle, NULL);
  pthread_create(&thread, NULL, strcmp(how, "overflow") == 0 ? overflow : idle, NULL);
  if (strcmp(how, "overflow") == 0) pause();
  usleep(100000);
  print_maps();
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "null") == 0) *(volatile char *)8 = 1;
  pause();
}
