/* Answers each line with what it did: `free MIB` gives memory back with MADV_FREE, `huge MIB` asks for huge pages,
 * `lock KIB` locks memory, `merge PAGES` has as many equal pages that may be merged. The answer is the address. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE (2UL << 20)

static char *get(size_t size)
{
    char *memory = mmap(NULL, size + 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return (char *)(((uintptr_t)memory + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
}

int main(void)
{
    char what[32];
    size_t count;
    puts("ready");
    fflush(stdout);
    while (scanf("%31s %zu", what, &count) == 2) {
        char *memory = NULL;
        int result = 0;
        if (!strcmp(what, "free")) {
            memory = get(count << 20);
            memset(memory, 1, count << 20);
            result = madvise(memory, count << 20, MADV_FREE);
        } else if (!strcmp(what, "huge")) {
            memory = get(count << 20);
            result = madvise(memory, count << 20, MADV_HUGEPAGE);
            memset(memory, 1, count << 20);
        } else if (!strcmp(what, "lock")) {
            memory = get(count << 10);
            result = mlock(memory, count << 10);
        } else if (!strcmp(what, "merge")) {
            memory = get(count * 4096);
            result = madvise(memory, count * 4096, MADV_NOHUGEPAGE) || madvise(memory, count * 4096, MADV_MERGEABLE);
            for (size_t page = 0; page < count; page++) memset(memory + page * 4096, 7, 4096);
        }
        printf("%s %zx\n", result ? "failed" : "done", (size_t)memory);
        fflush(stdout);
    }
    return 0;
}
