/* write_details.c: the parts of a sample that few samples have: values by thread, single operations, spans, courses. */
#include "harness/store/write_samples.h"
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
int write_thread_values(struct store *store, int64_t sample_id, int64_t metric_id, const struct store_metric *metric,
                        struct error *error)
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

int write_details(struct store *store, int64_t sample_id, const struct store_sample *sample, struct error *error)
{
    int code = 0;
    if (sample->value_count > 0)
        code = insert_distribution(store, sample_id, sample->values_ns, sample->value_count, error);
    for (size_t i = 0; code == 0 && i < sample->span_count; i++)
        code = insert_span(store, sample_id, i, &sample->spans[i], error);
    for (size_t i = 0; code == 0 && i < sample->course_count; i++)
        code = insert_course(store, sample_id, &sample->courses[i], error);
    return code;
}
