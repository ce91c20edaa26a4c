/* prune.c: what nobody will look at again goes, its summary stays. In one transaction: a run is either whole or a
 * summary. */
#include "harness/store/read_cases.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdlib.h>

static int insert_summary(struct store *store, sqlite3_stmt *statement, int64_t run_id,
                          const struct store_summary *summary, struct error *error)
{
    int64_t case_id, metric_id;
    const double values[] = { summary->median,  summary->low,  summary->high,     summary->minimum,
                              summary->maximum, summary->mean, summary->robust_sd };
    int code = store_case_id(store, summary->suite, summary->name, &case_id, error);
    if (code == 0)
        code = store_metric_id(store, summary->metric, summary->unit ? summary->unit : "", &metric_id, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, case_id);
    sqlite3_bind_int64(statement, 2, metric_id);
    sqlite3_bind_int(statement, 3, (int)summary->pass);
    sqlite3_bind_int64(statement, 4, run_id);
    sqlite3_bind_int64(statement, 5, (int64_t)summary->count);
    for (int i = 0; i < 7; i++) {
        if (isfinite(values[i]))
            sqlite3_bind_double(statement, 6 + i, values[i]);
        else
            sqlite3_bind_null(statement, 6 + i);
    }
    return store_step_done(store, statement, error);
}

static int insert_summaries(struct store *store, int64_t run_id, const struct store_summary *summaries, size_t count,
                            struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store,
                             "INSERT INTO summary(case_id, metric_id, pass, run_id, count, median, low, high, minimum, "
                             "maximum, mean, robust_sd) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                             &statement, error);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = insert_summary(store, statement, run_id, &summaries[i], error);
    sqlite3_finalize(statement);
    return code;
}

/* The first of a case's texts among its good timed samples, as readers of whole runs take them. */
#define FIRST(column)                                                                                        \
    "(SELECT x." column " FROM sample x WHERE x.run_id = s.run_id AND x.case_id = s.case_id AND x.pass = 0 " \
    "AND x.status = 0 AND x." column " NOT NULL ORDER BY x.id LIMIT 1)"

static const char cases_sql[] =
    "INSERT INTO summary_case SELECT s.run_id, s.case_id, sum(s.status = 0 AND s.pass = 0),"
    "  sum(s.status = 1 AND s.pass = 0), sum(s.status = 2 AND s.pass = 0), " FIRST(
        "label_id") ","
                    "  (SELECT x.message_id FROM sample x WHERE x.run_id = s.run_id AND x.case_id = s.case_id AND x.pass = 0"
                    "  AND x.status <> 0 ORDER BY x.id LIMIT 1), " FIRST(
                        "digest_id") ","
                                     "  count(DISTINCT CASE WHEN s.status = 0 AND s.pass = 0 THEN s.digest_id END) > 1"
                                     "  FROM sample s WHERE s.run_id = ?1 GROUP BY s.case_id";

static const char *const pruning_sql[] = {
    "UPDATE run SET sample_count = (SELECT count(*) FROM sample WHERE run_id = ?1),"
    "  case_count = (SELECT count(DISTINCT case_id) FROM sample WHERE run_id = ?1) WHERE id = ?1",
    cases_sql,
    "DELETE FROM sample_value WHERE sample_id IN (SELECT id FROM sample WHERE run_id = ?1)",
    "DELETE FROM sample_thread_value WHERE sample_id IN (SELECT id FROM sample WHERE run_id = ?1)",
    "DELETE FROM sample_distribution WHERE sample_id IN (SELECT id FROM sample WHERE run_id = ?1)",
    "DELETE FROM sample_span WHERE sample_id IN (SELECT id FROM sample WHERE run_id = ?1)",
    "DELETE FROM sample_course WHERE sample_id IN (SELECT id FROM sample WHERE run_id = ?1)",
    "DELETE FROM sample WHERE run_id = ?1",
    "DELETE FROM profile_function WHERE profile_id IN (SELECT id FROM profile WHERE run_id = ?1)",
    "DELETE FROM profile WHERE run_id = ?1",
};

static int run_for(struct store *store, const char *sql, int64_t run_id, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store, sql, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    code = store_step_done(store, statement, error);
    sqlite3_finalize(statement);
    return code;
}

/* Whether it may be pruned; *pruned: it was already. */
static int check_run(struct store *store, int64_t run_id, bool *pruned, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_prepare(store,
                             "SELECT pruned_ns, (SELECT name FROM run_tag WHERE run_id = ?1 LIMIT 1) FROM run "
                             "WHERE id = ?1",
                             &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    int result = sqlite3_step(statement);
    const char *tag = result == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 1) : NULL;
    *pruned = result == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL;
    if (result == SQLITE_DONE)
        code = error_set(error, ERROR_STATE, "%s: there is no run %lld", store->path, (long long)run_id);
    else if (result != SQLITE_ROW)
        code = store_fail(store, result, error);
    else if (tag)
        code = error_set(error, ERROR_STATE, "run %lld is tagged '%s' and is kept", (long long)run_id, tag);
    sqlite3_finalize(statement);
    return code;
}

int store_prune(struct store *store, int64_t run_id, const struct store_summary *summaries, size_t count,
                struct error *error)
{
    bool pruned = false;
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    code = check_run(store, run_id, &pruned, error);
    if (code == 0 && !pruned) {
        code = insert_summaries(store, run_id, summaries, count, error);
        for (size_t i = 0; code == 0 && i < sizeof pruning_sql / sizeof pruning_sql[0]; i++)
            code = run_for(store, pruning_sql[i], run_id, error);
        if (code == 0) {
            char *sql = mem_format("UPDATE run SET pruned_ns = %lld WHERE id = ?1", (long long)clock_utc_ns());
            code = run_for(store, sql, run_id, error);
            free(sql);
        }
    }
    return store_end(store, code, error);
}
