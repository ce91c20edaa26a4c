/* report.c: what all reporters ask of a record (its name, its time of one iteration, its unit), and what the library's
 * own reporters share. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include <stdlib.h>
#include <string.h>

const char *benchmark_unit_name(enum benchmark_time_unit unit)
{
    static const char *const names[] = { "ns", "us", "ms", "s" };
    return names[unit];
}

double benchmark_unit_per_second(enum benchmark_time_unit unit)
{
    static const double factors[] = { 1e9, 1e6, 1e3, 1 };
    return factors[unit];
}

void benchmark_run_append_name(struct str *str, const struct benchmark_run *run)
{
    str_append(str, run->run_name);
    if (run->aggregate_name) {
        str_append_char(str, '_');
        str_append(str, run->aggregate_name);
    }
}

size_t benchmark_run_name(const struct benchmark_run *run, char *buffer, size_t size)
{
    const char *aggregate = run->aggregate_name;
    return (size_t)snprintf(buffer, size, "%s%s%s", run->run_name, aggregate ? "_" : "", aggregate ? aggregate : "");
}

const char *benchmark_complexity_name(enum benchmark_complexity complexity)
{
    switch (complexity) {
    case BENCHMARK_O_1: return "(1)";
    case BENCHMARK_O_N: return "N";
    case BENCHMARK_O_N_SQUARED: return "N^2";
    case BENCHMARK_O_N_CUBED: return "N^3";
    case BENCHMARK_O_LOG_N: return "lgN";
    case BENCHMARK_O_N_LOG_N: return "NlgN";
    default: return "f(N)";
    }
}

bool benchmark_run_is_percentage(const struct benchmark_run *run)
{
    return run->aggregate_name && run->aggregate_unit == BENCHMARK_STATISTIC_PERCENTAGE;
}

/* RMS lies in the record divided by the unit's factor, as a time would, and its digits come out as Google Benchmark's
 * do. */
static double adjusted(const struct benchmark_run *run, double seconds)
{
    if (benchmark_run_is_percentage(run) && run->aggregate_kind != BENCHMARK_RMS)
        return seconds;
    double time = seconds * benchmark_unit_per_second(run->unit);
    return run->iterations ? time / (double)run->iterations : time;
}

double benchmark_run_real_time(const struct benchmark_run *run)
{
    return adjusted(run, run->real_seconds);
}

double benchmark_run_cpu_time(const struct benchmark_run *run)
{
    return adjusted(run, run->cpu_seconds);
}

static void release_run(struct benchmark_run *run)
{
    free(run->skip_message);
    free(run->label);
    free(run->values_ns);
    benchmark_counters_release(&run->counters);
    free(run->noise.contamination);
    benchmark_perf_release_reports(run->counter_reports, run->counter_report_count);
    free(run->memory_facts);
    for (size_t i = 0; i < run->course_count; i++) {
        free(run->courses[i].operations);
        free(run->courses[i].values);
    }
    benchmark_spans_release(run->spans, run->span_count);
}

void benchmark_runs_release(struct benchmark_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        release_run(&runs->items[i]);
    free(runs->items);
    *runs = (struct benchmark_runs){ 0 };
}

size_t benchmark_run_memory_counters(const struct benchmark_run *run, struct benchmark_counter counters[4])
{
    static const char *const names[] = { "allocs_per_iter", "max_bytes_used", "total_allocated_bytes",
                                         "net_heap_growth" };
    const int64_t bytes[] = { 0, run->memory.max_bytes_used, run->memory.total_allocated_bytes,
                              run->memory.net_heap_growth };
    size_t count = 0;
    for (size_t i = 0; i < 4 && run->has_memory; i++) {
        if (i > 0 && bytes[i] == BENCHMARK_MEMORY_ABSENT)
            continue;
        counters[count++] = (struct benchmark_counter){ .name = (char *)(uintptr_t)names[i],
                                                        .value = i ? (double)bytes[i] : run->allocs_per_iter,
                                                        .base = i ? 1024 : 1000 };
    }
    return count;
}

/* ---- the library's own reporters ---- */

void benchmark_printer_flush(struct benchmark_printer *printer)
{
    fwrite(str_text(&printer->text), 1, printer->text.length, printer->base.out);
    fflush(printer->base.out);
    str_clear(&printer->text);
}

void benchmark_printer_release(struct benchmark_reporter *reporter)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    benchmark_counters_release(&printer->shown);
    for (size_t i = 0; i < printer->csv.late_count; i++)
        free(printer->csv.late[i]);
    free(printer->csv.late);
    free(printer->csv.row_ends);
    str_release(&printer->csv.rows);
    str_release(&printer->text);
    str_release(&printer->kept);
    free(printer);
}

struct benchmark_reporter *benchmark_printer_create(const char *format, FILE *out, FILE *talk)
{
    struct benchmark_printer *printer = mem_alloc(sizeof *printer);
    printer->base.ops = strcmp(format, "json") == 0  ? &benchmark_json_ops
                        : strcmp(format, "csv") == 0 ? &benchmark_csv_ops
                                                     : &benchmark_console_ops;
    printer->base.out = out;
    printer->base.talk = talk;
    return &printer->base;
}

void benchmark_release_reporter(struct benchmark_reporter *reporter)
{
    if (reporter && reporter->ops->release)
        reporter->ops->release(reporter);
}
