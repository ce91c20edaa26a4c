/* import_prony.c: our own export back: its tables are loaded into a database of their own, which is then merged. So the
 * runs keep their uuids, and whatever is damaged is found before anything is stored. */
#include "harness/run/import_formats.h"
#include "harness/base/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMN_LIMIT = 64 };

bool import_is_prony(const struct import_source *source)
{
    return json_is_integer(json_object_get(source->json, "prony_export"));
}

/* ---- rows ---- */

struct rows {
    const char *table;
    const json_t *list;
    size_t next, columns;
    struct store_cell cells[COLUMN_LIMIT];
    struct arena blobs; /* of the current row */
};

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* {"hex": "00ff"} */
static bool take_blob(struct rows *rows, const json_t *value, struct store_cell *cell)
{
    const json_t *hex = json_object_get(value, "hex");
    const char *text = json_string_value(hex);
    size_t length = json_string_length(hex);
    if (!text || length % 2)
        return false;
    char *bytes = arena_alloc(&rows->blobs, length / 2 + 1);
    for (size_t i = 0; i < length; i += 2) {
        int high = digit(text[i]), low = digit(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (char)(high * 16 + low);
    }
    *cell = (struct store_cell){ .kind = STORE_CELL_BLOB, .text = bytes, .size = length / 2 };
    return true;
}

static bool take_cell(struct rows *rows, const json_t *value, struct store_cell *cell)
{
    *cell = (struct store_cell){ 0 };
    switch (value ? json_typeof(value) : JSON_TRUE) {
    case JSON_NULL: return true;
    case JSON_INTEGER:
        *cell = (struct store_cell){ .kind = STORE_CELL_INTEGER, .integer = json_integer_value(value) };
        return true;
    case JSON_REAL: *cell = (struct store_cell){ .kind = STORE_CELL_REAL, .real = json_real_value(value) }; return true;
    case JSON_STRING:
        *cell = (struct store_cell){ .kind = STORE_CELL_TEXT, .text = json_string_value(value) };
        return true;
    case JSON_OBJECT: return take_blob(rows, value, cell);
    default: return false;
    }
}

static int next_row(void *context, const struct store_cell **cells, struct error *error)
{
    struct rows *rows = context;
    arena_release(&rows->blobs);
    *cells = NULL;
    if (rows->next == json_array_size(rows->list))
        return 0;
    const json_t *row = json_array_get(rows->list, rows->next++);
    bool good = json_array_size(row) == rows->columns;
    for (size_t i = 0; good && i < rows->columns; i++)
        good = take_cell(rows, json_array_get(row, i), &rows->cells[i]);
    if (!good)
        return error_set(error, ERROR_FORMAT, "table %.40s, row %zu: not one value a column", rows->table, rows->next);
    *cells = rows->cells;
    return 0;
}

static int load_table(struct store *part, const char *name, const json_t *table, struct error *error)
{
    const json_t *columns = json_object_get(table, "columns"), *list = json_object_get(table, "rows");
    const char *names[COLUMN_LIMIT];
    struct rows rows = { .table = name, .list = list, .columns = json_array_size(columns) };
    bool good = json_is_array(list) && rows.columns > 0 && rows.columns < COLUMN_LIMIT;
    for (size_t i = 0; good && i < rows.columns; i++) {
        names[i] = json_string_value(json_array_get(columns, i));
        good = names[i] != NULL;
    }
    if (!good)
        return error_set(error, ERROR_FORMAT, "table %.40s has no columns or no rows", name);
    int code = store_load_rows(part, name, names, rows.columns, next_row, &rows, error);
    arena_release(&rows.blobs);
    return code == 0 ? 0 : error_prefix(error, "table %.40s", name);
}

static int load_tables(struct store *part, const json_t *root, struct error *error)
{
    json_t *tables = json_object_get(root, "tables"), *table;
    const char *name;
    if (!json_is_object(tables))
        return error_set(error, ERROR_FORMAT, "no \"tables\"");
    int code = store_group_begin(part, error);
    if (code != 0)
        return code;
    json_object_foreach(tables, name, table) if (code == 0) code = load_table(part, name, table, error);
    return store_group_end(part, code, error);
}

/* ---- the way in ---- */

static int check_part(struct store *part, const json_t *root, struct arena *arena, struct error *error)
{
    const char **problems;
    size_t count;
    int code = load_tables(part, root, error);
    if (code == 0)
        code = store_check(part, arena, &problems, &count, error);
    if (code == 0 && count)
        code = error_set(error, ERROR_FORMAT, "%.200s", problems[0]);
    return code;
}

static int collect_ids(struct store *store, const json_t *root, struct arena *arena, struct import_ids *ids,
                       struct error *error)
{
    const json_t *table = json_object_get(json_object_get(root, "tables"), "run");
    const json_t *columns = json_object_get(table, "columns"), *rows = json_object_get(table, "rows");
    size_t column = 0;
    while (column < json_array_size(columns) && !str_equal(json_string_value(json_array_get(columns, column)), "uuid"))
        column++;
    int64_t *list = arena_array(arena, json_array_size(rows), sizeof *list);
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(rows); i++) {
        const char *uuid = json_string_value(json_array_get(json_array_get(rows, i), column));
        code = store_run_known(store, uuid ? uuid : "", &list[ids->count++], error);
    }
    ids->ids = list;
    return code;
}

static void remove_part(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *name = mem_format("%s%s", path, suffixes[i]);
        unlink(name);
        free(name);
    }
}

void import_discard_prony(struct import_document *document)
{
    remove_part(document->part);
    document->part = NULL;
}

int import_prepare_prony(const struct import_source *source, struct import_document *document, struct error *error)
{
    const char *directory = getenv("TMPDIR");
    int64_t schema = (int64_t)import_integer(source->json, "schema");
    struct store_info info;
    struct store *part = NULL;
    if (!source->json)
        return error_set(error, ERROR_FORMAT, "damaged or cut off: %s",
                         source->is_directory ? "a directory" : source->json_fault);
    char *path = arena_format(document->arena, "%s/prony-import-XXXXXX", directory && *directory ? directory : "/tmp");
    int file = mkstemp(path);
    if (file < 0)
        return error_system(error, errno, "%s", path);
    close(file);
    document->part = path;
    int code = store_open(&part, path, false, error);
    if (code == 0)
        code = store_info(part, &info, error);
    if (code == 0 && schema > info.schema)
        code = error_set(error, ERROR_UNSUPPORTED, "made by a newer prony (schema %lld, this one knows %lld)",
                         (long long)schema, (long long)info.schema);
    if (code == 0)
        code = check_part(part, source->json, document->arena, error);
    store_close(part);
    return code;
}

int import_merge_prony(const struct import_source *source, const struct import_document *document, struct store *store,
                       struct arena *arena, struct import_ids *ids, struct error *error)
{
    struct store_merge_result result;
    int code = store_merge(store, document->part, &result, error);
    if (code != 0)
        return code;
    ids->known = result.runs_known;
    return collect_ids(store, source->json, arena, ids, error);
}
