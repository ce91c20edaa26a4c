/* check.c: whether a database is sound, how big it is, and giving back the room it does not need. */
#include "harness/store/read_cases.h"
#include "harness/base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct problems {
    struct arena *arena;
    const char **list;
    size_t count, capacity;
};

static void add_problem(struct problems *problems, const char *text)
{
    MEM_GROW(problems->list, problems->count, problems->capacity);
    problems->list[problems->count++] = arena_strdup(problems->arena, text);
}

/* SQLite's own: pages, indices, constraints. It says "ok" if there is nothing to say. */
static int check_integrity(struct store *store, struct problems *problems, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store, "PRAGMA integrity_check(50)", &statement, error);
    if (code != 0)
        return code;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        if (text && strcmp(text, "ok") != 0)
            add_problem(problems, text);
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

static int check_references(struct store *store, struct problems *problems, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store, "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2",
                             &statement, error);
    if (code != 0)
        return code;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        add_problem(problems, arena_format(problems->arena, "%lld rows of %s refer to rows of %s that are not there",
                                           (long long)sqlite3_column_int64(statement, 2),
                                           (const char *)sqlite3_column_text(statement, 0),
                                           (const char *)sqlite3_column_text(statement, 1)));
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

/* What the schema cannot express: each counts what breaks it. */
static const struct {
    const char *sql, *what;
} invariants[] = {
    { "SELECT count(*) FROM run WHERE status <> 'running' AND ended_ns IS NULL", "runs have ended, but not when" },
    { "SELECT count(*) FROM run WHERE ended_ns < started_ns", "runs ended before they started" },
    { "SELECT count(*) FROM run r WHERE r.pruned_ns NOT NULL AND EXISTS(SELECT 1 FROM sample WHERE run_id = r.id)",
      "runs are marked as pruned, but have samples" },
    { "SELECT count(*) FROM summary s JOIN run r ON r.id = s.run_id WHERE r.pruned_ns IS NULL",
      "summaries belong to runs that were not pruned" },
    { "SELECT count(*) FROM run r WHERE r.pruned_ns IS NULL AND r.sample_count NOT NULL AND r.sample_count <> "
      "(SELECT count(*) FROM sample WHERE run_id = r.id)",
      "runs have not as many samples as they say" },
    { "SELECT count(*) FROM sample_thread_value t LEFT JOIN sample_value v USING(sample_id, metric_id) "
      "WHERE v.sample_id IS NULL",
      "values of threads belong to no value" },
    { "SELECT count(*) FROM comparison WHERE base_run_id = candidate_run_id", "comparisons are of a run with itself" },
};

static int check_invariants(struct store *store, struct problems *problems, struct error *error)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof invariants / sizeof invariants[0]; i++) {
        int64_t count;
        code = store_query_int(store, invariants[i].sql, &count, error);
        if (code == 0 && count)
            add_problem(problems, arena_format(problems->arena, "%lld %s", (long long)count, invariants[i].what));
    }
    return code;
}

int store_check(struct store *store, struct arena *arena, const char ***problems, size_t *count, struct error *error)
{
    struct problems found = { .arena = arena };
    int code = store_execute(store, "PRAGMA ignore_check_constraints = OFF", error);
    if (code == 0)
        code = check_integrity(store, &found, error);
    sqlite3_exec(store->db, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL);
    /* On damaged pages the other questions would only fail in strange ways. */
    if (code == 0 && found.count == 0)
        code = check_references(store, &found, error);
    if (code == 0 && found.count == 0)
        code = check_invariants(store, &found, error);
    *problems = read_copy(arena, found.list, found.count, sizeof *found.list);
    *count = found.count;
    free(found.list);
    return code;
}

/* The file and its log. */
static int64_t file_size(const struct store *store)
{
    int64_t size = 0;
    const char *const suffixes[] = { "", "-wal" };
    for (size_t i = 0; i < 2; i++) {
        struct stat status;
        char *path = mem_format("%s%s", store->path, suffixes[i]);
        size += stat(path, &status) == 0 ? (int64_t)status.st_size : 0;
        free(path);
    }
    return size;
}

int store_vacuum(struct store *store, int64_t *before_bytes, int64_t *after_bytes, struct error *error)
{
    int code = store_execute(store, "PRAGMA wal_checkpoint(TRUNCATE)", error);
    *before_bytes = *after_bytes = file_size(store);
    if (code == 0)
        code = store_execute(store, "VACUUM", error);
    if (code == 0)
        code = store_execute(store, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize", error);
    *after_bytes = file_size(store);
    return code;
}

int store_info(struct store *store, struct store_info *info, struct error *error)
{
    struct {
        const char *sql;
        int64_t *value;
    } questions[] = {
        { "PRAGMA user_version", &info->schema },
        { "SELECT count(*) FROM run", &info->runs },
        { "SELECT count(*) FROM run WHERE pruned_ns NOT NULL", &info->pruned_runs },
        { "SELECT count(*) FROM sample", &info->samples },
        { "SELECT count(*) FROM suite_case", &info->cases },
        { "SELECT count(*) FROM machine", &info->machines },
        { "SELECT count(*) FROM profile", &info->profiles },
        { "SELECT count(*) FROM comparison", &info->comparisons },
        { "SELECT count(*) FROM run_tag", &info->tags },
        { "SELECT coalesce(min(started_ns), 0) FROM run", &info->oldest_ns },
        { "SELECT coalesce(max(started_ns), 0) FROM run", &info->newest_ns },
        { "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size", &info->free_bytes },
    };
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof questions / sizeof questions[0]; i++)
        code = store_query_int(store, questions[i].sql, questions[i].value, error);
    info->size_bytes = file_size(store);
    return code;
}
