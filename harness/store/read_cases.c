/* read_cases.c: the samples of a run come out as arrays, one case at a time, ready for the statistics. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OF_CASE "WHERE s.run_id = ?1 AND s.case_id = ?2 AND s.status = 0 ORDER BY s.id"

/* Queries of one store_cases call, compiled once. */
struct reader {
    struct store *store;
    struct arena *arena;
    sqlite3_stmt *samples, *problems, *values, *distributions;
    /* of the case that is being read */
    int64_t *sample_ids;
    size_t sample_capacity;
};

static const char *column_text(sqlite3_stmt *statement, int column, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? arena_strdup(arena, text) : NULL;
}

static double column_double(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, column);
}

static void *copy_array(struct arena *arena, const void *items, size_t count, size_t item_bytes)
{
    void *copy = arena_array(arena, count, item_bytes);
    if (count)
        memcpy(copy, items, count * item_bytes);
    return copy;
}

static void bind_case(sqlite3_stmt *statement, int64_t run_id, int64_t case_id)
{
    sqlite3_bind_int64(statement, 1, run_id);
    sqlite3_bind_int64(statement, 2, case_id);
}

/* After a loop over rows: describes how it ended, and makes the statement reusable. */
static int finish_rows(struct reader *reader, sqlite3_stmt *statement, int result, struct error *error)
{
    int code = result == SQLITE_DONE ? 0 : store_fail(reader->store, result, error);
    sqlite3_reset(statement);
    return code;
}

static int read_samples(struct reader *reader, struct store_case *item, struct error *error)
{
    struct sample_row {
        double real_time_ns, cpu_time_ns;
        int64_t iterations;
        int round, process;
    } *rows = NULL;
    size_t count = 0, capacity = 0;
    int result;
    while ((result = sqlite3_step(reader->samples)) == SQLITE_ROW) {
        MEM_GROW(rows, count, capacity);
        MEM_GROW(reader->sample_ids, count, reader->sample_capacity);
        reader->sample_ids[count] = sqlite3_column_int64(reader->samples, 0);
        rows[count++] = (struct sample_row){
            .real_time_ns = column_double(reader->samples, 1),
            .cpu_time_ns = column_double(reader->samples, 2),
            .iterations = sqlite3_column_int64(reader->samples, 3),
            .round = sqlite3_column_int(reader->samples, 4),
            .process = sqlite3_column_int(reader->samples, 5),
        };
        if (!item->label)
            item->label = column_text(reader->samples, 6, reader->arena);
        const char *digest = (const char *)sqlite3_column_text(reader->samples, 7);
        if (digest && !item->output_digest)
            item->output_digest = arena_strdup(reader->arena, digest);
        else if (digest && strcmp(digest, item->output_digest) != 0)
            item->outputs_differ = true;
    }
    item->sample_count = count;
    item->real_time_ns = arena_array(reader->arena, count, sizeof(double));
    item->cpu_time_ns = arena_array(reader->arena, count, sizeof(double));
    item->iterations = arena_array(reader->arena, count, sizeof(int64_t));
    item->rounds = arena_array(reader->arena, count, sizeof(int));
    item->processes = arena_array(reader->arena, count, sizeof(int));
    for (size_t i = 0; i < count; i++) {
        item->real_time_ns[i] = rows[i].real_time_ns;
        item->cpu_time_ns[i] = rows[i].cpu_time_ns;
        item->iterations[i] = rows[i].iterations;
        item->rounds[i] = rows[i].round;
        item->processes[i] = rows[i].process;
    }
    free(rows);
    if (!item->label)
        item->label = "";
    return finish_rows(reader, reader->samples, result, error);
}

static int read_problems(struct reader *reader, struct store_case *item, struct error *error)
{
    int result;
    while ((result = sqlite3_step(reader->problems)) == SQLITE_ROW) {
        if (sqlite3_column_int(reader->problems, 0) == STORE_SAMPLE_ERROR)
            item->error_count++;
        else
            item->skip_count++;
        if (!item->message)
            item->message = column_text(reader->problems, 1, reader->arena);
    }
    return finish_rows(reader, reader->problems, result, error);
}

static struct store_series *find_series(struct reader *reader, struct store_case *item, size_t *capacity,
                                        const char *name, const char *unit)
{
    for (size_t i = 0; i < item->metric_count; i++)
        if (str_equal(item->metrics[i].name, name) && str_equal(item->metrics[i].unit, unit))
            return &item->metrics[i];
    MEM_GROW(item->metrics, item->metric_count, *capacity);
    struct store_series *series = &item->metrics[item->metric_count++];
    *series = (struct store_series){ .name = arena_strdup(reader->arena, name),
                                     .unit = arena_strdup(reader->arena, unit),
                                     .values = arena_array(reader->arena, item->sample_count, sizeof(double)) };
    for (size_t i = 0; i < item->sample_count; i++)
        series->values[i] = NAN;
    return series;
}

/* A sample that never mentioned the metric is as absent as one that could not count it. */
static void mark_gaps(struct store_case *item)
{
    for (size_t m = 0; m < item->metric_count; m++) {
        struct store_series *series = &item->metrics[m];
        for (size_t i = 0; i < item->sample_count && series->worst_state < STORE_NOT_COUNTED; i++) {
            if (!isnan(series->values[i]))
                continue;
            series->worst_state = STORE_NOT_COUNTED;
            if (!series->reason)
                series->reason = "some samples do not report it";
        }
    }
}

static int read_values(struct reader *reader, struct store_case *item, struct error *error)
{
    size_t capacity = 0, index = 0;
    int result;
    while ((result = sqlite3_step(reader->values)) == SQLITE_ROW) {
        int64_t sample_id = sqlite3_column_int64(reader->values, 0);
        while (index < item->sample_count && reader->sample_ids[index] < sample_id)
            index++;
        if (index == item->sample_count)
            break;
        struct store_series *series =
            find_series(reader, item, &capacity, (const char *)sqlite3_column_text(reader->values, 1),
                        (const char *)sqlite3_column_text(reader->values, 2));
        series->values[index] = column_double(reader->values, 3);
        enum store_state state = (enum store_state)sqlite3_column_int(reader->values, 4);
        if (state > series->worst_state)
            series->worst_state = state;
        if (!series->reason)
            series->reason = column_text(reader->values, 5, reader->arena);
    }
    struct store_series *list = item->metrics;
    mark_gaps(item);
    item->metrics = copy_array(reader->arena, list, item->metric_count, sizeof *list);
    free(list);
    return finish_rows(reader, reader->values, result == SQLITE_ROW ? SQLITE_DONE : result, error);
}

static double decode_double(const unsigned char *bytes)
{
    uint64_t bits = 0;
    for (int i = 7; i >= 0; i--)
        bits = bits << 8 | bytes[i];
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int read_distributions(struct reader *reader, struct store_case *item, struct error *error)
{
    double *values = NULL;
    size_t capacity = 0;
    int result;
    while ((result = sqlite3_step(reader->distributions)) == SQLITE_ROW) {
        const unsigned char *blob = sqlite3_column_blob(reader->distributions, 0);
        size_t count = (size_t)sqlite3_column_bytes(reader->distributions, 0) / 8;
        for (size_t i = 0; i < count; i++) {
            MEM_GROW(values, item->value_count, capacity);
            values[item->value_count++] = decode_double(blob + 8 * i);
        }
    }
    item->values_ns = copy_array(reader->arena, values, item->value_count, sizeof *values);
    free(values);
    return finish_rows(reader, reader->distributions, result, error);
}

static int prepare_reader(struct reader *reader, struct error *error)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } queries[] = {
        { &reader->samples,
          "SELECT s.id, s.real_time_ns, s.cpu_time_ns, s.iterations, s.round, s.process, l.text, d.text "
          "FROM sample s LEFT JOIN text l ON l.id = s.label_id LEFT JOIN text d ON d.id = s.digest_id " OF_CASE },
        { &reader->problems, "SELECT s.status, m.text FROM sample s LEFT JOIN text m ON m.id = s.message_id "
                             "WHERE s.run_id = ?1 AND s.case_id = ?2 AND s.status <> 0 ORDER BY s.id" },
        { &reader->values, "SELECT s.id, t.name, t.unit, v.value, v.state, x.text FROM sample s "
                           "JOIN sample_value v ON v.sample_id = s.id JOIN metric t ON t.id = v.metric_id "
                           "LEFT JOIN text x ON x.id = v.reason_id " OF_CASE },
        { &reader->distributions, "SELECT d.values_ns FROM sample s "
                                  "JOIN sample_distribution d ON d.sample_id = s.id " OF_CASE },
    };
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof queries / sizeof queries[0]; i++)
        code = store_prepare(reader->store, queries[i].sql, queries[i].statement, error);
    return code;
}

static int read_case(struct reader *reader, int64_t run_id, int64_t case_id, struct store_case *item,
                     struct error *error)
{
    bind_case(reader->samples, run_id, case_id);
    bind_case(reader->problems, run_id, case_id);
    bind_case(reader->values, run_id, case_id);
    bind_case(reader->distributions, run_id, case_id);
    int code = read_samples(reader, item, error);
    if (code == 0)
        code = read_problems(reader, item, error);
    if (code == 0)
        code = read_values(reader, item, error);
    if (code == 0)
        code = read_distributions(reader, item, error);
    return code;
}

int store_cases(struct store *store, int64_t run_id, struct arena *arena, struct store_case **cases, size_t *count,
                struct error *error)
{
    struct reader reader = { .store = store, .arena = arena };
    struct store_case *list = NULL;
    size_t capacity = 0;
    sqlite3_stmt *names = NULL;
    *cases = NULL;
    *count = 0;
    /* One snapshot for all queries, although a run may be adding samples meanwhile. */
    int code = store_execute(store, "BEGIN", error);
    if (code != 0)
        return code;
    code = prepare_reader(&reader, error);
    if (code == 0)
        code =
            store_prepare(store,
                          "SELECT c.id, u.name, c.name FROM (SELECT DISTINCT case_id FROM sample WHERE run_id = ?1) s "
                          "JOIN suite_case c ON c.id = s.case_id JOIN suite u ON u.id = c.suite_id "
                          "ORDER BY u.id, c.id",
                          &names, error);
    if (code == 0)
        sqlite3_bind_int64(names, 1, run_id);
    int result = SQLITE_DONE;
    while (code == 0 && (result = sqlite3_step(names)) == SQLITE_ROW) {
        MEM_GROW(list, *count, capacity);
        struct store_case *item = &list[(*count)++];
        *item = (struct store_case){ .suite = column_text(names, 1, arena), .name = column_text(names, 2, arena) };
        code = read_case(&reader, run_id, sqlite3_column_int64(names, 0), item, error);
    }
    if (code == 0 && result != SQLITE_DONE)
        code = store_fail(store, result, error);
    *cases = copy_array(arena, list, *count, sizeof *list);
    free(list);
    free(reader.sample_ids);
    sqlite3_finalize(names);
    sqlite3_finalize(reader.samples);
    sqlite3_finalize(reader.problems);
    sqlite3_finalize(reader.values);
    sqlite3_finalize(reader.distributions);
    sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    return code;
}
