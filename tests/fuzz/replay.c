/* replay.c: feeds every file of the given files and directories to a fuzz target, so that corpora are checked without
 * libFuzzer. Exit 2 when a path cannot be read or nothing was replayed. */
#include "harness/base/file.h"
#include "harness/base/mem.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns the number of inputs replayed, -1 on an unreadable path. */
static int replay(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        DIR *directory = opendir(path);
        if (!directory)
            return -1;
        int total = 0;
        for (struct dirent *entry; total >= 0 && (entry = readdir(directory));) {
            if (entry->d_name[0] == '.')
                continue;
            char *child = mem_format("%s/%s", path, entry->d_name);
            int count = replay(child);
            total = count < 0 ? -1 : total + count;
            free(child);
        }
        closedir(directory);
        return total;
    }
    struct error error;
    char *data;
    size_t size;
    if (file_read(path, &data, &size, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return -1;
    }
    /* An exact-size copy, so that AddressSanitizer sees a read behind the end. */
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) {
        free(data);
        return -1;
    }
    memcpy(copy, data, size);
    free(data);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    return 1;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay(argv[i]);
        if (count < 0)
            return 2;
        total += count;
    }
    printf("replayed %d inputs\n", total);
    return total ? 0 : 2;
}
