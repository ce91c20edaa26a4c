/* read_runs.c: runs, their facts and failures come out. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdlib.h>
#include <string.h>

#define RUN_COLUMNS                                                                                       \
    "SELECT r.id, r.uuid, r.plan, r.command, r.status, m.fingerprint, r.started_ns, r.ended_ns, r.seed, " \
    "coalesce(r.sample_count, (SELECT count(*) FROM sample WHERE run_id = r.id)), "                       \
    "coalesce(r.case_count, (SELECT count(DISTINCT case_id) FROM sample WHERE run_id = r.id)), "          \
    "(SELECT count(*) FROM failure WHERE run_id = r.id), r.machine_id, r.build_id, r.pruned_ns "          \
    "FROM run r JOIN machine m ON m.id = r.machine_id "

static const char *column_text(sqlite3_stmt *statement, int column, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return arena_strdup(arena, text ? text : "");
}

/* sql selects name and value by ?1. */
static int read_facts(struct store *store, const char *sql, int64_t owner, struct arena *arena,
                      struct store_fact **facts, size_t *count, struct error *error)
{
    struct store_fact *list = NULL;
    size_t capacity = 0;
    *count = 0;
    sqlite3_stmt *statement;
    int code = store_prepare(store, sql, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, owner);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        list[*count].name = column_text(statement, 0, arena);
        list[(*count)++].value = column_text(statement, 1, arena);
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *facts = arena_array(arena, *count, sizeof **facts);
    if (*count)
        memcpy(*facts, list, *count * sizeof *list);
    free(list);
    return code;
}

static int read_run(struct store *store, sqlite3_stmt *statement, struct arena *arena, struct store_run_row *run,
                    struct error *error)
{
    *run = (struct store_run_row){
        .id = sqlite3_column_int64(statement, 0),
        .uuid = column_text(statement, 1, arena),
        .plan = column_text(statement, 2, arena),
        .command = column_text(statement, 3, arena),
        .status = column_text(statement, 4, arena),
        .fingerprint = column_text(statement, 5, arena),
        .started_ns = sqlite3_column_int64(statement, 6),
        .ended_ns = sqlite3_column_int64(statement, 7),
        .sample_count = (size_t)sqlite3_column_int64(statement, 9),
        .case_count = (size_t)sqlite3_column_int64(statement, 10),
        .failure_count = (size_t)sqlite3_column_int64(statement, 11),
        .pruned_ns = sqlite3_column_int64(statement, 14),
    };
    str_parse_u64(column_text(statement, 8, arena), &run->seed);
    int64_t machine_id = sqlite3_column_int64(statement, 12), build_id = sqlite3_column_int64(statement, 13);
    int code = read_facts(store, "SELECT name, value FROM machine_fact WHERE machine_id = ?1", machine_id, arena,
                          &run->machine, &run->machine_count, error);
    if (code == 0)
        run->fingerprint = store_machine_key(run->fingerprint, run->machine, run->machine_count, arena);
    if (code == 0)
        code = read_facts(store, "SELECT name, value FROM build_fact WHERE build_id = ?1", build_id, arena, &run->build,
                          &run->build_count, error);
    if (code == 0)
        code = read_facts(store, "SELECT name, value FROM run_fact WHERE run_id = ?1", run->id, arena,
                          &run->environment, &run->environment_count, error);
    return code;
}

int store_runs(struct store *store, size_t limit, struct arena *arena, struct store_run_row **runs, size_t *count,
               struct error *error)
{
    struct store_run_row *list = NULL;
    size_t capacity = 0;
    *runs = NULL;
    *count = 0;
    sqlite3_stmt *statement;
    int code = store_prepare(store, RUN_COLUMNS "ORDER BY r.started_ns DESC, r.id DESC LIMIT ?1", &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, limit ? (int64_t)limit : -1);
    int result = SQLITE_DONE;
    while (code == 0 && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        code = read_run(store, statement, arena, &list[(*count)++], error);
    }
    if (code == 0 && result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *runs = arena_array(arena, *count, sizeof **runs);
    if (*count)
        memcpy(*runs, list, *count * sizeof *list);
    free(list);
    return code;
}

/* Runs a query with one parameter that must find exactly one run. */
static int find_one(struct store *store, const char *sql, const char *parameter, const char *text, struct arena *arena,
                    struct store_run_row *run, bool *found, struct error *error)
{
    *found = false;
    sqlite3_stmt *statement;
    int code = store_prepare(store, sql, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_text(statement, 1, parameter, -1, SQLITE_STATIC);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        code = read_run(store, statement, arena, run, error);
        *found = code == 0;
        result = code == 0 ? sqlite3_step(statement) : SQLITE_DONE;
        if (result == SQLITE_ROW)
            code = error_set(error, ERROR_USAGE, "%s: more than one run starts with '%s'; give more of the uuid",
                             store->path, text);
    }
    if (code == 0 && result != SQLITE_ROW && result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

/* "latest~2" -> "2"; "latest" or NULL -> "0"; anything else -> NULL. */
static const char *parse_latest(const char *text)
{
    int64_t back;
    if (!text || str_equal(text, "latest"))
        return "0";
    if (str_starts(text, "latest~") && str_parse_i64(text + 7, &back) && back >= 0)
        return text + 7;
    return NULL;
}

static bool is_uuid_start(const char *text)
{
    return strlen(text) >= 4 && strspn(text, "0123456789abcdef-") == strlen(text);
}

/* The newest complete run of a branch, or of a commit by the start of its hash. */
static int find_by_build(struct store *store, const char *text, struct arena *arena, struct store_run_row *run,
                         bool *found, struct error *error)
{
    bool by_branch = str_starts(text, "branch:");
    const char *parameter = text + strlen("branch:"); /* as long as "commit:" */
    if (!by_branch && (strlen(parameter) < 4 || strspn(parameter, "0123456789abcdef") != strlen(parameter)))
        return error_set(error, ERROR_USAGE, "'%s': a commit is at least 4 digits of its hash", text);
    char *pattern = by_branch ? mem_strdup(parameter) : mem_format("%s*", parameter);
    const char *where = by_branch
                            ? RUN_COLUMNS "JOIN build b ON b.id = r.build_id WHERE b.git_branch = ?1 "
                                          "AND r.status = 'complete' ORDER BY r.started_ns DESC, r.id DESC LIMIT 1"
                            : RUN_COLUMNS "JOIN build b ON b.id = r.build_id WHERE b.git_commit GLOB ?1 "
                                          "AND r.status = 'complete' ORDER BY r.started_ns DESC, r.id DESC LIMIT 1";
    int code = find_one(store, where, pattern, text, arena, run, found, error);
    free(pattern);
    if (code == 0 && !*found)
        code = error_set(error, ERROR_USAGE, "%s: there is no complete run of %s %s", store->path,
                         by_branch ? "the branch" : "a commit that starts with", parameter);
    return code;
}

/* Numbers, tags, then starts of uuids. */
static int find_by_name(struct store *store, const char *text, struct arena *arena, struct store_run_row *run,
                        bool *found, struct error *error)
{
    int64_t id;
    int code = 0;
    if (str_parse_i64(text, &id))
        code = find_one(store, RUN_COLUMNS "WHERE r.id = CAST(?1 AS INTEGER)", text, text, arena, run, found, error);
    if (code == 0 && !*found)
        code = find_one(store, RUN_COLUMNS "JOIN run_tag g ON g.run_id = r.id WHERE g.name = ?1", text, text, arena,
                        run, found, error);
    if (code != 0 || *found || !is_uuid_start(text))
        return code;
    char *pattern = mem_format("%s*", text);
    code = find_one(store, RUN_COLUMNS "WHERE r.uuid GLOB ?1 LIMIT 2", pattern, text, arena, run, found, error);
    free(pattern);
    return code;
}

int store_run_find(struct store *store, const char *text, struct arena *arena, struct store_run_row *run,
                   struct error *error)
{
    bool found = false;
    int code;
    const char *back = parse_latest(text);
    if (back)
        code = find_one(store, RUN_COLUMNS "ORDER BY r.started_ns DESC, r.id DESC LIMIT 1 OFFSET CAST(?1 AS INTEGER)",
                        back, text, arena, run, &found, error);
    else if (str_starts(text, "branch:") || str_starts(text, "commit:"))
        code = find_by_build(store, text, arena, run, &found, error);
    else
        code = find_by_name(store, text, arena, run, &found, error);
    if (code != 0 || found)
        return code;
    int64_t total;
    code = store_query_int(store, "SELECT count(*) FROM run", &total, error);
    if (code != 0)
        return code;
    if (total == 0)
        return error_set(error, ERROR_STATE, "%s: holds no runs yet (prony run makes one)", store->path);
    return error_set(error, ERROR_USAGE,
                     "%s: there is no run '%s' among %lld (a number, latest, latest~N, a tag, branch:NAME, "
                     "commit:HASH or a uuid)",
                     store->path, text ? text : "latest", (long long)total);
}

int store_failures(struct store *store, int64_t run_id, struct arena *arena, struct store_failure_row **failures,
                   size_t *count, struct error *error)
{
    struct store_failure_row *list = NULL;
    size_t capacity = 0;
    *failures = NULL;
    *count = 0;
    sqlite3_stmt *statement;
    int code = store_prepare(store,
                             "SELECT u.name, f.reason, f.stderr_tail, f.round, f.process FROM failure f "
                             "JOIN suite u ON u.id = f.suite_id WHERE f.run_id = ?1 ORDER BY f.id",
                             &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        list[(*count)++] = (struct store_failure_row){
            .suite = column_text(statement, 0, arena),
            .reason = column_text(statement, 1, arena),
            .stderr_tail = column_text(statement, 2, arena),
            .round = sqlite3_column_int(statement, 3),
            .process = sqlite3_column_int(statement, 4),
        };
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *failures = arena_array(arena, *count, sizeof **failures);
    if (*count)
        memcpy(*failures, list, *count * sizeof *list);
    free(list);
    return code;
}
