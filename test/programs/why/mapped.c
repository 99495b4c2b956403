#include "why.h"
#include <fcntl.h>
/* A leak of mapped files: the same file is mapped again and again. argv[1]: a file of 64 KiB. */
int main(int argc, char **argv) {
  (void)argc;
  int fd = open(argv[1], O_RDONLY);
  if (fd < 0) return 1;
  ready();
  for (;;) {
    for (int i = 0; i < 4; i++) {
      volatile char *at = mmap(0, 64 * 1024, PROT_READ, MAP_PRIVATE, fd, 0);
      for (int page = 0; page < 16; page++) (void)at[page * 4096];
    }
    pause_ms(20);
  }
}
