/* write_samples.c: samples go in, with all that belongs to them. A group of samples is one transaction. */
#include "harness/store/store_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void bind_id(sqlite3_stmt *statement, int column, int64_t id)
{
    if (id)
        sqlite3_bind_int64(statement, column, id);
    else
        sqlite3_bind_null(statement, column);
}

/* What is not a number was not measured. */
static void bind_known(sqlite3_stmt *statement, int column, double value)
{
    if (isfinite(value))
        sqlite3_bind_double(statement, column, value);
    else
        sqlite3_bind_null(statement, column);
}

/* What the threads add to a value; an absent value has none. */
static int insert_thread_values(struct store *store, int64_t sample_id, int64_t metric_id,
                                const struct store_metric *metric, struct error *error)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < metric->thread_count; i++) {
        sqlite3_stmt *statement;
        if (!isfinite(metric->thread_values[i]))
            continue;
        code = store_statement(store, STATEMENT_THREAD_INSERT, &statement, error);
        if (code != 0)
            return code;
        sqlite3_bind_int64(statement, 1, sample_id);
        sqlite3_bind_int64(statement, 2, metric_id);
        sqlite3_bind_int64(statement, 3, (int64_t)i);
        sqlite3_bind_double(statement, 4, metric->thread_values[i]);
        code = store_step_done(store, statement, error);
    }
    return code;
}

/* What kind of number it is and why: columns 4 to 7 of STATEMENT_VALUE_INSERT. */
static int bind_state(struct store *store, sqlite3_stmt *statement, const struct store_metric *metric,
                      enum store_state state, const char *reason, struct error *error)
{
    int64_t reason_id, remedy_id;
    int code = store_text_id(store, reason, &reason_id, error);
    if (code == 0)
        code = store_text_id(store, metric->remedy, &remedy_id, error);
    if (code != 0)
        return code;
    sqlite3_bind_int(statement, 4, (int)state);
    bind_id(statement, 5, reason_id);
    if (metric->running_share > 0)
        sqlite3_bind_double(statement, 6, metric->running_share);
    else
        sqlite3_bind_null(statement, 6);
    bind_id(statement, 7, remedy_id);
    return 0;
}

static int insert_metric(struct store *store, int64_t sample_id, const struct store_metric *metric, struct error *error)
{
    enum store_state state = metric->state;
    const char *reason = metric->reason;
    bool present = state <= STORE_APPROXIMATE;
    if (state > STORE_UNSUPPORTED)
        return error_set(error, ERROR_STATE, "metric %s has no such state", metric->name);
    if (present && !isfinite(metric->value)) {
        present = false;
        state = STORE_NOT_COUNTED;
        reason = reason ? reason : "not a finite number";
    }
    int64_t metric_id;
    sqlite3_stmt *statement;
    int code = store_metric_id(store, metric->name, metric->unit ? metric->unit : "", &metric_id, error);
    if (code == 0)
        code = store_statement(store, STATEMENT_VALUE_INSERT, &statement, error);
    if (code == 0)
        code = bind_state(store, statement, metric, state, reason, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, sample_id);
    sqlite3_bind_int64(statement, 2, metric_id);
    if (present)
        sqlite3_bind_double(statement, 3, metric->value);
    else
        sqlite3_bind_null(statement, 3);
    code = store_step_done(store, statement, error);
    return code == 0 && present ? insert_thread_values(store, sample_id, metric_id, metric, error) : code;
}

/* The file format is little-endian whatever the machine is. */
static void encode_doubles(unsigned char *out, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (int byte = 0; byte < 8; byte++)
            out[i * 8 + (size_t)byte] = (unsigned char)(bits >> (8 * byte));
    }
}

static int insert_distribution(struct store *store, int64_t sample_id, const double *values, size_t count,
                               struct error *error)
{
    unsigned char *blob = malloc(count * 8);
    if (!blob)
        return error_set(error, ERROR_MEMORY, "%s: no memory for %zu values of a sample", store->path, count);
    encode_doubles(blob, values, count);
    sqlite3_stmt *statement;
    int code = store_statement(store, STATEMENT_DISTRIBUTION_INSERT, &statement, error);
    if (code == 0) {
        sqlite3_bind_int64(statement, 1, sample_id);
        sqlite3_bind_int64(statement, 2, (int64_t)count);
        sqlite3_bind_blob64(statement, 3, blob, count * 8, SQLITE_STATIC);
        code = store_step_done(store, statement, error);
        sqlite3_clear_bindings(statement);
    }
    free(blob);
    return code;
}

static int insert_sample_row(struct store *store, int64_t run_id, const struct store_sample *sample,
                             struct error *error)
{
    bool good = sample->status == STORE_SAMPLE_OK;
    if (sample->status > STORE_SAMPLE_SKIPPED || sample->pass >= STORE_PASS_COUNT)
        return error_set(error, ERROR_STATE, "%s %s: no such status or pass", sample->suite, sample->name);
    if (good && !isfinite(sample->real_time_ns))
        return error_set(error, ERROR_NUMERIC, "%s %s: the time of a good sample is not a number", sample->suite,
                         sample->name);
    int64_t case_id, label_id, message_id, digest_id;
    int code = store_case_id(store, sample->suite, sample->name, &case_id, error);
    if (code == 0)
        code = store_text_id(store, sample->label, &label_id, error);
    if (code == 0)
        code = store_text_id(store, sample->message, &message_id, error);
    if (code == 0)
        code = store_text_id(store, sample->output_digest, &digest_id, error);
    sqlite3_stmt *statement;
    if (code == 0)
        code = store_statement(store, STATEMENT_SAMPLE_INSERT, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    sqlite3_bind_int64(statement, 2, case_id);
    sqlite3_bind_int(statement, 3, sample->round);
    sqlite3_bind_int(statement, 4, sample->process);
    sqlite3_bind_int(statement, 5, sample->repetition);
    sqlite3_bind_int(statement, 6, (int)sample->status);
    sqlite3_bind_int64(statement, 7, sample->iterations);
    if (good) {
        sqlite3_bind_double(statement, 8, sample->real_time_ns);
        bind_known(statement, 9, sample->cpu_time_ns);
    } else {
        sqlite3_bind_null(statement, 8);
        sqlite3_bind_null(statement, 9);
    }
    bind_id(statement, 10, label_id);
    bind_id(statement, 11, message_id);
    bind_id(statement, 12, digest_id);
    sqlite3_bind_int(statement, 13, (int)sample->pass);
    return store_step_done(store, statement, error);
}

static int insert_span(struct store *store, int64_t sample_id, size_t position, const struct store_span *span,
                       struct error *error)
{
    if (!isfinite(span->calls) || !isfinite(span->time_ns))
        return error_set(error, ERROR_NUMERIC, "operation %s: its calls or time are not a number", span->operation);
    int64_t operation_id, kernels_id;
    sqlite3_stmt *statement;
    int code = store_text_id(store, span->operation, &operation_id, error);
    if (code == 0)
        code = store_text_id(store, span->kernels, &kernels_id, error);
    if (code == 0)
        code = store_statement(store, STATEMENT_SPAN_INSERT, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, sample_id);
    sqlite3_bind_int64(statement, 2, (int64_t)position);
    sqlite3_bind_int64(statement, 3, operation_id);
    if (span->layer >= 0)
        sqlite3_bind_int(statement, 4, span->layer);
    else
        sqlite3_bind_null(statement, 4);
    sqlite3_bind_double(statement, 5, span->calls);
    sqlite3_bind_double(statement, 6, span->time_ns);
    bind_known(statement, 7, span->bytes);
    bind_known(statement, 8, span->flops);
    bind_id(statement, 9, kernels_id);
    return store_step_done(store, statement, error);
}

static int insert_course(struct store *store, int64_t sample_id, const struct store_course *course, struct error *error)
{
    if (course->count == 0)
        return 0;
    size_t bytes = course->count * 8;
    unsigned char *blob = malloc(2 * bytes);
    if (!blob)
        return error_set(error, ERROR_MEMORY, "%s: no memory for %zu values of a course", store->path, course->count);
    encode_doubles(blob, course->operations, course->count);
    encode_doubles(blob + bytes, course->values, course->count);
    int64_t metric_id;
    sqlite3_stmt *statement;
    int code = store_metric_id(store, course->name, course->unit ? course->unit : "", &metric_id, error);
    if (code == 0)
        code = store_statement(store, STATEMENT_COURSE_INSERT, &statement, error);
    if (code == 0) {
        sqlite3_bind_int64(statement, 1, sample_id);
        sqlite3_bind_int64(statement, 2, metric_id);
        sqlite3_bind_int64(statement, 3, (int64_t)course->count);
        sqlite3_bind_blob64(statement, 4, blob, bytes, SQLITE_STATIC);
        sqlite3_bind_blob64(statement, 5, blob + bytes, bytes, SQLITE_STATIC);
        code = store_step_done(store, statement, error);
        sqlite3_clear_bindings(statement);
    }
    free(blob);
    return code;
}

/* Everything that belongs to a sample's row. */
static int insert_parts(struct store *store, int64_t sample_id, const struct store_sample *sample, struct error *error)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < sample->metric_count; i++)
        code = insert_metric(store, sample_id, &sample->metrics[i], error);
    if (code == 0 && sample->value_count > 0)
        code = insert_distribution(store, sample_id, sample->values_ns, sample->value_count, error);
    for (size_t i = 0; code == 0 && i < sample->span_count; i++)
        code = insert_span(store, sample_id, i, &sample->spans[i], error);
    for (size_t i = 0; code == 0 && i < sample->course_count; i++)
        code = insert_course(store, sample_id, &sample->courses[i], error);
    return code;
}

/* The run must be there; and what store_run_end counted is no longer true. */
static int reopen_run(struct store *store, int64_t run_id, struct error *error)
{
    sqlite3_stmt *statement;
    int code = store_statement(store, STATEMENT_RUN_OPEN, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    int result = sqlite3_step(statement);
    bool counted = result == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL;
    if (result == SQLITE_DONE)
        code = error_set(error, ERROR_STATE, "%s: there is no run %lld", store->path, (long long)run_id);
    else if (result != SQLITE_ROW)
        code = store_fail(store, result, error);
    sqlite3_reset(statement);
    if (code != 0 || !counted)
        return code;
    code = store_statement(store, STATEMENT_RUN_RECOUNT, &statement, error);
    if (code != 0)
        return code;
    sqlite3_bind_int64(statement, 1, run_id);
    return store_step_done(store, statement, error);
}

int store_sample_add(struct store *store, int64_t run_id, const struct store_sample *samples, size_t count,
                     struct error *error)
{
    if (count == 0)
        return 0;
    int code = store_begin(store, error);
    if (code != 0)
        return code;
    code = reopen_run(store, run_id, error);
    for (size_t i = 0; code == 0 && i < count; i++) {
        code = insert_sample_row(store, run_id, &samples[i], error);
        if (code == 0)
            code = insert_parts(store, sqlite3_last_insert_rowid(store->db), &samples[i], error);
    }
    return store_end(store, code, error);
}
