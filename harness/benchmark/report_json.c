/* report_json.c: the JSON of Google Benchmark, key for key and digit for digit, but always strict JSON: control
 * characters are escaped, numbers that are not finite become null. Prony's own facts come last in a record, under
 * keys that start with prony_. */
#include "harness/benchmark/internal.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The escape of a byte that must not stand in a string as it is, or NULL. */
static const char *escape_of(unsigned char byte)
{
    switch (byte) {
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\\': return "\\\\";
    case '"': return "\\\"";
    default: return NULL;
    }
}

static void append_string(struct str *str, const char *text)
{
    str_append_char(str, '"');
    while (*text) {
        const char *end = text;
        while ((unsigned char)*end >= 0x20 && *end != '"' && *end != '\\')
            end++;
        str_append_bytes(str, text, (size_t)(end - text));
        if (!*end)
            break;
        const char *escape = escape_of((unsigned char)*end);
        if (escape)
            str_append(str, escape);
        else
            str_appendf(str, "\\u%04x", (unsigned)(unsigned char)*end);
        text = end + 1;
    }
    str_append_char(str, '"');
}

static void append_int(struct str *str, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0)
        digits[--at] = '-';
    str_append_bytes(str, digits + at, sizeof digits - at);
}

static void append_double(struct str *str, double value)
{
    char digits[40];
    if (!isfinite(value))
        str_append(str, "null");
    else if (value == 0 && !signbit(value))
        str_append(str, "0.0000000000000000e+00");
    else
        str_append_bytes(str, digits, (size_t)snprintf(digits, sizeof digits, "%.16e", value));
}

/* One "key": of an object whose members are indented by indent spaces (8 at most); the first member has no comma before
 * it. */
static void begin_member(struct str *str, int indent, bool first, const char *key)
{
    static const char blanks[] = "        ";
    if (!first)
        str_append(str, ",\n");
    str_append_bytes(str, blanks, (size_t)indent);
    append_string(str, key);
    str_append(str, ": ");
}

static void member_string(struct str *str, int indent, const char *key, const char *value)
{
    begin_member(str, indent, false, key);
    append_string(str, value);
}

static void member_int(struct str *str, int indent, const char *key, int64_t value)
{
    begin_member(str, indent, false, key);
    append_int(str, value);
}

static void member_bool(struct str *str, int indent, const char *key, bool value)
{
    begin_member(str, indent, false, key);
    str_append(str, value ? "true" : "false");
}

static void member_double(struct str *str, int indent, const char *key, double value)
{
    begin_member(str, indent, false, key);
    append_double(str, value);
}

static const char document_end[] = "\n  ]\n}\n";

/* A write that failed half-way (the disk is full) must not cost what was complete before. */
static void restore_end(FILE *out, off_t position)
{
    int fd = fileno(out);
    size_t length = sizeof document_end - 1;
    if (ftruncate(fd, position) == 0 && pwrite(fd, document_end, length, position) != (ssize_t)length)
        fputs("the end of the JSON document could not be written\n", stderr);
}

/* Writes the text. Where that can be done, an incomplete document gets its end behind it, which the next text
 * overwrites. On a pipe, and where the program may print, too, the end waits for the signal that would cut it off. */
static void write_text(struct benchmark_printer *printer)
{
    FILE *out = printer->base.out;
    off_t position = printer->keep_complete ? ftello(out) : -1, length = (off_t)printer->text.length;
    benchmark_ending_hold();
    if (position >= 0)
        str_append(&printer->text, document_end);
    if (position < 0 || !ferror(out))
        benchmark_printer_flush(printer);
    str_clear(&printer->text);
    if (position >= 0 && ferror(out))
        restore_end(out, position);
    else if (position >= 0)
        fseeko(out, position + length, SEEK_SET);
    else if (!printer->opened)
        benchmark_ending_open(out, document_end);
    printer->opened = true;
    benchmark_ending_release();
}

static void append_caches(struct str *str, const struct benchmark_context *context)
{
    str_append(str, ",\n    \"caches\": [\n");
    for (size_t i = 0; i < context->cache_count; i++) {
        const struct benchmark_cache *cache = &context->caches[i];
        str_append(str, "      {\n");
        begin_member(str, 8, true, "type");
        append_string(str, cache->type);
        member_int(str, 8, "level", cache->level);
        member_int(str, 8, "size", cache->size_bytes);
        member_int(str, 8, "num_sharing", cache->sharing);
        str_append(str, i + 1 < context->cache_count ? "\n      },\n" : "\n      }\n");
    }
    str_append(str, "    ]");
}

static bool report_context(struct benchmark_reporter *reporter, const struct benchmark_context *context)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    struct str *str = &printer->text;
    str_append(str, "{\n  \"context\": {\n");
    begin_member(str, 4, true, "date");
    append_string(str, context->date);
    member_string(str, 4, "host_name", context->host);
    member_string(str, 4, "executable", context->executable);
    member_int(str, 4, "num_cpus", context->cpu_count);
    member_int(str, 4, "mhz_per_cpu", (int64_t)lround(context->mhz));
    if (context->scaling >= 0)
        member_bool(str, 4, "cpu_scaling_enabled", context->scaling);
    if (context->aslr >= 0)
        member_bool(str, 4, "aslr_enabled", context->aslr);
    append_caches(str, context);
    str_append(str, ",\n    \"load_avg\": [");
    for (int i = 0; i < context->load_count; i++)
        str_appendf(str, "%s%g", i ? "," : "", context->load[i]);
    str_append(str, "]");
    member_string(str, 4, "library_version", benchmark_version());
#ifdef __OPTIMIZE__
    member_string(str, 4, "library_build_type", "release");
#else
    member_string(str, 4, "library_build_type", "debug");
#endif
    member_int(str, 4, "json_schema_version", 1);
    for (size_t i = 0; i < context->custom_count; i++)
        member_string(str, 4, context->custom[i].key, context->custom[i].value);
    str_append(str, "\n  },\n  \"benchmarks\": [\n");
    write_text(printer);
    return true;
}

static void append_prony_members(struct str *str, const struct benchmark_run *run)
{
    if (run->value_count) {
        begin_member(str, 6, false, "prony_values_ns");
        str_append_char(str, '[');
        for (size_t i = 0; i < run->value_count; i++) {
            str_append(str, i ? "," : "");
            if (isfinite(run->values_ns[i]))
                str_appendf(str, "%.9g", run->values_ns[i]);
            else
                str_append(str, "null");
        }
        str_append_char(str, ']');
        if (run->value_stride > 1)
            member_int(str, 6, "prony_values_stride", (int64_t)run->value_stride);
    }
    if (run->has_run_delay)
        member_int(str, 6, "prony_run_delay_ns", run->run_delay_ns);
    if (run->has_involuntary_switches)
        member_int(str, 6, "prony_involuntary_switches", run->involuntary_switches);
    if (run->has_allocations)
        member_int(str, 6, "prony_allocations", (int64_t)run->allocations);
    if (run->has_digest) {
        begin_member(str, 6, false, "prony_output_digest");
        str_appendf(str, "\"%016" PRIx64 "\"", run->digest);
    }
}

static void append_run(struct str *str, const struct benchmark_run *run)
{
    struct str name = { 0 };
    benchmark_run_append_name(&name, run);
    begin_member(str, 6, true, "name");
    append_string(str, str_text(&name));
    str_release(&name);
    member_int(str, 6, "family_index", run->family_index);
    member_int(str, 6, "per_family_instance_index", run->instance_index);
    member_string(str, 6, "run_name", run->run_name);
    member_string(str, 6, "run_type", run->aggregate_name ? "aggregate" : "iteration");
    member_int(str, 6, "repetitions", run->repetitions);
    if (!run->aggregate_name)
        member_int(str, 6, "repetition_index", run->repetition_index);
    member_int(str, 6, "threads", run->threads);
    if (run->aggregate_name) {
        member_string(str, 6, "aggregate_name", run->aggregate_name);
        member_string(str, 6, "aggregate_unit", benchmark_run_is_percentage(run) ? "percentage" : "time");
    }
    if (run->skipped == BENCHMARK_SKIPPED_WITH_ERROR) {
        member_bool(str, 6, "error_occurred", true);
        member_string(str, 6, "error_message", run->skip_message);
    } else if (run->skipped == BENCHMARK_SKIPPED_WITH_MESSAGE) {
        member_bool(str, 6, "skipped", true);
        member_string(str, 6, "skip_message", run->skip_message);
    }
    if (run->aggregate_kind == BENCHMARK_BIG_O) {
        member_double(str, 6, "cpu_coefficient", benchmark_run_cpu_time(run));
        member_double(str, 6, "real_coefficient", benchmark_run_real_time(run));
        member_string(str, 6, "big_o", benchmark_complexity_name(run->complexity));
        member_string(str, 6, "time_unit", benchmark_unit_name(run->unit));
    } else if (run->aggregate_kind == BENCHMARK_RMS) {
        member_double(str, 6, "rms", benchmark_run_cpu_time(run));
    } else {
        member_int(str, 6, "iterations", run->iterations);
        member_double(str, 6, "real_time", benchmark_run_real_time(run));
        member_double(str, 6, "cpu_time", benchmark_run_cpu_time(run));
        member_string(str, 6, "time_unit", benchmark_unit_name(run->unit));
    }
    for (size_t i = 0; i < run->counters.count; i++)
        member_double(str, 6, run->counters.items[i].name, run->counters.items[i].value);
    if (run->label && run->label[0])
        member_string(str, 6, "label", run->label);
    append_prony_members(str, run);
}

static void report_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    struct str *str = &printer->text;
    for (size_t i = 0; i < count; i++) {
        str_append(str, printer->started ? ",\n    {\n" : "    {\n");
        append_run(str, &runs[i]);
        str_append(str, "\n    }");
        printer->started = true;
    }
    write_text(printer);
}

static void finalize(struct benchmark_reporter *reporter)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    str_append(&printer->text, document_end);
    benchmark_ending_hold();
    benchmark_printer_flush(printer);
    benchmark_ending_close(printer->base.out);
    printer->opened = printer->started = false;
    benchmark_ending_release();
}

static void list(struct benchmark_reporter *reporter, const char *const *names, size_t count)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    struct str *str = &printer->text;
    str_append(str, "{\n  \"benchmarks\": [\n");
    for (size_t i = 0; i < count; i++) {
        str_append(str, "    {\n");
        begin_member(str, 6, true, "name");
        append_string(str, names[i]);
        str_append(str, i + 1 < count ? "\n    },\n" : "\n    }\n");
    }
    str_append(str, "  ]\n}\n");
    benchmark_printer_flush(printer);
}

const struct benchmark_reporter_ops benchmark_json_ops = { .report_context = report_context,
                                                           .report_runs = report_runs,
                                                           .finalize = finalize,
                                                           .list = list,
                                                           .release = benchmark_printer_release };
