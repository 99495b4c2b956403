/* Does what the lesson on malloc does, linked by a compiler. After each step: size and resident memory of [heap], in
   bytes, and what mallinfo(3) says is free. Nothing here calls malloc but the steps. */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text[1 << 20];

static long counter(const char *region, const char *name) {
  const char *at = strstr(region, name);
  return at ? atol(at + strlen(name)) * 1024 : -1;
}

static void tell(void) {
  size_t length = 0;
  int file = open("/proc/self/smaps", O_RDONLY);
  for (ssize_t got; (got = read(file, text + length, sizeof text - 1 - length)) > 0;) length += got;
  close(file);
  text[length] = 0;
  const char *heap = strstr(text, "[heap]");
  long size = heap ? counter(heap, "\nSize:") : 0, rss = heap ? counter(heap, "\nRss:") : 0;
  /* dprintf(3) would allocate a buffer for its time. */
  char line[100];
  length = snprintf(line, sizeof line, "%ld %ld %d\n", size, rss, mallinfo().fordblks);
  if (write(1, line, length) < 0) exit(1);
}

int main(void) {
  static char *volatile block[21];
  block[0] = malloc(1);
  tell();
  for (int i = 1; i <= 20; i++) memset(block[i] = malloc(51200), i, 51200);
  tell();
  for (int i = 1; i < 20; i += 2) free(block[i]);
  tell();
  malloc_trim(0);
  tell();
  for (int i = 2; i <= 20; i += 2) free(block[i]);
  tell();
}
