/* Keeps memory through two ways to malloc: small blocks, which come from brk(2), and large ones, from mmap(2). A third way
   maps and unmaps. Each line of input is one round; at the end of the input it ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static void *kept[100000];
static int count;
#define FUNCTION __attribute__((noinline))
FUNCTION char *parse_string(int size) { char *p = malloc(size); memset(p, 1, size); kept[count++] = p; return p; }
FUNCTION int json_parse(int times) { int sum = 0; while (times--) sum += *parse_string(2000); return sum; }
FUNCTION int image_decode(int size) { char *p = malloc(size); memset(p, 2, size); kept[count++] = p; return p[size - 1]; }
FUNCTION int scratch(int size) {
  char *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int first = p[0];
  munmap(p, size);
  return first + 1;
}
FUNCTION int handle_request(void) { return json_parse(200) + image_decode(600000) + scratch(1 << 20); }
int main(int argc, char **argv) {
  int sum = 0;
  printf("ready\n");
  fflush(stdout);
  for (int c; (c = getchar()) != EOF;) {
    if (c != '\n') continue;
    sum += handle_request();
    printf("done\n");
    fflush(stdout);
    if (argc > 1) usleep(atoi(argv[1]));
  }
  return sum == 0;
}
