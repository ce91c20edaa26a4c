/* read_summaries.c: the cases of a pruned run, made of their summaries: every series has one value, its median. */
#include "harness/store/read_cases.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>

static double *one_value(struct arena *arena, double value)
{
    double *values = arena_array(arena, 1, sizeof *values);
    *values = value;
    return values;
}

/* Times become the case's arrays, everything else a metric. */
static void take_summary(struct arena *arena, struct store_case *item, struct store_series *metrics,
                         const struct store_summary *summary)
{
    if (summary->pass == STORE_PASS_TIMED && str_equal(summary->metric, "real_time")) {
        item->sample_count = 1;
        item->real_time_ns = one_value(arena, summary->median);
    } else if (summary->pass == STORE_PASS_TIMED && str_equal(summary->metric, "cpu_time")) {
        item->cpu_time_ns = one_value(arena, summary->median);
    } else {
        metrics[item->metric_count++] = (struct store_series){ .name = summary->metric,
                                                               .unit = summary->unit,
                                                               .pass = summary->pass,
                                                               .values = one_value(arena, summary->median),
                                                               .processes = arena_array(arena, 1, sizeof(int)),
                                                               .count = 1 };
    }
}

static void finish_case(struct arena *arena, struct store_case *item, const struct store_summary *list)
{
    struct store_series *metrics = arena_array(arena, item->summary_count, sizeof *metrics);
    item->summaries = read_copy(arena, list, item->summary_count, sizeof *list);
    for (size_t i = 0; i < item->summary_count; i++)
        take_summary(arena, item, metrics, &item->summaries[i]);
    item->metrics = metrics;
    if (!item->cpu_time_ns)
        item->cpu_time_ns = one_value(arena, NAN);
    if (!item->real_time_ns)
        item->real_time_ns = one_value(arena, NAN);
    item->iterations = arena_array(arena, 1, sizeof *item->iterations);
    item->rounds = arena_array(arena, 1, sizeof *item->rounds);
    item->processes = arena_array(arena, 1, sizeof *item->processes);
}

static int read_case(struct store *store, sqlite3_stmt *statement, int64_t run_id, int64_t case_id, struct arena *arena,
                     struct store_case *item, struct error *error)
{
    struct store_summary *list = NULL;
    size_t capacity = 0;
    int result, code = 0;
    sqlite3_bind_int64(statement, 1, run_id);
    sqlite3_bind_int64(statement, 2, case_id);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        MEM_GROW(list, item->summary_count, capacity);
        list[item->summary_count++] = (struct store_summary){
            .suite = item->suite,
            .name = item->name,
            .metric = read_text(statement, 0, arena),
            .unit = read_text(statement, 1, arena),
            .pass = (enum store_pass)sqlite3_column_int(statement, 2),
            .count = (size_t)sqlite3_column_int64(statement, 3),
            .median = read_double(statement, 4),
            .low = read_double(statement, 5),
            .high = read_double(statement, 6),
            .minimum = read_double(statement, 7),
            .maximum = read_double(statement, 8),
            .mean = read_double(statement, 9),
            .robust_sd = read_double(statement, 10),
        };
    }
    if (result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_reset(statement);
    finish_case(arena, item, list);
    free(list);
    return code;
}

static struct store_case read_head(sqlite3_stmt *names, struct arena *arena)
{
    const char *label = read_text(names, 6, arena);
    return (struct store_case){
        .suite = read_text(names, 1, arena),
        .name = read_text(names, 2, arena),
        .summary_samples = (size_t)sqlite3_column_int64(names, 3),
        .error_count = (size_t)sqlite3_column_int64(names, 4),
        .skip_count = (size_t)sqlite3_column_int64(names, 5),
        .label = label ? label : "",
        .message = read_text(names, 7, arena),
        .output_digest = read_text(names, 8, arena),
        .outputs_differ = sqlite3_column_int(names, 9) != 0,
        .is_summary = true,
    };
}

int read_summarized_cases(struct store *store, int64_t run_id, struct arena *arena, struct store_case **cases,
                          size_t *count, struct error *error)
{
    struct store_case *list = NULL;
    size_t capacity = 0;
    sqlite3_stmt *names = NULL, *values = NULL;
    int code =
        store_prepare(store,
                      "SELECT c.id, u.name, c.name, s.sample_count, s.error_count, s.skip_count, l.text, m.text, "
                      "d.text, s.outputs_differ FROM summary_case s JOIN suite_case c ON c.id = s.case_id "
                      "JOIN suite u ON u.id = c.suite_id LEFT JOIN text l ON l.id = s.label_id "
                      "LEFT JOIN text m ON m.id = s.message_id LEFT JOIN text d ON d.id = s.digest_id "
                      "WHERE s.run_id = ?1 ORDER BY u.id, c.id",
                      &names, error);
    if (code == 0)
        code = store_prepare(store,
                             "SELECT t.name, t.unit, s.pass, s.count, s.median, s.low, s.high, s.minimum, s.maximum, "
                             "s.mean, s.robust_sd FROM summary s JOIN metric t ON t.id = s.metric_id "
                             "WHERE s.run_id = ?1 AND s.case_id = ?2 ORDER BY s.pass, t.id",
                             &values, error);
    int result = SQLITE_DONE;
    if (code == 0)
        sqlite3_bind_int64(names, 1, run_id);
    while (code == 0 && (result = sqlite3_step(names)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        list[*count] = read_head(names, arena);
        code = read_case(store, values, run_id, sqlite3_column_int64(names, 0), arena, &list[*count], error);
        (*count)++;
    }
    if (code == 0 && result != SQLITE_DONE)
        code = store_fail(store, result, error);
    sqlite3_finalize(names);
    sqlite3_finalize(values);
    *cases = read_copy(arena, list, *count, sizeof *list);
    free(list);
    return code;
}
