/* run_reference.c: see run_reference.h. */
#include "harness/cli/run_reference.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/import.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ---- */

static bool is_file(const char *text)
{
    return strpbrk(text, "./") && file_exists(text);
}

static bool is_database(const char *path)
{
    static const char magic[] = "SQLite format 3";
    char head[sizeof magic] = { 0 };
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) /* what a pipe holds can be read once */
        return false;
    FILE *file = fopen(path, "rb");
    bool good = file && fread(head, 1, sizeof magic, file) == sizeof magic && memcmp(head, magic, sizeof magic) == 0;
    if (file)
        fclose(file);
    return good;
}

/* ---- databases ---- */

static struct run_reference_store *find_store(struct run_references *references, const char *path)
{
    for (size_t i = 0; i < references->count; i++) {
        if (str_equal(references->stores[i].path, path))
            return &references->stores[i];
    }
    return NULL;
}

static struct run_reference_store *add_store(struct run_references *references, const char *path)
{
    MEM_GROW(references->stores, references->count, references->capacity);
    struct run_reference_store *opened = &references->stores[references->count++];
    *opened = (struct run_reference_store){ .path = mem_strdup(path) };
    return opened;
}

static int open_database(struct run_references *references, const char *path, struct run_reference_store **opened,
                         struct error *error)
{
    *opened = find_store(references, path);
    if (*opened)
        return 0;
    struct store *store;
    int code = store_open(&store, path, true, error);
    if (code != 0)
        return code;
    *opened = add_store(references, path);
    (*opened)->store = store;
    return 0;
}

static int open_import(struct run_references *references, const char *path, struct arena *arena,
                       struct run_reference_store **opened, struct error *error)
{
    *opened = find_store(references, path);
    if (*opened)
        return 0;
    const char *parent = getenv("TMPDIR");
    char *directory = mem_format("%s/prony-import-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(directory)) {
        int code = error_set(error, ERROR_IO, "cannot make the directory %s for an import", directory);
        free(directory);
        return code;
    }
    *opened = add_store(references, path);
    (*opened)->directory = directory;
    const char *database = arena_format(arena, "%s/import.db", directory);
    struct import_ids ids = { 0 };
    const struct import_options options = { 0 };
    int code = store_open(&(*opened)->store, database, false, error);
    if (code == 0)
        code = import_file((*opened)->store, path, &options, arena, &ids, error);
    if (code == 0 && !ids.count)
        code = error_set(error, ERROR_FORMAT, "%s: holds no runs", path);
    if (code == 0)
        (*opened)->newest_id = ids.ids[ids.count - 1];
    return code;
}

static void remove_import(const char *directory)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char *path = mem_format("%s/import.db%s", directory, endings[i]);
        unlink(path);
        free(path);
    }
    rmdir(directory);
}

void run_references_release(struct run_references *references)
{
    for (size_t i = 0; i < references->count; i++) {
        struct run_reference_store *opened = &references->stores[i];
        store_close(opened->store);
        if (opened->directory)
            remove_import(opened->directory);
        free(opened->directory);
        free(opened->path);
    }
    free(references->stores);
    *references = (struct run_references){ 0 };
}

/* ---- names ---- */

/* What is no number, tag or uuid may be a branch or a commit. The first error says what all the ways are. */
static int find_by_name(struct store *store, const char *text, struct arena *arena, struct store_run_row *row,
                        struct error *error)
{
    static const char *const ways[] = { "branch:", "commit:" };
    int code = store_run_find(store, text, arena, row, error);
    for (size_t i = 0; code == ERROR_USAGE && !strchr(text, ':') && i < sizeof ways / sizeof ways[0]; i++) {
        if (store_run_find(store, arena_format(arena, "%s%s", ways[i], text), arena, row, NULL) == 0)
            return 0;
    }
    return code;
}

static int find_in_database(struct run_references *references, const char *path, const char *run, struct arena *arena,
                            struct run_reference *found, struct error *error)
{
    struct run_reference_store *opened;
    int code = open_database(references, path, &opened, error);
    if (code != 0)
        return code;
    found->store = opened->store;
    return find_by_name(opened->store, run, arena, &found->row, error);
}

static int find_in_import(struct run_references *references, const char *path, struct arena *arena,
                          struct run_reference *found, struct error *error)
{
    struct run_reference_store *opened;
    int code = open_import(references, path, arena, &opened, error);
    if (code != 0)
        return code;
    found->store = opened->store;
    return store_run_find(opened->store, arena_format(arena, "%lld", (long long)opened->newest_id), arena, &found->row,
                          error);
}

int run_reference_find(struct run_references *references, const char *text, struct arena *arena,
                       struct run_reference *found, struct error *error)
{
    *found = (struct run_reference){ .name = text };
    if (is_file(text))
        return is_database(text) ? find_in_database(references, text, "latest", arena, found, error)
                                 : find_in_import(references, text, arena, found, error);
    /* FILE:RUN; the colon of branch:NAME has no file before it. */
    const char *colon = strrchr(text, ':');
    for (; colon && colon > text; colon = memrchr(text, ':', (size_t)(colon - text))) {
        const char *path = arena_strndup(arena, text, (size_t)(colon - text));
        if (is_file(path))
            return find_in_database(references, path, colon + 1, arena, found, error);
    }
    int code = find_in_database(references, references->database, text, arena, found, error);
    /* A file without a dot or a slash in its name comes after runs of that name. */
    if (code != 0 && file_exists(text))
        return find_in_import(references, text, arena, found, error);
    return code;
}
