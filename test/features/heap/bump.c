/* With LIBRARY an allocator that stands before the C library's, and never reuses anything; else a program that allocates
   64 MiB, says its PID and waits. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef LIBRARY
static char *next, *end;

void *malloc(size_t size) {
  size_t whole = ((size + 15) & ~(size_t)15) + 16;
  if ((size_t)(end - next) < whole) {
    size_t more = whole > 8 << 20 ? (whole + 4095) & ~(size_t)4095 : 8 << 20;
    next = mmap(0, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    end = next + more;
  }
  char *block = next + 16;
  ((size_t *)block)[-1] = size;
  next += whole;
  return block;
}
void free(void *block) { (void)block; }
void *calloc(size_t count, size_t size) { return malloc(count * size); }
void *realloc(void *block, size_t size) {
  void *other = malloc(size);
  if (block) memcpy(other, block, ((size_t *)block)[-1] < size ? ((size_t *)block)[-1] : size);
  return other;
}
#else
int main(void) {
  for (int i = 0; i < 4096; i++) memset(malloc(16384), 1, 16384);
  printf("%d\n", getpid());
  fflush(stdout);
  getchar();
}
#endif
