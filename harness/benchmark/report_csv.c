/* report_csv.c: the CSV of Google Benchmark (which calls it deprecated: JSON is the format to build on).
 *
 * The columns of counters are those of the first batch of records. A counter that comes later gets a column behind them
 * in a file, which is written anew for it: rows only ever grow at their ends, and all have as many fields as the
 * header. stdout cannot be written anew: there such a counter has no column, as in Google Benchmark, and stderr says it
 * once. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include <string.h>
#include <sys/types.h>

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
    benchmark_console_write_context(reporter->talk, context);
    fflush(reporter->out);
    printer->csv.shows_memory = context->measures_memory;
    printer->csv.start = printer->keep_complete ? (int64_t)ftello(reporter->out) : -1;
    return true;
}

static bool has_column(const struct benchmark_printer *printer, const char *name)
{
    if (has_fixed_column(name) || benchmark_counters_find(&printer->shown, name))
        return true;
    for (size_t i = 0; i < printer->csv.late_count; i++)
        if (strcmp(printer->csv.late[i], name) == 0)
            return true;
    return false;
}

static void choose_columns(struct benchmark_printer *printer, const struct benchmark_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < runs[i].counters.count; c++)
            if (!has_fixed_column(runs[i].counters.items[c].name))
                benchmark_counters_at(&printer->shown, runs[i].counters.items[c].name);
        printer->csv.shows_memory = printer->csv.shows_memory || runs[i].has_memory;
    }
}

static void append_header(const struct benchmark_printer *printer, struct str *str)
{
    str_append(str, "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,"
                    "error_occurred,error_message");
    for (size_t i = 0; i < printer->shown.count; i++) {
        str_append_char(str, ',');
        append_quoted(str, printer->shown.items[i].name);
    }
    if (printer->csv.shows_memory)
        str_append(str, ",allocs_per_iter,max_bytes_used,total_allocated_bytes,net_heap_growth");
    for (size_t i = 0; i < printer->csv.late_count; i++) {
        str_append_char(str, ',');
        append_quoted(str, printer->csv.late[i]);
    }
    str_append_char(str, '\n');
}

static void append_counter(struct str *str, const struct benchmark_run *run, const char *name)
{
    const struct benchmark_counter *counter = benchmark_counters_find(&run->counters, name);
    if (counter)
        str_appendf(str, "%g", counter->value);
}

static void append_memory(struct str *str, const struct benchmark_run *run)
{
    const struct benchmark_memory_result *memory = &run->memory;
    const int64_t bytes[] = { memory->max_bytes_used, memory->total_allocated_bytes, memory->net_heap_growth };
    str_append_char(str, ',');
    if (run->has_memory)
        str_appendf(str, "%g", run->allocs_per_iter);
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        str_append_char(str, ',');
        if (run->has_memory && bytes[i] != BENCHMARK_MEMORY_ABSENT)
            str_appendf(str, "%lld", (long long)bytes[i]);
    }
}

/* The columns behind error_message; empty fields in a row without results. */
static void append_own_columns(const struct benchmark_printer *printer, struct str *str,
                               const struct benchmark_run *run)
{
    for (size_t i = 0; i < printer->shown.count; i++) {
        str_append_char(str, ',');
        append_counter(str, run, printer->shown.items[i].name);
    }
    if (printer->csv.shows_memory)
        append_memory(str, run);
    for (size_t i = 0; i < printer->csv.late_count; i++) {
        str_append_char(str, ',');
        append_counter(str, run, printer->csv.late[i]);
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

static void append_row(const struct benchmark_printer *printer, struct str *str, const struct benchmark_run *run)
{
    struct str name = { 0 };
    benchmark_run_append_name(&name, run);
    append_quoted(str, str_text(&name));
    str_release(&name);
    if (run->skipped) {
        str_appendf(str, ",,,,,,,,%s,", run->skipped == BENCHMARK_SKIPPED_WITH_ERROR ? "true" : "false");
        append_quoted(str, run->skip_message);
    } else {
        append_numbers(str, run);
        append_counter(str, run, "bytes_per_second");
        str_append_char(str, ',');
        append_counter(str, run, "items_per_second");
        str_append_char(str, ',');
        if (run->label && run->label[0])
            append_quoted(str, run->label);
        str_append(str, ",,");
    }
    append_own_columns(printer, str, run);
    str_append_char(str, '\n');
}

/* ---- counters that come later ---- */

/* One more field at the end of every row, and the file from its header on anew. */
static void widen(struct benchmark_printer *printer, size_t columns)
{
    struct benchmark_csv *csv = &printer->csv;
    struct str rows = { 0 };
    size_t start = 0; /* of a row in the old text */
    for (size_t i = 0; i < csv->row_count; i++) {
        str_append_bytes(&rows, csv->rows.data + start, csv->row_ends[i] - start - 1);
        for (size_t c = 0; c < columns; c++)
            str_append_char(&rows, ',');
        str_append_char(&rows, '\n');
        start = csv->row_ends[i];
        csv->row_ends[i] = rows.length;
    }
    str_release(&csv->rows);
    csv->rows = rows;
    fseeko(printer->base.out, (off_t)csv->start, SEEK_SET);
    append_header(printer, &printer->text);
    str_append_bytes(&printer->text, str_text(&rows), rows.length);
    benchmark_printer_flush(printer);
}

static void add_late_counters(struct benchmark_printer *printer, const struct benchmark_run *runs, size_t count)
{
    struct benchmark_csv *csv = &printer->csv;
    size_t before = csv->late_count;
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < runs[i].counters.count; c++) {
            const char *name = runs[i].counters.items[c].name;
            if (has_column(printer, name))
                continue;
            if (csv->start >= 0) {
                MEM_GROW(csv->late, csv->late_count, csv->late_capacity);
                csv->late[csv->late_count++] = mem_strdup(name);
            } else if (!csv->warned) {
                fprintf(stderr, "counter %s of %s is not in the CSV: its columns are those of the first benchmark\n",
                        name, runs[i].run_name);
                csv->warned = true;
            }
        }
    }
    if (csv->late_count > before)
        widen(printer, csv->late_count - before);
}

static void remember_row(struct benchmark_csv *csv, const char *row, size_t length)
{
    if (csv->start < 0)
        return;
    str_append_bytes(&csv->rows, row, length);
    MEM_GROW(csv->row_ends, csv->row_count, csv->row_capacity);
    csv->row_ends[csv->row_count++] = csv->rows.length;
}

static void report_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    struct str *str = &printer->text;
    if (!printer->started) {
        choose_columns(printer, runs, count);
        append_header(printer, str);
        printer->started = true;
    } else {
        add_late_counters(printer, runs, count);
    }
    for (size_t i = 0; i < count; i++) {
        size_t start = str->length;
        append_row(printer, str, &runs[i]);
        remember_row(&printer->csv, str->data + start, str->length - start);
    }
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
