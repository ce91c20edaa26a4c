/* tags.c: names that people give to runs. One name, one run; a run may have many. */
#include "harness/store/store_internal.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdlib.h>
#include <string.h>

enum { NAME_LIMIT = 200 };

/* What store_run_find would take for something else. A tag wins over the start of a uuid, so those are allowed. */
static const char *name_fault(const char *name)
{
    int64_t number;
    if (!*name || strlen(name) > NAME_LIMIT)
        return "a tag has 1 to 200 characters";
    if (str_parse_i64(name, &number) || strspn(name, "0123456789") == strlen(name))
        return "a number is the number of a run";
    if (str_equal(name, "latest") || str_starts(name, "latest~"))
        return "it means the newest run";
    if (str_starts(name, "branch:") || str_starts(name, "commit:"))
        return "it means the run of a branch or commit";
    if (name[0] == '-')
        return "it would be taken for an option";
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return "a tag has no spaces and no control characters";
    return NULL;
}

int store_run_exists(struct store *store, int64_t run_id, struct error *error)
{
    int64_t found;
    char *sql = mem_format("SELECT count(*) FROM run WHERE id = %lld", (long long)run_id);
    int code = store_query_int(store, sql, &found, error);
    free(sql);
    if (code == 0 && !found)
        code = error_set(error, ERROR_STATE, "%s: there is no run %lld", store->path, (long long)run_id);
    return code;
}

int store_tag_set(struct store *store, const char *name, int64_t run_id, const char *note, struct error *error)
{
    const char *fault = name_fault(name);
    if (fault)
        return error_set(error, ERROR_USAGE, "'%s' cannot be a tag: %s", name, fault);
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    sqlite3_stmt *statement = NULL;
    code = store_run_exists(store, run_id, error);
    if (code == 0)
        code = store_prepare(store,
                             "INSERT INTO run_tag(name, run_id, note, created_ns) VALUES(?1, ?2, ?3, ?4) "
                             "ON CONFLICT(name) DO UPDATE SET run_id = excluded.run_id, note = excluded.note, "
                             "created_ns = excluded.created_ns",
                             &statement, error);
    if (code == 0) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, run_id);
        sqlite3_bind_text(statement, 3, note, -1, SQLITE_STATIC); /* NULL stays NULL */
        sqlite3_bind_int64(statement, 4, clock_utc_ns());
        code = store_step_done(store, statement, error);
    }
    sqlite3_finalize(statement);
    return store_end(store, code, error);
}

int store_tag_remove(struct store *store, const char *name, struct error *error)
{
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    sqlite3_stmt *statement = NULL;
    code = store_prepare(store, "DELETE FROM run_tag WHERE name = ?1", &statement, error);
    if (code == 0) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        code = store_step_done(store, statement, error);
    }
    sqlite3_finalize(statement);
    if (code == 0 && sqlite3_changes(store->db) != 1)
        code = error_set(error, ERROR_USAGE, "%s: there is no tag '%s'", store->path, name);
    return store_end(store, code, error);
}

int store_tags(struct store *store, struct arena *arena, struct store_tag **tags, size_t *count, struct error *error)
{
    struct store_tag *list = NULL;
    size_t capacity = 0;
    *tags = NULL;
    *count = 0;
    sqlite3_stmt *statement;
    int code =
        store_prepare(store, "SELECT name, note, run_id, created_ns FROM run_tag ORDER BY name", &statement, error);
    if (code != 0)
        return code;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        list[(*count)++] = (struct store_tag){ .name = read_text(statement, 0, arena),
                                               .note = read_text(statement, 1, arena),
                                               .run_id = sqlite3_column_int64(statement, 2),
                                               .created_ns = sqlite3_column_int64(statement, 3) };
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *tags = arena_array(arena, *count, sizeof **tags);
    if (*count)
        memcpy(*tags, list, *count * sizeof *list);
    free(list);
    return code;
}
