/* Finds out how much room the kernel really gives. Each line of standard input is a question; the answer is one line.
   It uses no stdio and no malloc, so that a question changes nothing but what it asks for. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define MOST (1UL << 47)
#define ANYWHERE (MAP_PRIVATE | MAP_ANONYMOUS)

static sigjmp_buf out;
static char signal_stack[65536];
static char line[256];
static unsigned long stack_start;

static void on_fault(int number) { (void)number; siglongjmp(out, 1); }

static int maps(unsigned long size, int protection, int flags) {
  void *at = mmap(0, size, protection, flags, -1, 0);
  if (at != MAP_FAILED) munmap(at, size);
  return at != MAP_FAILED;
}

static unsigned long brk_end;

static int can_mmap(unsigned long size) { return maps(size, PROT_READ | PROT_WRITE, ANYWHERE); }
static int can_reserve(unsigned long size) { return maps(size, PROT_NONE, ANYWHERE); }
static int can_brk(unsigned long size) {
  int can = (unsigned long)syscall(SYS_brk, brk_end + size) == brk_end + size;
  if (can) syscall(SYS_brk, brk_end);
  return can;
}
static char *locked;
static int can_lock(unsigned long size) {
  int can = syscall(SYS_mlock2, locked, size, 1 /* MLOCK_ONFAULT */) == 0;
  munlock(locked, size);
  return can;
}

/* The largest multiple of a page that succeeds, below `most`. */
static unsigned long bisect(int (*can)(unsigned long), unsigned long most) {
  unsigned long low = 0, high = most;
  while (high - low > PAGE) {
    unsigned long middle = (low + (high - low) / 2) & ~(PAGE - 1);
    if (can(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/* Where the stack's lowest region begins: the last line of maps that is named [stack], or lies right below one. */
static void find_stack(void) {
  static char text[1 << 20];
  size_t length = 0;
  int fd = open("/proc/self/maps", O_RDONLY);
  for (ssize_t count; (count = read(fd, text + length, sizeof text - 1 - length)) > 0;) length += count;
  close(fd);
  text[length] = 0;
  char *at = strstr(text, "[stack]");
  while (at > text && at[-1] != '\n') at--;
  stack_start = strtoul(at, 0, 16);
}

/* Touches the stack page by page downwards until SIGSEGV. */
static unsigned long grow_stack(void) {
  static volatile unsigned long grown;
  stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_NODEFER};
  sigaltstack(&stack, 0);
  sigaction(SIGSEGV, &action, 0);
  grown = 0;
  if (!sigsetjmp(out, 1))
    for (;;) {
      *(volatile char *)(stack_start - grown - PAGE) = 1;
      grown += PAGE;
    }
  signal(SIGSEGV, SIG_DFL);
  return grown;
}

/* Makes regions of a page that don't touch, `most` at most. */
static unsigned long make_regions(unsigned long most) {
  static char *next = (char *)0x100000000000;
  for (unsigned long made = 0; made < most; made++, next += 2 * PAGE)
    if (mmap(next, PAGE, PROT_READ, ANYWHERE | MAP_FIXED, -1, 0) == MAP_FAILED) return made;
  return most;
}

static void say(unsigned long value) {
  char digits[32], *at = digits + sizeof digits;
  *--at = '\n';
  do *--at = '0' + value % 10;
  while (value /= 10);
  write(1, at, digits + sizeof digits - at);
}

static unsigned long answer(const char *question, unsigned long number) {
  int writable = PROT_READ | PROT_WRITE;
  if (!strcmp(question, "mmap")) return bisect(can_mmap, MOST);
  if (!strcmp(question, "reserve")) return bisect(can_reserve, MOST);
  if (!strcmp(question, "brk")) {
    brk_end = (syscall(SYS_brk, 0) + PAGE - 1) & ~(PAGE - 1);
    syscall(SYS_brk, brk_end);
    return bisect(can_brk, MOST);
  }
  if (!strcmp(question, "lock")) {
    unsigned long most = 1UL << 36;
    locked = mmap(0, most, PROT_NONE, ANYWHERE | MAP_NORESERVE, -1, 0);
    return bisect(can_lock, most);
  }
  if (!strcmp(question, "stack")) return grow_stack();
  if (!strcmp(question, "regions")) return make_regions(number);
  /* Things that are done, with 0 for success. */
  if (!strcmp(question, "map")) return mmap(0, number, writable, ANYWHERE, -1, 0) == MAP_FAILED;
  if (!strcmp(question, "sbrk")) return sbrk(number) == (void *)-1;
  if (!strcmp(question, "read-only-heap")) return mprotect((void *)((syscall(SYS_brk, 0) - number) & ~(PAGE - 1)), number & ~(PAGE - 1), PROT_READ) != 0;
  if (!strcmp(question, "below"))
    return mmap((void *)(stack_start - number), PAGE, writable, ANYWHERE | MAP_FIXED, -1, 0) == MAP_FAILED;
  if (!strcmp(question, "guard-below"))
    return mmap((void *)(stack_start - number), PAGE, PROT_NONE, ANYWHERE | MAP_FIXED, -1, 0) == MAP_FAILED;
  if (!strcmp(question, "stack-below"))
    return mmap((void *)(stack_start - number), PAGE, writable, ANYWHERE | MAP_FIXED | MAP_GROWSDOWN, -1, 0) == MAP_FAILED;
  if (!strcmp(question, "split-stack"))
    return mprotect((void *)(stack_start + 2 * PAGE), PAGE, writable | PROT_EXEC) != 0;
  if (!strcmp(question, "lock-stack")) return syscall(SYS_mlock2, stack_start, number, 1) != 0;
  /* What was touched so far is said, so that it is known if the program is killed. */
  if (!strcmp(question, "touch")) {
    volatile char *at = mmap(0, number, writable, ANYWHERE, -1, 0);
    for (unsigned long done = 0; done < number; done += PAGE) {
      at[done] = 1;
      if (done % (64 * PAGE) == 0) say(done);
    }
    return number;
  }
  return -1UL;
}

int main(void) {
  find_stack();
  say(getpid());
  for (size_t length; (length = read(0, line, sizeof line - 1)) > 0 && length < sizeof line;) {
    line[length] = 0;
    line[strcspn(line, "\n")] = 0;
    char *number = strchr(line, ' ');
    if (number) *number++ = 0;
    say(answer(line, number ? strtoul(number, 0, 10) : 0));
  }
}
