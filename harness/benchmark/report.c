/* report.c: what all reporters ask of a record: its name, its time of one iteration, its unit. */
#include "harness/benchmark/reporter.h"
#include "harness/benchmark/internal.h"
#include <stdlib.h>

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

bool benchmark_run_is_percentage(const struct benchmark_run *run)
{
    return run->aggregate_name && run->aggregate_unit == BENCHMARK_STATISTIC_PERCENTAGE;
}

static double adjusted(const struct benchmark_run *run, double seconds)
{
    if (benchmark_run_is_percentage(run))
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

void benchmark_run_release(struct benchmark_run *run)
{
    free(run->skip_message);
    free(run->label);
    free(run->values_ns);
    benchmark_counters_release(&run->counters);
}

void benchmark_runs_release(struct benchmark_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        benchmark_run_release(&runs->items[i]);
    free(runs->items);
    *runs = (struct benchmark_runs){ 0 };
}
