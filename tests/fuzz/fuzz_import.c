/* fuzz_import.c: whatever a file holds, reading it as another tool's results ends with runs or with an error; and a run
 * that was stored can be read. */
#include "harness/run/import.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_back(struct store *store, const struct import_ids *ids, struct arena *arena)
{
    for (size_t i = 0; i < ids->count; i++) {
        struct store_case *cases;
        size_t count;
        if (ids->ids[i] && store_cases(store, ids->ids[i], arena, &cases, &count, NULL) != 0)
            abort();
    }
}

/* Guessing reaches one format an input; its length names another one that has to cope with it. */
static void try_formats(struct store *store, const char *input, size_t size, struct arena *arena)
{
    struct import_ids ids;
    struct error error;
    size_t count = 0;
    while (import_format_at(count))
        count++;
    const struct import_options forced = { .format = import_format_at(size % count)->name };
    if (import_file(store, input, NULL, arena, &ids, &error) == 0)
        read_back(store, &ids, arena);
    if (import_file(store, input, &forced, arena, &ids, &error) == 0)
        read_back(store, &ids, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char input[64];
    struct arena arena = { 0 };
    struct store *store = NULL;
    if (store_open(&store, ":memory:", false, NULL) != 0)
        abort();
    snprintf(input, sizeof input, "/tmp/prony-fuzz-import-%ld", (long)getpid());
    FILE *file = fopen(input, "wb");
    if (file) {
        fwrite(data, 1, size, file);
        fclose(file);
        try_formats(store, input, size, &arena);
    }
    unlink(input);
    store_close(store);
    arena_release(&arena);
    return 0;
}
