/* A parent that forks workers, and does with pages of a known region what it is told, in whatever process it is told.
 *
 * workers COUNT PAGES   prints the PIDs of the workers, where the region is, and where one is that was only read
 *
 * Lines on standard input: "write WHO FROM COUNT", "free WHO FROM COUNT", "end WHO 0 0". WHO is 0 for the parent, else
 * the number of the worker. Each is answered with "ok".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 64 };

static char *region;
static long page;

static void act(const char *what, long from, long count) {
  if (strcmp(what, "free") == 0) madvise(region + from * page, count * page, MADV_DONTNEED);
  else
    for (long at = from; at < from + count; at++) region[at * page]++;
}

static void work(int in, int out) {
  char what[16];
  long asked[2];
  /* Ends with the parent, and keeps nobody waiting for the end of its output. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close(0);
  close(1);
  close(2);
  for (;;) {
    if (read(in, what, sizeof what) != sizeof what || read(in, asked, sizeof asked) != sizeof asked) _exit(0);
    if (strcmp(what, "end") == 0) _exit(0);
    act(what, asked[0], asked[1]);
    if (write(out, "k", 1) != 1) _exit(1);
  }
}

int main(int argc, char **argv) {
  int workers = atoi(argv[1]);
  long pages = atol(argv[2]);
  int to[MOST][2], from[MOST][2], pids[MOST];
  page = sysconf(_SC_PAGESIZE);
  /* Between guards, so that the kernel merges it with no other memory. */
  region = mmap(NULL, (pages + 2) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  region += page;
  mprotect(region, pages * page, PROT_READ | PROT_WRITE);
  if (argc > 3) madvise(region, pages * page, MADV_HUGEPAGE);
  memset(region, 7, pages * page);
  /* Only read: it has the zero page, which is nobody's. */
  volatile char *zeros = mmap(NULL, pages * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (long at = 0; at < pages; at++) (void)zeros[at * page];
  for (int i = 0; i < workers; i++) {
    if (pipe(to[i]) || pipe(from[i])) return 1;
    pids[i] = fork();
    if (pids[i] == 0) work(to[i][0], from[i][1]);
  }
  for (int i = 0; i < workers; i++) printf("%d ", pids[i]);
  printf("%lx %lx\n", (unsigned long)region, (unsigned long)zeros);
  fflush(stdout);
  char what[16] = "";
  int who;
  long asked[2];
  while (scanf("%15s %d %ld %ld", what, &who, &asked[0], &asked[1]) == 4) {
    if (who == 0) act(what, asked[0], asked[1]);
    else {
      char answer;
      int *pipes = to[who - 1];
      if (write(pipes[1], what, sizeof what) < 0 || write(pipes[1], asked, sizeof asked) < 0) return 1;
      if (strcmp(what, "end") == 0) waitpid(pids[who - 1], NULL, 0);
      else if (read(from[who - 1][0], &answer, 1) != 1) return 1;
    }
    puts("ok");
    fflush(stdout);
  }
  return 0;
}
