/* spike MS MIB: sleeps, then touches memory and ends at once, so that no sample sees it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **words)
{
    size_t size = (size_t)atoi(words[2]) << 20;
    usleep(atoi(words[1]) * 1000);
    volatile char *memory = malloc(size);
    for (size_t at = 0; at < size; at += 4096) memory[at] = 1;
    return 0;
}
