/* report_csv.c: the CSV of Google Benchmark (which calls it deprecated: JSON is the format to build on). The columns
 * of user counters are those of the first batch of records; a counter that comes later has no column, and unlike
 * there it is said once on stderr. */
#include "harness/benchmark/internal.h"
#include <string.h>

static void append_quoted(struct str *str, const char *text)
{
    str_append_char(str, '"');
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            str_append_char(str, '"');
        str_append_char(str, *c);
    }
    str_append_char(str, '"');
}

/* bytes_per_second and items_per_second have columns of their own. */
static bool has_fixed_column(const char *name)
{
    return strcmp(name, "bytes_per_second") == 0 || strcmp(name, "items_per_second") == 0;
}

static bool report_context(struct benchmark_reporter *reporter, const struct benchmark_context *context)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    benchmark_console_write_context(printer->base.talk, context);
    return true;
}

static void append_header(struct benchmark_printer *printer, const struct benchmark_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < runs[i].counters.count; c++)
            if (!has_fixed_column(runs[i].counters.items[c].name))
                benchmark_counters_at(&printer->shown, runs[i].counters.items[c].name);
    str_append(&printer->text, "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,"
                               "error_occurred,error_message");
    for (size_t i = 0; i < printer->shown.count; i++) {
        str_append_char(&printer->text, ',');
        append_quoted(&printer->text, printer->shown.items[i].name);
    }
    str_append_char(&printer->text, '\n');
}

static void append_counter(struct str *str, const struct benchmark_run *run, const char *name)
{
    const struct benchmark_counter *counter = benchmark_counters_find(&run->counters, name);
    if (counter)
        str_appendf(str, "%g", counter->value);
}

static void warn_lost_counter(struct benchmark_printer *printer, const struct benchmark_run *run)
{
    for (size_t i = 0; i < run->counters.count && !printer->warned_lost_counter; i++) {
        const char *name = run->counters.items[i].name;
        if (has_fixed_column(name) || benchmark_counters_find(&printer->shown, name))
            continue;
        fprintf(stderr, "counter %s of %s is not in the CSV: its columns are those of the first benchmark\n", name,
                run->run_name);
        printer->warned_lost_counter = true;
    }
}

/* Iterations, times and unit. BigO has its curve in the place of the unit; the RMS here is, as in Google Benchmark,
 * divided by units a second. */
static void append_numbers(struct str *str, const struct benchmark_run *run)
{
    double real = run->real_seconds, cpu = run->cpu_seconds;
    const char *unit = "";
    if (!benchmark_run_is_percentage(run)) {
        real = benchmark_run_real_time(run);
        cpu = benchmark_run_cpu_time(run);
        unit = benchmark_unit_name(run->unit);
    }
    if (run->aggregate_kind == BENCHMARK_BIG_O)
        unit = benchmark_complexity_name(run->complexity);
    str_append_char(str, ',');
    if (!run->aggregate_kind)
        str_appendf(str, "%lld", (long long)run->iterations);
    str_appendf(str, ",%g,%g,%s,", real, cpu, unit);
}

static void append_row(struct benchmark_printer *printer, const struct benchmark_run *run)
{
    struct str *str = &printer->text, name = { 0 };
    benchmark_run_append_name(&name, run);
    append_quoted(str, str_text(&name));
    str_release(&name);
    if (run->skipped) {
        str_appendf(str, ",,,,,,,,%s,", run->skipped == BENCHMARK_SKIPPED_WITH_ERROR ? "true" : "false");
        append_quoted(str, run->skip_message);
        for (size_t i = 0; i < printer->shown.count; i++)
            str_append_char(str, ','); /* as many fields as the header has */
        str_append_char(str, '\n');
        return;
    }
    append_numbers(str, run);
    append_counter(str, run, "bytes_per_second");
    str_append_char(str, ',');
    append_counter(str, run, "items_per_second");
    str_append_char(str, ',');
    if (run->label && run->label[0])
        append_quoted(str, run->label);
    str_append(str, ",,");
    for (size_t i = 0; i < printer->shown.count; i++) {
        str_append_char(str, ',');
        append_counter(str, run, printer->shown.items[i].name);
    }
    str_append_char(str, '\n');
    warn_lost_counter(printer, run);
}

static void report_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    if (!printer->started)
        append_header(printer, runs, count);
    printer->started = true;
    for (size_t i = 0; i < count; i++)
        append_row(printer, &runs[i]);
    benchmark_printer_flush(printer);
}

static void list(struct benchmark_reporter *reporter, const char *const *names, size_t count)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    struct str *str = &printer->text;
    str_append(str, "name\n");
    for (size_t i = 0; i < count; i++) {
        append_quoted(str, names[i]);
        str_append_char(str, '\n');
    }
    benchmark_printer_flush(printer);
}

const struct benchmark_reporter_ops benchmark_csv_ops = {
    .report_context = report_context, .report_runs = report_runs, .list = list, .release = benchmark_printer_release
};
