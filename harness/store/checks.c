/* checks.c: what the doctor found when a run began. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdlib.h>
#include <string.h>

static int insert_check(struct store *store, sqlite3_stmt *statement, int64_t run_id, int64_t position,
                        const struct store_check *check, struct error *error)
{
    static const char *const verdicts[] = { "pass", "warn", "fail", "unknown" };
    bool known = false;
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        known = known || str_equal(check->verdict, verdicts[i]);
    if (!known)
        return error_set(error, ERROR_STATE, "check %s: '%s' is no verdict", check->name, check->verdict);
    sqlite3_bind_int64(statement, 1, run_id);
    sqlite3_bind_int64(statement, 2, position);
    sqlite3_bind_text(statement, 3, check->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, check->verdict, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, check->seen, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 6, check->meaning, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 7, check->remedy, -1, SQLITE_STATIC); /* NULL binds as NULL */
    return store_step_done(store, statement, error);
}

int store_checks_add(struct store *store, int64_t run_id, const struct store_check *checks, size_t count,
                     struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int64_t position = 0;
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    code = store_run_exists(store, run_id, error);
    char *sql =
        mem_format("SELECT coalesce(max(position) + 1, 0) FROM run_check WHERE run_id = %lld", (long long)run_id);
    if (code == 0)
        code = store_run_exists(store, run_id, error);
    if (code == 0)
        code = store_query_int(store, sql, &position, error);
    free(sql);
    if (code == 0)
        code = store_prepare(store,
                             "INSERT INTO run_check(run_id, position, name, verdict, seen, meaning, remedy) "
                             "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                             &statement, error);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = insert_check(store, statement, run_id, position + (int64_t)i, &checks[i], error);
    sqlite3_finalize(statement);
    return store_end(store, code, error);
}

int store_checks(struct store *store, int64_t run_id, struct arena *arena, struct store_check **checks, size_t *count,
                 struct error *error)
{
    struct store_check *list = NULL;
    size_t capacity = 0;
    int64_t known = 0;
    *checks = NULL;
    *count = 0;
    sqlite3_stmt *statement;
    /* A database of version 1 that is only read has no such table: no checks, no error. */
    int code = store_query_int(store, "SELECT count(*) FROM sqlite_master WHERE name = 'run_check'", &known, error);
    if (code != 0 || !known)
        return code;
    code = store_prepare(store,
                         "SELECT name, verdict, seen, meaning, remedy FROM run_check WHERE run_id = ?1 "
                         "ORDER BY position",
                         &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        list[(*count)++] = (struct store_check){ .name = read_text(statement, 0, arena),
                                                 .verdict = read_text(statement, 1, arena),
                                                 .seen = read_text(statement, 2, arena),
                                                 .meaning = read_text(statement, 3, arena),
                                                 .remedy = read_text(statement, 4, arena) };
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *checks = arena_array(arena, *count, sizeof **checks);
    if (*count)
        memcpy(*checks, list, *count * sizeof *list);
    free(list);
    return code;
}

const char *store_checks_line(const struct store_check *checks, size_t count, struct arena *arena)
{
    static const char *const verdicts[] = { "fail", "warn", "unknown", "pass" };
    struct str line = { 0 };
    for (size_t v = 0; v < sizeof verdicts / sizeof verdicts[0]; v++) {
        size_t found = 0;
        struct str names = { 0 };
        for (size_t i = 0; i < count; i++) {
            if (!str_equal(checks[i].verdict, verdicts[v]))
                continue;
            str_appendf(&names, "%s%s", found++ ? ", " : "", checks[i].name);
        }
        if (found)
            str_appendf(&line, v < 2 ? "%s%zu %s (%s)" : "%s%zu %s", line.length ? ", " : "", found, verdicts[v],
                        str_text(&names));
        str_release(&names);
    }
    const char *text = line.length ? arena_strdup(arena, str_text(&line)) : NULL;
    str_release(&line);
    return text;
}
