/* read_cases.c: the samples of a run come out as arrays, one case at a time, ready for the statistics. */
#include "harness/store/read_cases.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Good timed samples, and of the other passes those that are good or say why they have no values. */
#define OF_CASE                                                                            \
    "WHERE s.run_id = ?1 AND s.case_id = ?2 AND (s.status = 0 OR (s.pass <> 0 AND EXISTS(" \
    "SELECT 1 FROM sample_value v WHERE v.sample_id = s.id))) ORDER BY s.id"
#define TIMED "WHERE s.run_id = ?1 AND s.case_id = ?2 AND s.status = 0 AND s.pass = 0 ORDER BY s.id"

const char *read_text(sqlite3_stmt *statement, int column, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? arena_strdup(arena, text) : NULL;
}

double read_double(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, column);
}

double read_decode_double(const unsigned char *bytes)
{
    uint64_t bits = 0;
    for (int i = 7; i >= 0; i--)
        bits = bits << 8 | bytes[i];
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void *read_copy(struct arena *arena, const void *items, size_t count, size_t item_bytes)
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

int read_finish(const struct reader *reader, sqlite3_stmt *statement, int result, struct error *error)
{
    int code = result == SQLITE_DONE ? 0 : store_fail(reader->store, result, error);
    sqlite3_reset(statement);
    return code;
}

/* What a row of the table sample says that a case keeps. */
struct sample_row {
    double real_time_ns, cpu_time_ns;
    int64_t iterations;
    int round, process;
};

int read_damaged(const struct reader *reader, int64_t sample_id, const char *what, struct error *error)
{
    return error_set(error, ERROR_FORMAT, "%s: sample %lld: %s", reader->store->path, (long long)sample_id, what);
}

/* The first good timed sample with a label or a digest gives them to the case. */
static void note_texts(struct reader *reader, struct store_case *item)
{
    if (!item->label)
        item->label = read_text(reader->samples, 6, reader->arena);
    const char *digest = (const char *)sqlite3_column_text(reader->samples, 7);
    if (digest && !item->output_digest)
        item->output_digest = arena_strdup(reader->arena, digest);
    else if (digest && strcmp(digest, item->output_digest) != 0)
        item->outputs_differ = true;
}

/* Sorts the samples by pass: timed ones become the case's arrays, of the others their processes are kept. */
static void distribute_samples(struct reader *reader, struct store_case *item, const struct sample_row *rows)
{
    size_t timed = reader->pass_counts[STORE_PASS_TIMED], done[STORE_PASS_COUNT] = { 0 };
    item->sample_count = timed;
    item->real_time_ns = arena_array(reader->arena, timed, sizeof(double));
    item->cpu_time_ns = arena_array(reader->arena, timed, sizeof(double));
    item->iterations = arena_array(reader->arena, timed, sizeof(int64_t));
    item->rounds = arena_array(reader->arena, timed, sizeof(int));
    for (int pass = 0; pass < STORE_PASS_COUNT; pass++)
        reader->pass_processes[pass] = arena_array(reader->arena, reader->pass_counts[pass], sizeof(int));
    item->processes = reader->pass_processes[STORE_PASS_TIMED];
    for (size_t i = 0; i < reader->sample_count; i++) {
        enum store_pass pass = reader->places[i].pass;
        size_t index = done[pass]++;
        reader->places[i].index = index;
        reader->pass_processes[pass][index] = rows[i].process;
        if (pass != STORE_PASS_TIMED)
            continue;
        item->real_time_ns[index] = rows[i].real_time_ns;
        item->cpu_time_ns[index] = rows[i].cpu_time_ns;
        item->iterations[index] = rows[i].iterations;
        item->rounds[index] = rows[i].round;
    }
}

static int read_samples(struct reader *reader, struct store_case *item, struct error *error)
{
    struct sample_row *rows = NULL;
    size_t count = 0, capacity = 0;
    int result, code = 0;
    memset(reader->pass_counts, 0, sizeof reader->pass_counts);
    while (code == 0 && (result = sqlite3_step(reader->samples)) == SQLITE_ROW) {
        MEM_GROW(rows, count, capacity);
        MEM_GROW(reader->places, count, reader->place_capacity);
        int64_t id = sqlite3_column_int64(reader->samples, 0);
        int pass = sqlite3_column_int(reader->samples, 8);
        if (pass < 0 || pass >= STORE_PASS_COUNT) {
            code = read_damaged(reader, id, "there is no such pass", error);
            break;
        }
        reader->places[count] = (struct place){ .sample_id = id, .pass = (enum store_pass)pass };
        reader->pass_counts[pass]++;
        rows[count++] = (struct sample_row){
            .real_time_ns = read_double(reader->samples, 1),
            .cpu_time_ns = read_double(reader->samples, 2),
            .iterations = sqlite3_column_int64(reader->samples, 3),
            .round = sqlite3_column_int(reader->samples, 4),
            .process = sqlite3_column_int(reader->samples, 5),
        };
        if (pass == STORE_PASS_TIMED)
            note_texts(reader, item);
    }
    reader->sample_count = count;
    distribute_samples(reader, item, rows);
    free(rows);
    if (!item->label)
        item->label = "";
    int end = read_finish(reader, reader->samples, code == 0 ? result : SQLITE_DONE, error);
    return code ? code : end;
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
            item->message = read_text(reader->problems, 1, reader->arena);
    }
    return read_finish(reader, reader->problems, result, error);
}

static struct store_series *find_series(struct reader *reader, struct store_case *item, size_t *capacity,
                                        enum store_pass pass, const char *name, const char *unit)
{
    for (size_t i = 0; i < item->metric_count; i++)
        if (item->metrics[i].pass == pass && str_equal(item->metrics[i].name, name) &&
            str_equal(item->metrics[i].unit, unit))
            return &item->metrics[i];
    MEM_GROW(item->metrics, item->metric_count, *capacity);
    struct store_series *series = &item->metrics[item->metric_count++];
    *series = (struct store_series){ .name = arena_strdup(reader->arena, name),
                                     .unit = arena_strdup(reader->arena, unit),
                                     .pass = pass,
                                     .processes = reader->pass_processes[pass],
                                     .count = reader->pass_counts[pass],
                                     .values = arena_array(reader->arena, reader->pass_counts[pass], sizeof(double)) };
    for (size_t i = 0; i < series->count; i++)
        series->values[i] = NAN;
    return series;
}

/* A sample that never mentioned the metric is as absent as one that could not count it. */
static void mark_gaps(struct store_case *item)
{
    for (size_t m = 0; m < item->metric_count; m++) {
        struct store_series *series = &item->metrics[m];
        for (size_t i = 0; i < series->count && series->worst_state < STORE_NOT_COUNTED; i++) {
            if (!isnan(series->values[i]))
                continue;
            series->worst_state = STORE_NOT_COUNTED;
            if (!series->reason)
                series->reason = "some samples do not report it";
        }
    }
}

/* One row of reader->values. */
static int add_value(struct reader *reader, struct store_series *series, size_t index, struct error *error)
{
    sqlite3_stmt *row = reader->values;
    int state = sqlite3_column_int(row, 4);
    if (state < STORE_OK || state > STORE_UNSUPPORTED)
        return read_damaged(reader, sqlite3_column_int64(row, 0), "a metric has no such state", error);
    series->values[index] = read_double(row, 3);
    if ((enum store_state)state > series->worst_state)
        series->worst_state = (enum store_state)state;
    if (!series->reason)
        series->reason = read_text(row, 5, reader->arena);
    if (!series->remedy)
        series->remedy = read_text(row, 6, reader->arena);
    double share = read_double(row, 7);
    if (share > 0 && (series->running_share <= 0 || share < series->running_share))
        series->running_share = share;
    return 0;
}

/* Timed metrics first, so that who looks for a name finds the judged one; else in the order they came. */
static void sort_by_pass(struct store_case *item)
{
    for (size_t i = 1; i < item->metric_count; i++) {
        struct store_series series = item->metrics[i];
        size_t at = i;
        for (; at > 0 && item->metrics[at - 1].pass > series.pass; at--)
            item->metrics[at] = item->metrics[at - 1];
        item->metrics[at] = series;
    }
}

static int read_values(struct reader *reader, struct store_case *item, struct error *error)
{
    size_t capacity = 0, place = 0;
    int result = SQLITE_DONE, code = 0;
    while (code == 0 && (result = sqlite3_step(reader->values)) == SQLITE_ROW) {
        int64_t sample_id = sqlite3_column_int64(reader->values, 0);
        while (place < reader->sample_count && reader->places[place].sample_id < sample_id)
            place++;
        if (place == reader->sample_count)
            break;
        struct store_series *series = find_series(reader, item, &capacity, reader->places[place].pass,
                                                  (const char *)sqlite3_column_text(reader->values, 1),
                                                  (const char *)sqlite3_column_text(reader->values, 2));
        code = add_value(reader, series, reader->places[place].index, error);
    }
    struct store_series *list = item->metrics;
    mark_gaps(item);
    sort_by_pass(item);
    item->metrics = read_copy(reader->arena, list, item->metric_count, sizeof *list);
    free(list);
    int end = read_finish(reader, reader->values, code == 0 && result != SQLITE_ROW ? result : SQLITE_DONE, error);
    return code ? code : end;
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
            values[item->value_count++] = read_decode_double(blob + 8 * i);
        }
    }
    item->values_ns = read_copy(reader->arena, values, item->value_count, sizeof *values);
    free(values);
    return read_finish(reader, reader->distributions, result, error);
}

static int prepare_reader(struct reader *reader, struct error *error)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } queries[] = {
        { &reader->samples,
          "SELECT s.id, s.real_time_ns, s.cpu_time_ns, s.iterations, s.round, s.process, l.text, d.text, s.pass "
          "FROM sample s LEFT JOIN text l ON l.id = s.label_id LEFT JOIN text d ON d.id = s.digest_id " OF_CASE },
        { &reader->problems, "SELECT s.status, m.text FROM sample s LEFT JOIN text m ON m.id = s.message_id "
                             "WHERE s.run_id = ?1 AND s.case_id = ?2 AND s.status <> 0 AND s.pass = 0 ORDER BY s.id" },
        { &reader->values,
          "SELECT s.id, t.name, t.unit, v.value, v.state, x.text, y.text, v.running_share FROM sample s "
          "JOIN sample_value v ON v.sample_id = s.id JOIN metric t ON t.id = v.metric_id "
          "LEFT JOIN text x ON x.id = v.reason_id LEFT JOIN text y ON y.id = v.remedy_id " OF_CASE },
        { &reader->distributions, "SELECT d.values_ns FROM sample s "
                                  "JOIN sample_distribution d ON d.sample_id = s.id " TIMED },
        { &reader->threads, "SELECT s.id, t.name, t.unit, v.thread, v.value FROM sample s "
                            "JOIN sample_thread_value v ON v.sample_id = s.id JOIN metric t ON t.id = v.metric_id "
                            "WHERE s.run_id = ?1 AND s.case_id = ?2 ORDER BY s.id" },
        { &reader->spans,
          "SELECT p.sample_id, s.real_time_ns, x.text, p.layer, p.calls, p.time_ns, p.bytes, p.flops, k.text, s.round, "
          "s.process FROM sample s CROSS JOIN sample_span p ON p.sample_id = s.id JOIN text x ON x.id = p.operation_id "
          "LEFT JOIN text k ON k.id = p.kernels_id WHERE s.run_id = ?1 AND s.case_id = ?2 ORDER BY s.id, p.position" },
        { &reader->courses, "SELECT c.sample_id, t.name, t.unit, c.count, c.operations, c.\"values\" "
                            "FROM sample_course c JOIN metric t ON t.id = c.metric_id WHERE c.sample_id = "
                            "(SELECT max(s.id) FROM sample s JOIN sample_course c ON c.sample_id = s.id "
                            "WHERE s.run_id = ?1 AND s.case_id = ?2) ORDER BY t.id" },
    };
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof queries / sizeof queries[0]; i++)
        code = store_prepare(reader->store, queries[i].sql, queries[i].statement, error);
    return code;
}

/* The samples of a run lie between its first and its last one, so one seek in a table says whether it holds anything of
 * them. Samples of another run may lie between too: then a table is asked in vain, no more. */
static int find_parts(struct reader *reader, int64_t run_id, struct error *error)
{
    sqlite3_stmt *statement;
    int code =
        store_prepare(reader->store,
                      "WITH span(low, high, problems) AS (SELECT min(id), max(id), max(status <> 0 AND pass = 0) "
                      "FROM sample WHERE run_id = ?1) SELECT problems, "
                      "EXISTS(SELECT 1 FROM sample_value WHERE sample_id BETWEEN low AND high), "
                      "EXISTS(SELECT 1 FROM sample_distribution WHERE sample_id BETWEEN low AND high), "
                      "EXISTS(SELECT 1 FROM sample_thread_value WHERE sample_id BETWEEN low AND high), "
                      "EXISTS(SELECT 1 FROM sample_span WHERE sample_id BETWEEN low AND high), "
                      "EXISTS(SELECT 1 FROM sample_course WHERE sample_id BETWEEN low AND high) FROM span",
                      &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    bool *const found[] = { &reader->has_problems, &reader->has_values, &reader->has_distributions,
                            &reader->has_threads,  &reader->has_spans,  &reader->has_courses };
    int result = sqlite3_step(statement);
    for (int i = 0; result == SQLITE_ROW && i < (int)(sizeof found / sizeof found[0]); i++)
        *found[i] = sqlite3_column_int(statement, i) != 0;
    if (result != SQLITE_ROW)
        code = store_fail(reader->store, result, error);
    sqlite3_finalize(statement);
    return code;
}

static int read_case(struct reader *reader, int64_t run_id, int64_t case_id, struct store_case *item,
                     struct error *error)
{
    const struct {
        sqlite3_stmt *statement;
        bool is_there;
        int (*read)(struct reader *, struct store_case *, struct error *);
    } parts[] = {
        { reader->samples, true, read_samples },
        { reader->problems, reader->has_problems, read_problems },
        { reader->values, reader->has_values, read_values },
        { reader->distributions, reader->has_distributions, read_distributions },
        { reader->threads, reader->has_threads, read_thread_values },
        { reader->spans, reader->has_spans, read_spans },
        { reader->courses, reader->has_courses, read_courses },
    };
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof parts / sizeof parts[0]; i++) {
        if (!parts[i].is_there)
            continue;
        bind_case(parts[i].statement, run_id, case_id);
        code = parts[i].read(reader, item, error);
    }
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
    bool alone = store->depth == 0;
    int code = alone ? store_execute(store, "BEGIN", error) : 0;
    if (code != 0)
        return code;
    code = prepare_reader(&reader, error);
    if (code == 0)
        code = find_parts(&reader, run_id, error);
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
        *item = (struct store_case){ .suite = read_text(names, 1, arena), .name = read_text(names, 2, arena) };
        code = read_case(&reader, run_id, sqlite3_column_int64(names, 0), item, error);
    }
    if (code == 0 && result != SQLITE_DONE)
        code = store_fail(store, result, error);
    if (code == 0 && *count == 0)
        code = read_summarized_cases(store, run_id, arena, cases, count, error);
    else
        *cases = read_copy(arena, list, *count, sizeof *list);
    free(list);
    free(reader.places);
    sqlite3_finalize(names);
    sqlite3_finalize(reader.samples);
    sqlite3_finalize(reader.problems);
    sqlite3_finalize(reader.values);
    sqlite3_finalize(reader.distributions);
    sqlite3_finalize(reader.threads);
    sqlite3_finalize(reader.spans);
    sqlite3_finalize(reader.courses);
    if (alone)
        sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    return code;
}
