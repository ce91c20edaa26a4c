/* report_console.c: the table for people, with Google Benchmark's column widths, number formats and colours. The
 * context goes to the reporter's talk stream (stderr for the display). */
#include "harness/benchmark/internal.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum color {
    COLOR_NONE = 0,
    COLOR_RED = 1,
    COLOR_GREEN = 2,
    COLOR_YELLOW = 3,
    COLOR_BLUE = 4,
    COLOR_CYAN = 6,
    COLOR_WHITE = 7
};

void benchmark_console_write_context(FILE *out, const struct benchmark_context *context)
{
    fprintf(out, "%s\nRunning %s\n", context->date, context->executable);
    fprintf(out, "Run on (%d X %g MHz CPU %s)\n", context->cpu_count, context->mhz, context->cpu_count > 1 ? "s" : "");
    if (context->cache_count)
        fputs("CPU Caches:\n", out);
    for (size_t i = 0; i < context->cache_count; i++) {
        const struct benchmark_cache *cache = &context->caches[i];
        fprintf(out, "  L%d %s %lld KiB", cache->level, cache->type, (long long)cache->size_bytes / 1024);
        if (cache->sharing)
            fprintf(out, " (x%d)", context->cpu_count / cache->sharing);
        fputc('\n', out);
    }
    if (context->load_count) {
        fputs("Load Average: ", out);
        for (int i = 0; i < context->load_count; i++)
            fprintf(out, "%s%.2f", i ? ", " : "", context->load[i]);
        fputc('\n', out);
    }
    for (size_t i = 0; i < context->custom_count; i++)
        if (strncmp(context->custom[i].key, "prony_clock_", 12) != 0) /* for the JSON only */
            fprintf(out, "%s: %s\n", context->custom[i].key, context->custom[i].value);
    if (context->scaling == 1)
        fputs("***WARNING*** CPU scaling is enabled, the benchmark real time measurements may be noisy and will incur "
              "extra overhead.\n",
              out);
    if (context->aslr == 1)
        fputs("***WARNING*** ASLR is enabled, the results may have unreproducible noise in them.\n", out);
#ifndef __OPTIMIZE__
    fputs("***WARNING*** Library was built as DEBUG. Timings may be affected.\n", out);
#endif
    fflush(out);
}

static bool report_context(struct benchmark_reporter *reporter, const struct benchmark_context *context)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    printer->name_width = context->name_width;
    benchmark_console_write_context(printer->base.talk, context);
    return true;
}

/* One piece of a line. In colour every piece ends with a reset, also those without a colour of their own. */
__attribute__((format(printf, 3, 4))) static void put(struct benchmark_printer *printer, enum color color,
                                                      const char *format, ...)
{
    struct str *str = &printer->text;
    va_list arguments;
    if (printer->color && color != COLOR_NONE)
        str_appendf(str, "\033[0;3%dm", (int)color);
    va_start(arguments, format);
    str_vappendf(str, format, arguments);
    va_end(arguments);
    if (printer->color)
        str_append(str, "\033[m");
}

static void put_header(struct benchmark_printer *printer, const struct benchmark_run *run)
{
    struct str header = { 0 };
    str_appendf(&header, "%-*s %13s %15s %12s", (int)printer->name_width, "Benchmark", "Time", "CPU", "Iterations");
    struct benchmark_counter memory[4];
    size_t memory_count = benchmark_run_memory_counters(run, memory);
    if ((run->counters.count || memory_count) && !printer->tabular)
        str_append(&header, " UserCounters...");
    for (size_t i = 0; printer->tabular && i < run->counters.count; i++)
        str_appendf(&header, " %10s", run->counters.items[i].name);
    for (size_t i = 0; printer->tabular && i < memory_count; i++)
        str_appendf(&header, " %10s", memory[i].name);
    struct str line = { 0 };
    for (size_t i = 0; i < header.length; i++)
        str_append_char(&line, '-');
    str_appendf(&printer->text, "%s\n%s\n%s\n", str_text(&line), str_text(&header), str_text(&line));
    str_release(&header);
    str_release(&line);
}

static void format_time(char *buffer, size_t size, double time)
{
    if (time > 9999999999.0)
        snprintf(buffer, size, "%1.4e", time);
    else
        snprintf(buffer, size, "%10.*f", time < 1 ? 3 : time < 10 ? 2 : time < 100 ? 1 : 0, time);
}

static void put_times(struct benchmark_printer *printer, const struct benchmark_run *run)
{
    double real = benchmark_run_real_time(run), cpu = benchmark_run_cpu_time(run);
    if (run->aggregate_kind == BENCHMARK_BIG_O) {
        const char *curve = benchmark_complexity_name(run->complexity);
        put(printer, COLOR_YELLOW, "%10.2f %-4s %10.2f %-4s ", real, curve, cpu, curve);
        return;
    }
    if (run->aggregate_kind == BENCHMARK_RMS) {
        put(printer, COLOR_YELLOW, "%10.0f %-4s %10.0f %-4s ", real * 100, "%", cpu * 100, "%");
        return;
    }
    if (benchmark_run_is_percentage(run)) {
        put(printer, COLOR_YELLOW, "%10.2f %-4s %10.2f %-4s ", 100 * real, "%", 100 * cpu, "%");
        return;
    }
    char real_text[400], cpu_text[400];
    const char *unit = benchmark_unit_name(run->unit);
    format_time(real_text, sizeof real_text, real);
    format_time(cpu_text, sizeof cpu_text, cpu);
    put(printer, COLOR_YELLOW, "%s %-4s %s %-4s ", real_text, unit, cpu_text, unit);
}

static void put_counter(struct benchmark_printer *printer, const struct benchmark_run *run,
                        const struct benchmark_counter *counter)
{
    char number[400];
    const char *suffix = "";
    if (benchmark_run_is_percentage(run)) {
        snprintf(number, sizeof number, "%.2f", 100 * counter->value);
        suffix = "%";
    } else {
        benchmark_counters_human(number, sizeof number, counter->value, counter->base);
        if (counter->flags & BENCHMARK_COUNTER_RATE)
            suffix = counter->flags & BENCHMARK_COUNTER_INVERT ? "s" : "/s";
    }
    if (printer->tabular) {
        size_t width = strlen(counter->name) > 10 ? strlen(counter->name) : 10;
        put(printer, COLOR_NONE, " %*s%s", (int)(width - strlen(suffix)), number, suffix);
    } else {
        put(printer, COLOR_NONE, " %s=%s%s", counter->name, number, suffix);
    }
}

static void put_run(struct benchmark_printer *printer, const struct benchmark_run *run)
{
    struct str name = { 0 };
    benchmark_run_append_name(&name, run);
    put(printer, run->aggregate_kind ? COLOR_BLUE : COLOR_GREEN, "%-*s ", (int)printer->name_width, str_text(&name));
    str_release(&name);
    if (run->skipped == BENCHMARK_SKIPPED_WITH_ERROR) {
        put(printer, COLOR_RED, "ERROR OCCURRED: '%s'", run->skip_message);
    } else if (run->skipped == BENCHMARK_SKIPPED_WITH_MESSAGE) {
        put(printer, COLOR_WHITE, "SKIPPED: '%s'", run->skip_message);
    } else {
        put_times(printer, run);
        if (!run->aggregate_kind)
            put(printer, COLOR_CYAN, "%10lld", (long long)run->iterations);
        for (size_t i = 0; i < run->counters.count; i++)
            put_counter(printer, run, &run->counters.items[i]);
        struct benchmark_counter memory[4];
        size_t memory_count = benchmark_run_memory_counters(run, memory);
        for (size_t i = 0; i < memory_count; i++)
            put_counter(printer, run, &memory[i]);
        if (run->label && run->label[0])
            put(printer, COLOR_NONE, " %s", run->label);
    }
    put(printer, COLOR_NONE, "\n");
}

static void report_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    for (size_t i = 0; i < count; i++) {
        /* Memory results stand last, so a row without them fits below a header with them. */
        bool changed = printer->tabular && (!benchmark_counters_same_names(&runs[i].counters, &printer->shown) ||
                                            (runs[i].has_memory && !printer->shows_memory));
        if (!printer->started || changed) {
            printer->shows_memory = runs[i].has_memory;
            put_header(printer, &runs[i]);
            benchmark_counters_release(&printer->shown);
            benchmark_counters_copy(&printer->shown, &runs[i].counters);
            printer->started = true;
        }
        put_run(printer, &runs[i]);
    }
    benchmark_printer_flush(printer);
}

const struct benchmark_reporter_ops benchmark_console_ops = { .report_context = report_context,
                                                              .report_runs = report_runs,
                                                              .release = benchmark_printer_release };
