#include "why.h"
#include <sys/resource.h>
/* Near RLIMIT_DATA: 92 of 100 MiB. */
int main(void) {
  struct rlimit limit = {100 * MIB, 100 * MIB};
  setrlimit(RLIMIT_DATA, &limit);
  block(92 * MIB);
  ready();
  stay();
}
