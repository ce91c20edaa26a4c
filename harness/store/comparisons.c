/* comparisons.c: which runs belong together, and what came out of comparing them. */
#include "harness/store/read_cases.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPARISON_COLUMNS                                                                                    \
    "SELECT c.id, c.uuid, c.kind, c.base_run_id, c.candidate_run_id, c.base_name, c.candidate_name, c.seed, " \
    "c.look, c.look_count, c.identical_binaries, r.machine_id, c.created_ns "                                 \
    "FROM comparison c JOIN run r ON r.id = c.base_run_id "

static void bind_known(sqlite3_stmt *statement, int column, double value)
{
    if (isfinite(value))
        sqlite3_bind_double(statement, column, value);
    else
        sqlite3_bind_null(statement, column);
}

/* ---- comparisons ---- */

static void bind_comparison(sqlite3_stmt *statement, const struct store_comparison *comparison, const char *uuid)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)comparison->seed);
    sqlite3_bind_text(statement, 1, uuid, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, comparison->kind, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, comparison->base_run);
    sqlite3_bind_int64(statement, 4, comparison->candidate_run);
    sqlite3_bind_text(statement, 5, comparison->base_name ? comparison->base_name : "", -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 6, comparison->candidate_name ? comparison->candidate_name : "", -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 7, seed, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(statement, 8, comparison->look);
    sqlite3_bind_int(statement, 9, comparison->look_count);
    sqlite3_bind_int(statement, 10, comparison->identical_binaries);
    sqlite3_bind_int64(statement, 11, clock_utc_ns());
}

int store_comparison_add(struct store *store, const struct store_comparison *comparison, int64_t *comparison_id,
                         struct error *error)
{
    char uuid[37];
    if (!str_equal(comparison->kind, "ab") && !str_equal(comparison->kind, "aa"))
        return error_set(error, ERROR_STATE, "'%s' is no kind of comparison", comparison->kind);
    int code = store_make_uuid(uuid, error);
    if (code == 0)
        code = store_begin(store, error);
    if (code != 0)
        return code;
    sqlite3_stmt *statement = NULL;
    code = store_run_exists(store, comparison->base_run, error);
    if (code == 0)
        code = store_run_exists(store, comparison->candidate_run, error);
    if (code == 0)
        code = store_prepare(
            store,
            "INSERT INTO comparison(uuid, kind, base_run_id, candidate_run_id, base_name, candidate_name, "
            "seed, look, look_count, identical_binaries, created_ns) "
            "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            &statement, error);
    if (code == 0) {
        bind_comparison(statement, comparison, uuid);
        code = store_step_done(store, statement, error);
        *comparison_id = sqlite3_last_insert_rowid(store->db);
    }
    sqlite3_finalize(statement);
    return store_end(store, code, error);
}

int store_comparison_look(struct store *store, int64_t comparison_id, int look, struct error *error)
{
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    sqlite3_stmt *statement = NULL;
    code = store_prepare(store, "UPDATE comparison SET look = ?1 WHERE id = ?2", &statement, error);
    if (code == 0) {
        sqlite3_bind_int(statement, 1, look);
        sqlite3_bind_int64(statement, 2, comparison_id);
        code = store_step_done(store, statement, error);
    }
    sqlite3_finalize(statement);
    if (code == 0 && sqlite3_changes(store->db) != 1)
        code = error_set(error, ERROR_STATE, "%s: there is no comparison %lld", store->path, (long long)comparison_id);
    return store_end(store, code, error);
}

struct machines {
    struct store_machine *items;
    size_t count;
};

static const char *key_of(const struct machines *machines, int64_t id)
{
    for (size_t i = 0; i < machines->count; i++)
        if (machines->items[i].id == id)
            return machines->items[i].key;
    return "";
}

static struct store_comparison read_comparison(sqlite3_stmt *statement, const struct machines *machines,
                                               struct arena *arena)
{
    struct store_comparison comparison = {
        .id = sqlite3_column_int64(statement, 0),
        .uuid = read_text(statement, 1, arena),
        .kind = read_text(statement, 2, arena),
        .base_run = sqlite3_column_int64(statement, 3),
        .candidate_run = sqlite3_column_int64(statement, 4),
        .base_name = read_text(statement, 5, arena),
        .candidate_name = read_text(statement, 6, arena),
        .look = sqlite3_column_int(statement, 8),
        .look_count = sqlite3_column_int(statement, 9),
        .identical_binaries = sqlite3_column_int(statement, 10) != 0,
        .fingerprint = key_of(machines, sqlite3_column_int64(statement, 11)),
        .created_ns = sqlite3_column_int64(statement, 12),
    };
    str_parse_u64(read_text(statement, 7, arena), &comparison.seed);
    return comparison;
}

int store_comparisons(struct store *store, const char *kind, const char *fingerprint, struct arena *arena,
                      struct store_comparison **comparisons, size_t *count, struct error *error)
{
    struct store_comparison *list = NULL;
    struct machines machines;
    size_t capacity = 0;
    *comparisons = NULL;
    *count = 0;
    sqlite3_stmt *statement;
    int code = store_machines(store, arena, &machines.items, &machines.count, error);
    if (code == 0)
        code = store_prepare(store,
                             COMPARISON_COLUMNS "WHERE ?1 IS NULL OR c.kind = ?1 ORDER BY c.created_ns DESC, c.id DESC",
                             &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_text(statement, 1, kind, -1, SQLITE_STATIC);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        if (fingerprint && !str_equal(key_of(&machines, sqlite3_column_int64(statement, 11)), fingerprint))
            continue;
        MEM_GROW(list, *count, capacity);
        list[(*count)++] = read_comparison(statement, &machines, arena);
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *comparisons = arena_array(arena, *count, sizeof **comparisons);
    if (*count)
        memcpy(*comparisons, list, *count * sizeof *list);
    free(list);
    return code;
}

int store_comparison_of(struct store *store, int64_t base_run, int64_t candidate_run, struct arena *arena,
                        struct store_comparison *comparison, bool *found, struct error *error)
{
    *found = false;
    struct machines machines;
    sqlite3_stmt *statement;
    int code = store_machines(store, arena, &machines.items, &machines.count, error);
    if (code == 0)
        code = store_prepare(store,
                             COMPARISON_COLUMNS "WHERE c.base_run_id = ?1 AND c.candidate_run_id = ?2 "
                                                "ORDER BY c.id DESC LIMIT 1",
                             &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, base_run);
    sqlite3_bind_int64(statement, 2, candidate_run);
    int result = sqlite3_step(statement);
    *found = result == SQLITE_ROW;
    if (*found)
        *comparison = read_comparison(statement, &machines, arena);
    else if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    return code;
}

/* ---- outcomes ---- */

static int insert_outcome(struct store *store, sqlite3_stmt *statement, int64_t comparison_id,
                          const struct store_outcome *outcome, struct error *error)
{
    int64_t case_id;
    int code = store_case_id(store, outcome->suite, outcome->name, &case_id, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, comparison_id);
    sqlite3_bind_int64(statement, 2, case_id);
    sqlite3_bind_text(statement, 3, outcome->metric, -1, SQLITE_STATIC);
    bind_known(statement, 4, outcome->effect);
    bind_known(statement, 5, outcome->low);
    bind_known(statement, 6, outcome->high);
    bind_known(statement, 7, outcome->p);
    bind_known(statement, 8, outcome->noise);
    sqlite3_bind_int(statement, 9, outcome->pairs);
    sqlite3_bind_text(statement, 10, outcome->verdict, -1, SQLITE_STATIC);
    return store_step_done(store, statement, error);
}

int store_outcomes_add(struct store *store, int64_t comparison_id, const struct store_outcome *outcomes, size_t count,
                       struct error *error)
{
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    sqlite3_stmt *statement = NULL;
    int64_t there = 0;
    char *sql = mem_format("SELECT count(*) FROM comparison WHERE id = %lld", (long long)comparison_id);
    code = store_query_int(store, sql, &there, error);
    free(sql);
    if (code == 0 && !there)
        code = error_set(error, ERROR_STATE, "%s: there is no comparison %lld", store->path, (long long)comparison_id);
    if (code == 0)
        code = store_prepare(
            store,
            "INSERT OR REPLACE INTO comparison_outcome(comparison_id, case_id, metric, effect, low, high, "
            "p, noise, pairs, verdict) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            &statement, error);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = insert_outcome(store, statement, comparison_id, &outcomes[i], error);
    sqlite3_finalize(statement);
    return store_end(store, code, error);
}

int store_outcomes(struct store *store, int64_t comparison_id, struct arena *arena, struct store_outcome **outcomes,
                   size_t *count, struct error *error)
{
    struct store_outcome *list = NULL;
    size_t capacity = 0;
    *outcomes = NULL;
    *count = 0;
    sqlite3_stmt *statement;
    int code = store_prepare(store,
                             "SELECT u.name, c.name, o.metric, o.effect, o.low, o.high, o.p, o.noise, o.pairs, "
                             "o.verdict FROM comparison_outcome o JOIN suite_case c ON c.id = o.case_id "
                             "JOIN suite u ON u.id = c.suite_id WHERE o.comparison_id = ?1 "
                             "ORDER BY u.id, c.id, o.metric",
                             &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, comparison_id);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        list[(*count)++] = (struct store_outcome){
            .suite = read_text(statement, 0, arena),
            .name = read_text(statement, 1, arena),
            .metric = read_text(statement, 2, arena),
            .effect = read_double(statement, 3),
            .low = read_double(statement, 4),
            .high = read_double(statement, 5),
            .p = read_double(statement, 6),
            .noise = read_double(statement, 7),
            .pairs = sqlite3_column_int(statement, 8),
            .verdict = read_text(statement, 9, arena),
        };
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(statement);
    *outcomes = arena_array(arena, *count, sizeof **outcomes);
    if (*count)
        memcpy(*outcomes, list, *count * sizeof *list);
    free(list);
    return code;
}
