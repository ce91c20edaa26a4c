/* complexity.c: how the time of a family grows with n: the least-squares fit of time = c * g(n) over the succeeded runs
 * of all its cases, and the records BigO (the coefficient c) and RMS (the residual, relative to the mean time).
 *
 * The line goes through the origin, so c = sum(t g) / sum(g^2): linear least squares with one unknown. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fit {
    enum benchmark_complexity complexity;
    double coefficient; /* seconds */
    double rms;         /* share of the mean time */
};

static double curve(enum benchmark_complexity complexity, int64_t n)
{
    double x = (double)n;
    switch (complexity) {
    case BENCHMARK_O_N: return x;
    case BENCHMARK_O_N_SQUARED: return x * x;
    case BENCHMARK_O_N_CUBED: return pow(x, 3);
    case BENCHMARK_O_LOG_N: return log2(x);
    case BENCHMARK_O_N_LOG_N: return x * log2(x);
    default: return 1;
    }
}

/* seconds: one time for each n of points. */
static struct fit fit_curve(const struct benchmark_points *points, const double *seconds,
                            enum benchmark_complexity complexity)
{
    benchmark_complexity_function *function = points->family->complexity_function;
    double *g = mem_array(points->count, sizeof *g);
    double sum_gg = 0, sum_t = 0, sum_tg = 0, residual = 0;
    for (size_t i = 0; i < points->count; i++) {
        g[i] = complexity == BENCHMARK_O_FUNCTION ? function(points->n[i]) : curve(complexity, points->n[i]);
        sum_gg += g[i] * g[i];
        sum_t += seconds[i];
        sum_tg += seconds[i] * g[i];
    }
    struct fit fit = { .complexity = complexity, .coefficient = sum_tg / sum_gg };
    for (size_t i = 0; i < points->count; i++)
        residual += (seconds[i] - fit.coefficient * g[i]) * (seconds[i] - fit.coefficient * g[i]);
    double mean = sum_t / (double)points->count;
    fit.rms = sqrt(residual / (double)points->count) / mean;
    free(g);
    return fit;
}

/* The curve that was asked for, or the one with the smallest residual. */
static struct fit fit_best(const struct benchmark_points *points, const double *seconds,
                           enum benchmark_complexity complexity)
{
    static const enum benchmark_complexity curves[] = { BENCHMARK_O_LOG_N, BENCHMARK_O_N, BENCHMARK_O_N_LOG_N,
                                                        BENCHMARK_O_N_SQUARED, BENCHMARK_O_N_CUBED };
    if (complexity != BENCHMARK_O_AUTO)
        return fit_curve(points, seconds, complexity);
    struct fit best = fit_curve(points, seconds, BENCHMARK_O_1);
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        struct fit fit = fit_curve(points, seconds, curves[i]);
        if (fit.rms < best.rms)
            best = fit;
    }
    return best;
}

static void remember_first(struct benchmark_points *points, const struct benchmark_instance *instance,
                           const struct benchmark_run *run)
{
    struct str name = { 0 };
    benchmark_instances_append_name(&name, instance->family, NULL, 0, instance->threads);
    points->run_name = str_take(&name);
    points->label = run->label ? mem_strdup(run->label) : NULL;
    points->instance_index = run->instance_index;
    points->repetitions = run->repetitions;
    points->threads = run->threads;
    points->unit = run->unit;
}

void benchmark_complexity_add(struct benchmark_points *points, const struct benchmark_instance *instance,
                              const struct benchmark_run *runs, size_t count)
{
    points->family = instance->family;
    points->family_index = instance->family_index;
    for (size_t i = 0; i < count; i++) {
        const struct benchmark_run *run = &runs[i];
        if (run->skipped)
            continue;
        if (!points->count)
            remember_first(points, instance, run);
        if (run->complexity_n <= 0 && !points->without_n)
            points->without_n = run->run_name;
        if (points->count == points->capacity) {
            points->capacity = points->capacity ? 2 * points->capacity : 16;
            points->n = mem_resize(points->n, points->capacity, sizeof *points->n);
            points->real_seconds = mem_resize(points->real_seconds, points->capacity, sizeof *points->real_seconds);
            points->cpu_seconds = mem_resize(points->cpu_seconds, points->capacity, sizeof *points->cpu_seconds);
        }
        points->n[points->count] = run->complexity_n;
        points->real_seconds[points->count] = run->real_seconds / (double)run->iterations;
        points->cpu_seconds[points->count++] = run->cpu_seconds / (double)run->iterations;
    }
}

static void append_record(struct benchmark_runs *records, const struct benchmark_points *points,
                          enum benchmark_aggregate_kind kind, const struct fit *real, const struct fit *cpu)
{
    struct benchmark_run record = {
        .run_name = points->run_name,
        .family_index = points->family_index,
        .instance_index = points->instance_index,
        .repetitions = points->repetitions,
        .repetition_index = -1,
        .threads = points->threads,
        .aggregate_kind = kind,
        .complexity = cpu->complexity,
        .label = points->label ? mem_strdup(points->label) : NULL,
        .value_stride = 1,
    };
    if (kind == BENCHMARK_BIG_O) { /* always in ns, whatever the unit of the family, as in Google Benchmark */
        record.aggregate_name = "BigO";
        record.real_seconds = real->coefficient;
        record.cpu_seconds = cpu->coefficient;
    } else {
        record.aggregate_name = "RMS";
        record.aggregate_unit = BENCHMARK_STATISTIC_PERCENTAGE;
        record.unit = points->unit;
        record.real_seconds = real->rms / benchmark_unit_per_second(points->unit);
        record.cpu_seconds = cpu->rms / benchmark_unit_per_second(points->unit);
    }
    MEM_GROW(records->items, records->count, records->capacity);
    records->items[records->count++] = record;
}

void benchmark_complexity_compute(struct benchmark_runs *records, const struct benchmark_points *points)
{
    if (points->count < 2)
        return;
    const struct benchmark *family = points->family;
    if (points->without_n && family->complexity != BENCHMARK_O_1) {
        fprintf(stderr, "%s: no complexity: n of %s is not above 0 (benchmark_state_set_complexity_n)\n",
                points->run_name, points->without_n);
        return;
    }
    /* One clock chooses the curve, the other is fitted with the same one. */
    struct fit real, cpu;
    if (family->manual_time) {
        real = fit_best(points, points->real_seconds, family->complexity);
        cpu = fit_curve(points, points->cpu_seconds, real.complexity);
    } else {
        cpu = fit_best(points, points->cpu_seconds, family->complexity);
        real = fit_curve(points, points->real_seconds, cpu.complexity);
    }
    append_record(records, points, BENCHMARK_BIG_O, &real, &cpu);
    append_record(records, points, BENCHMARK_RMS, &real, &cpu);
}

void benchmark_points_release(struct benchmark_points *points)
{
    free(points->run_name);
    free(points->label);
    free(points->n);
    free(points->real_seconds);
    free(points->cpu_seconds);
    *points = (struct benchmark_points){ 0 };
}
