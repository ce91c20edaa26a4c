/* read_details.c: values by thread, spans and courses of a case. */
#include "harness/store/read_cases.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { THREAD_LIMIT = 1 << 16 };

/* ---- values by thread ---- */

/* Sums over the samples of one series. */
struct thread_sums {
    struct store_series *series;
    double *sums;
    size_t *counts;
    size_t capacity;
};

static struct store_series *find_series(const struct reader *reader, struct store_case *item, int64_t sample_id,
                                        const char *name, const char *unit)
{
    enum store_pass pass = STORE_PASS_COUNT;
    for (size_t low = 0, high = reader->sample_count; low < high;) {
        size_t middle = (low + high) / 2;
        if (reader->places[middle].sample_id == sample_id)
            pass = reader->places[middle].pass;
        if (reader->places[middle].sample_id < sample_id)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = 0; i < item->metric_count; i++)
        if (item->metrics[i].pass == pass && str_equal(item->metrics[i].name, name) &&
            str_equal(item->metrics[i].unit, unit))
            return &item->metrics[i];
    return NULL;
}

static void add_thread_value(struct thread_sums *sums, size_t thread, double value)
{
    size_t old = sums->capacity;
    while (thread >= sums->capacity)
        sums->capacity = sums->capacity ? sums->capacity * 2 : 16;
    if (sums->capacity > old) {
        sums->sums = mem_resize(sums->sums, sums->capacity, sizeof *sums->sums);
        sums->counts = mem_resize(sums->counts, sums->capacity, sizeof *sums->counts);
        for (size_t i = old; i < sums->capacity; i++) {
            sums->sums[i] = 0;
            sums->counts[i] = 0;
        }
    }
    sums->sums[thread] += value;
    sums->counts[thread]++;
    if (thread >= sums->series->thread_count)
        sums->series->thread_count = thread + 1;
}

static void finish_sums(const struct reader *reader, struct thread_sums *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct store_series *series = all[i].series;
        if (!series || !series->thread_count)
            continue;
        series->thread_values = arena_array(reader->arena, series->thread_count, sizeof(double));
        for (size_t k = 0; k < series->thread_count; k++)
            series->thread_values[k] = all[i].counts[k] ? all[i].sums[k] / (double)all[i].counts[k] : NAN;
        free(all[i].sums);
        free(all[i].counts);
    }
    free(all);
}

int read_thread_values(struct reader *reader, struct store_case *item, struct error *error)
{
    struct thread_sums *all = NULL;
    int result, code = 0;
    while ((result = sqlite3_step(reader->threads)) == SQLITE_ROW) {
        int64_t sample_id = sqlite3_column_int64(reader->threads, 0), thread = sqlite3_column_int64(reader->threads, 3);
        struct store_series *series =
            find_series(reader, item, sample_id, (const char *)sqlite3_column_text(reader->threads, 1),
                        (const char *)sqlite3_column_text(reader->threads, 2));
        if (!series || thread < 0 || thread >= THREAD_LIMIT) {
            code = read_damaged(reader, sample_id,
                                series ? "a value belongs to no possible thread" : "a thread has a value of no metric",
                                error);
            break;
        }
        if (!all)
            all = mem_array(item->metric_count, sizeof *all);
        struct thread_sums *sums = &all[series - item->metrics];
        sums->series = series;
        add_thread_value(sums, (size_t)thread, read_double(reader->threads, 4));
    }
    finish_sums(reader, all, all ? item->metric_count : 0);
    int end = read_finish(reader, reader->threads, code == 0 ? result : SQLITE_DONE, error);
    return code ? code : end;
}

/* ---- spans ---- */

/* Samples follow one another, each with its spans in their order. */
struct trace_list {
    struct store_trace *items;
    size_t count, capacity;
    struct store_span *spans; /* of the sample that is being read */
    size_t span_count, span_capacity;
    int64_t sample_id;
};

static void end_trace(const struct reader *reader, struct trace_list *list)
{
    if (!list->span_count)
        return;
    struct store_trace *trace = &list->items[list->count - 1];
    trace->spans = read_copy(reader->arena, list->spans, list->span_count, sizeof *list->spans);
    trace->span_count = list->span_count;
    list->span_count = 0;
}

static void add_span(const struct reader *reader, struct trace_list *list)
{
    sqlite3_stmt *row = reader->spans;
    if (!list->count || list->sample_id != sqlite3_column_int64(row, 0)) {
        end_trace(reader, list);
        MEM_GROW(list->items, list->count, list->capacity);
        list->items[list->count++] = (struct store_trace){ .round = sqlite3_column_int(row, 9),
                                                           .process = sqlite3_column_int(row, 10),
                                                           .iteration_ns = read_double(row, 1) };
        list->sample_id = sqlite3_column_int64(row, 0);
    }
    MEM_GROW(list->spans, list->span_count, list->span_capacity);
    list->spans[list->span_count++] = (struct store_span){
        .operation = read_text(row, 2, reader->arena),
        .layer = sqlite3_column_type(row, 3) != SQLITE_NULL ? sqlite3_column_int(row, 3) : -1,
        .calls = read_double(row, 4),
        .time_ns = read_double(row, 5),
        .bytes = read_double(row, 6),
        .flops = read_double(row, 7),
        .kernels = read_text(row, 8, reader->arena),
    };
}

int read_spans(struct reader *reader, struct store_case *item, struct error *error)
{
    struct trace_list list = { 0 };
    int result;
    while ((result = sqlite3_step(reader->spans)) == SQLITE_ROW)
        add_span(reader, &list);
    end_trace(reader, &list);
    item->traces = read_copy(reader->arena, list.items, list.count, sizeof *list.items);
    item->trace_count = list.count;
    if (list.count) {
        item->spans = item->traces[list.count - 1].spans;
        item->span_count = item->traces[list.count - 1].span_count;
        item->span_iteration_ns = item->traces[list.count - 1].iteration_ns;
    }
    free(list.spans);
    free(list.items);
    return read_finish(reader, reader->spans, result, error);
}

/* ---- courses ---- */

/* A blob of count doubles, or NULL if it has another length. */
static double *decode_blob(const struct reader *reader, int column, int64_t count)
{
    const unsigned char *blob = sqlite3_column_blob(reader->courses, column);
    int bytes = sqlite3_column_bytes(reader->courses, column);
    if (count <= 0 || bytes % 8 != 0 || bytes / 8 != count)
        return NULL;
    double *values = arena_array(reader->arena, (size_t)count, sizeof *values);
    for (int64_t i = 0; i < count; i++)
        values[i] = read_decode_double(blob + 8 * i);
    return values;
}

int read_courses(struct reader *reader, struct store_case *item, struct error *error)
{
    struct store_course *courses = NULL;
    size_t capacity = 0;
    int result, code = 0;
    while ((result = sqlite3_step(reader->courses)) == SQLITE_ROW) {
        int64_t count = sqlite3_column_int64(reader->courses, 3);
        double *operations = decode_blob(reader, 4, count), *values = decode_blob(reader, 5, count);
        if (!operations || !values) {
            code = read_damaged(reader, sqlite3_column_int64(reader->courses, 0),
                                "a course has not as many values as it says", error);
            break;
        }
        MEM_GROW(courses, item->course_count, capacity);
        courses[item->course_count++] = (struct store_course){
            .name = read_text(reader->courses, 1, reader->arena),
            .unit = read_text(reader->courses, 2, reader->arena),
            .operations = operations,
            .values = values,
            .count = (size_t)count,
        };
    }
    item->courses = read_copy(reader->arena, courses, item->course_count, sizeof *courses);
    free(courses);
    int end = read_finish(reader, reader->courses, code == 0 ? result : SQLITE_DONE, error);
    return code ? code : end;
}
