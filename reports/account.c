/* account.c: adds up spans, and finds what other suites measured of the same. See account.h. */
#include "reports/account.h"
#include "harness/base/case_name.h"
#include "harness/judge/kernel_time.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- results of other suites ---- */

static double median_of(const double *values, size_t count)
{
    double sum = 0, *good = count ? malloc(count * sizeof *good) : NULL;
    size_t kept = 0;
    for (size_t i = 0; good && i < count; i++) {
        if (isfinite(values[i]))
            good[kept++] = values[i];
    }
    sum = kept ? stats_median(good, kept) : (double)NAN;
    free(good);
    return sum;
}

static double metric_of(const struct store_case *item, const char *name, enum store_pass pass)
{
    for (size_t i = 0; i < item->metric_count; i++) {
        const struct store_series *series = &item->metrics[i];
        if (series->pass == pass && str_equal(series->name, name))
            return median_of(series->values, series->count);
    }
    return (double)NAN;
}

/* Real time of the layers suite's case for that part; NaN if there is none. */
static double layers_suite(const struct account *account, const char *part, const struct store_case *cases,
                           size_t count, struct arena *arena)
{
    const char *wanted = kernel_time_layer_name(account->source->name, part, arena);
    for (size_t i = 0; i < count; i++) {
        if (str_equal(cases[i].suite, "layers") && str_equal(cases[i].name, wanted))
            return median_of(cases[i].real_time_ns, cases[i].sample_count);
    }
    return (double)NAN;
}

/* ---- sums ---- */

static bool is_wait(const struct store_span *span)
{
    return str_equal(span->operation, "wait");
}

static struct account_row *row_of(struct account_row *rows, size_t *count, const char *operation, int layer)
{
    for (size_t i = 0; i < *count; i++) {
        if (rows[i].layer == layer && str_equal(rows[i].operation, operation))
            return &rows[i];
    }
    rows[*count] = (struct account_row){ .operation = operation, .layer = layer };
    return &rows[(*count)++];
}

static void add_span(struct account_row *row, const struct store_span *span, double alone_ns, bool is_near)
{
    row->calls += span->calls;
    row->time_ns += span->time_ns;
    row->bytes += is_wait(span) ? 0 : span->bytes; /* which moves nothing, and says nothing about it */
    row->flops += is_wait(span) ? 0 : span->flops;
    row->alone_ns += alone_ns;
    row->is_near = row->is_near || is_near;
}

static int by_layer(const void *a, const void *b)
{
    int x = ((const struct account_row *)a)->layer, y = ((const struct account_row *)b)->layer;
    return (x > y) - (x < y);
}

static void finish_rows(struct account_row *rows, size_t count, double iteration_ns)
{
    for (size_t i = 0; i < count; i++) {
        struct account_row *row = &rows[i];
        row->share = iteration_ns > 0 ? row->time_ns / iteration_ns : (double)NAN;
        row->bytes_per_second = row->time_ns > 0 ? row->bytes / row->time_ns * 1e9 : (double)NAN;
        row->flops_per_second = row->time_ns > 0 ? row->flops / row->time_ns * 1e9 : (double)NAN;
    }
}

/* Spans are some hundreds, kernels of a layer repeat: what was found for a text holds for the next layer's. */
static void add_spans(struct account *account, struct account_row *operations, struct account_row *layers,
                      const struct store_case *cases, size_t case_count, struct arena *arena)
{
    const struct store_case *source = account->source;
    const struct store_span *known = NULL;
    double known_ns = (double)NAN;
    bool known_near = false;
    for (size_t i = 0; i < source->span_count; i++) {
        const struct store_span *span = &source->spans[i];
        if (span->layer >= 0) {
            struct account_row *layer = row_of(layers, &account->layer_count, NULL, span->layer);
            add_span(layer, span, (double)NAN, false);
        }
        if (is_wait(span)) {
            account->waiting_ns += span->time_ns;
            continue;
        }
        account->work_ns += span->time_ns;
        /* Only what repeats exactly may be taken from before: a single kernel's flops are the span's. */
        if (!known || !str_equal(known->kernels, span->kernels) ||
            known->flops * span->calls != span->flops * known->calls) {
            known_near = false;
            known_ns = kernel_time_of_span(span, cases, case_count, &known_near, arena);
            known = span;
        }
        add_span(row_of(operations, &account->operation_count, span->operation, -1), span,
                 span->calls * known_ns / account->threads, known_near);
    }
}

bool account_build(struct account *account, const struct store_case *source, const struct store_case *cases,
                   size_t case_count, struct arena *arena)
{
    if (!source->span_count || !(source->span_iteration_ns > 0))
        return false;
    struct account_row *operations = arena_alloc(arena, source->span_count * sizeof *operations);
    struct account_row *layers = arena_alloc(arena, source->span_count * sizeof *layers);
    *account = (struct account){ .source = source,
                                 .threads = fmax(1, case_name_number(source->name, "threads", 1)),
                                 .iteration_ns = source->span_iteration_ns,
                                 .timed_ns = median_of(source->real_time_ns, source->sample_count),
                                 .operations = operations,
                                 .layers = layers,
                                 .idle_share = metric_of(source, "percent_waiting", STORE_PASS_SPANS) / 100 };
    add_spans(account, operations, layers, cases, case_count, arena);
    qsort(layers, account->layer_count, sizeof *layers, by_layer);
    finish_rows(operations, account->operation_count, account->iteration_ns);
    finish_rows(layers, account->layer_count, account->iteration_ns);
    account->unexplained_ns = account->iteration_ns - account->work_ns - account->waiting_ns;
    for (size_t i = 0; i < account->operation_count; i++) {
        if (!isfinite(operations[i].alone_ns))
            continue;
        account->alone_ns += operations[i].alone_ns;
        account->alone_work_ns += operations[i].time_ns;
    }
    account->layer_alone_ns = layers_suite(account, "layer", cases, case_count, arena);
    account->output_alone_ns = layers_suite(account, "output", cases, case_count, arena);
    return true;
}
