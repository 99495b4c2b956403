/* Maps the beginning of a file privately, reads it and writes to some of its pages, and has anonymous memory of its own.
 *
 * apart FILE READ WRITTEN OWN   pages; reads the first READ pages of the file, then writes to the first WRITTEN of them.
 * Prints where the file and the anonymous memory are, and waits.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 5) return 1;
  long page = sysconf(_SC_PAGESIZE), read = atol(argv[2]), written = atol(argv[3]), own = atol(argv[4]);
  int fd = open(argv[1], O_RDONLY);
  if (fd < 0) return 1;
  /* No more than is read: the kernel maps pages around the one that is asked for. */
  char *map = mmap(NULL, read * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED) return 1;
  volatile char sum = 0;
  for (long at = 0; at < read; at++) sum += map[at * page];
  for (long at = 0; at < written; at++) map[at * page] = 1;
  /* Between guards, so that the kernel merges it with no other memory. */
  char *memory = mmap(NULL, (own + 2) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memory += page;
  mprotect(memory, own * page, PROT_READ | PROT_WRITE);
  memset(memory, 7, own * page);
  printf("%p %p\n", (void *)map, (void *)memory);
  fflush(stdout);
  getchar();
  return sum == 127;
}
