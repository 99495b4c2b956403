#include "why.h"
/* Mappings near vm.max_map_count: every second page may not be written, so that nothing merges. argv[1]: how many. */
int main(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 65000;
  char *at = mmap(0, count * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  for (long page = 0; page < count; page += 2)
    if (mprotect(at + page * 4096, 4096, PROT_READ)) break;
  ready();
  stay();
}
