#include "why.h"
/* A leak of memfds: each has 1 MiB, is open, and is mapped by nobody. */
int main(void) {
  char *content = block(MIB);
  ready();
  for (;;) {
    int fd = memfd_create("frame", 0);
    if (fd >= 0 && write(fd, content, MIB) < 0) return 1;
    pause_ms(100);
  }
}
