/* fuzz_import.c: whatever a file holds, reading it as another tool's results ends with runs or with an error; and a run
 * that was stored can be read. */
#include "harness/base/file.h"
#include "harness/run/import.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store *open_store(char *path, size_t size)
{
    struct store *store = NULL;
    snprintf(path, size, "/tmp/prony-fuzz-import-%ld.db", (long)getpid());
    unlink(path);
    if (store_open(&store, path, false, NULL) != 0)
        abort();
    unlink(path); /* the open file stays until it is closed */
    return store;
}

static void read_back(struct store *store, const struct import_ids *ids, struct arena *arena)
{
    for (size_t i = 0; i < ids->count; i++) {
        struct store_case *cases;
        size_t count;
        if (ids->ids[i] && store_cases(store, ids->ids[i], arena, &cases, &count, NULL) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], input[64];
    struct arena arena = { 0 };
    struct error error;
    struct import_ids ids;
    const struct import_format_row *format;
    struct store *store = open_store(path, sizeof path);
    snprintf(input, sizeof input, "/tmp/prony-fuzz-import-%ld", (long)getpid());
    if (file_write(input, data, size, NULL) == 0) {
        if (import_file(store, input, NULL, &arena, &ids, &error) == 0)
            read_back(store, &ids, &arena);
        for (size_t i = 0; (format = import_format_at(i)) != NULL; i++) {
            const struct import_options options = { .format = format->name };
            if (import_file(store, input, &options, &arena, &ids, &error) == 0)
                read_back(store, &ids, &arena);
        }
    }
    unlink(input);
    store_close(store);
    arena_release(&arena);
    return 0;
}
