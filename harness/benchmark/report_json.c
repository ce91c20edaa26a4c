/* report_json.c: the JSON of Google Benchmark, key for key and digit for digit, but always strict JSON: control
 * characters are escaped, numbers that are not finite become null. Prony's own facts come last in a record, under
 * keys that start with prony_. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
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

/* Bytes of the UTF-8 character that begins here (RFC 3629: shortest form, no surrogates), 0 if there is none. */
static size_t utf8_length(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t length = byte[0] < 0x80 ? 1 : byte[0] < 0xc2 ? 0 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (byte[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f) ||
        (byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
        return 0;
    return length;
}

/* The first byte that does not stand in a string as it is. */
static const char *find_special(const char *text)
{
    for (;;) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= 0x80) {
            size_t length = utf8_length(text);
            if (!length)
                return text;
            text += length;
        } else if (byte < 0x20 || byte == '"' || byte == '\\') {
            return text;
        } else {
            text++;
        }
    }
}

/* JSON is UTF-8: a byte that is not becomes U+FFFD, or every strict reader would refuse the whole file. */
static void append_string(struct str *str, const char *text)
{
    str_append_char(str, '"');
    for (;;) {
        const char *end = find_special(text);
        str_append_bytes(str, text, (size_t)(end - text));
        if (!*end)
            break;
        unsigned char byte = (unsigned char)*end;
        const char *escape = escape_of(byte);
        if (escape)
            str_append(str, escape);
        else
            str_appendf(str, "\\u%04x", byte < 0x80 ? byte : 0xfffdU);
        text = end + 1;
    }
    str_append_char(str, '"');
}

/* Room for size more bytes, to be written before extend. */
static char *reserve(struct str *str, size_t size)
{
    size_t needed = str->length + size + 1;
    if (needed > str->capacity) {
        str->capacity = needed < 32768 ? 65536 : 2 * needed;
        str->data = mem_resize(str->data, str->capacity, 1);
    }
    return str->data + str->length;
}

static void extend(struct str *str, const char *end)
{
    str->length = (size_t)(end - str->data);
    str->data[str->length] = 0;
}

static void append_int(struct str *str, int64_t value)
{
    extend(str, benchmark_number_int(reserve(str, BENCHMARK_NUMBER_SIZE), value));
}

static char *put_double(char *at, double value)
{
    static const char zero[] = "0.0000000000000000e+00";
    if (value == 0 && !signbit(value))
        return (char *)memcpy(at, zero, sizeof zero - 1) + sizeof zero - 1;
    return isfinite(value) ? benchmark_number_double(at, value) : (char *)memcpy(at, "null", 4) + 4;
}

static void append_double(struct str *str, double value)
{
    extend(str, put_double(reserve(str, BENCHMARK_NUMBER_SIZE), value));
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
    benchmark_ending_replace(out, document_end, sizeof document_end - 1);
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

/* ---- records ---- */

/* A member of a record with a literal key: comma, indent and key are one constant, copied at once. Most of what this
 * file writes goes through here. */
#define KEY(key)                       ",\n      \"" key "\": "
#define RECORD_INT(str, key, value)    put_int_member(str, KEY(key), sizeof KEY(key) - 1, value)
#define RECORD_DOUBLE(str, key, value) put_double_member(str, KEY(key), sizeof KEY(key) - 1, value)
#define RECORD_STRING(str, key, value) put_string_member(str, KEY(key), sizeof KEY(key) - 1, value)

static inline void put_int_member(struct str *str, const char *key, size_t length, int64_t value)
{
    char *at = reserve(str, length + BENCHMARK_NUMBER_SIZE);
    memcpy(at, key, length);
    extend(str, benchmark_number_int(at + length, value));
}

static inline void put_double_member(struct str *str, const char *key, size_t length, double value)
{
    char *at = reserve(str, length + BENCHMARK_NUMBER_SIZE);
    memcpy(at, key, length);
    extend(str, put_double(at + length, value));
}

static void put_string_member(struct str *str, const char *key, size_t length, const char *value)
{
    str_append_bytes(str, key, length);
    append_string(str, value);
}

/* A number of Prony's own: 9 digits. */
static void append_short(struct str *str, double value)
{
    if (isfinite(value))
        str_appendf(str, "%.9g", value);
    else
        str_append(str, "null");
}

/* Nanoseconds with one digit behind the point: all that a clock's cost is known to, and cheap. */
static void append_tenths(struct str *str, double value)
{
    if (!(fabs(value) < 1e15)) {
        append_short(str, value);
        return;
    }
    int64_t tenths = llround(fabs(value) * 10);
    char *at = reserve(str, BENCHMARK_NUMBER_SIZE + 4);
    if (value < 0)
        *at++ = '-';
    at = benchmark_number_int(at, tenths / 10);
    *at++ = '.';
    *at++ = (char)('0' + tenths % 10);
    extend(str, at);
}

static void append_values(struct str *str, const struct benchmark_run *run)
{
    str_append(str, KEY("prony_values_ns") "[");
    for (size_t i = 0; i < run->value_count; i++) {
        str_append(str, i ? "," : "");
        append_short(str, run->values_ns[i]);
    }
    str_append_char(str, ']');
    if (run->value_stride > 1)
        RECORD_INT(str, "prony_values_stride", (int64_t)run->value_stride);
}

static void append_samples(struct str *str, const struct benchmark_sample_summary *samples)
{
    const double values[] = { samples->min_ns, samples->p50_ns, samples->p90_ns, samples->p99_ns, samples->max_ns };
    static const char *const keys[] = { "min_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns" };
    str_appendf(str, KEY("prony_samples") "{\"count\": %" PRId64 ", \"batch_iterations\": %" PRId64, samples->count,
                samples->batch_iterations);
    for (size_t i = 0; i < 5; i++) {
        str_appendf(str, ", \"%s\": ", keys[i]);
        append_short(str, values[i]);
    }
    str_append_char(str, '}');
}

static void append_text(struct str *str, const char *key, const char *text)
{
    str_appendf(str, ", \"%s\": ", key);
    append_string(str, text);
}

/* An iteration's values. */
static void append_metric(struct str *str, const struct benchmark_counter_report *report, int64_t iterations)
{
    double scale = iterations > 0 ? 1 / (double)iterations : 1;
    if (report->state <= BENCHMARK_COUNTER_APPROXIMATE) {
        str_append(str, ", \"value\": ");
        append_short(str, report->value * scale);
    }
    if (report->unit[0])
        append_text(str, "unit", report->unit);
    if (report->running_share > 0) {
        str_append(str, ", \"running_share\": ");
        append_short(str, report->running_share);
    }
    if (report->reason)
        append_text(str, "reason", report->reason);
    if (report->remedy)
        append_text(str, "remedy", report->remedy);
    for (size_t i = 0; i < report->thread_count; i++) {
        str_append(str, i ? ", " : ", \"threads\": [");
        append_short(str, report->threads[i] * scale);
    }
    str_append(str, report->thread_count ? "]" : "");
}

static void append_noise(struct str *str, const struct benchmark_noise_facts *noise)
{
    if (noise->has_usage) {
        RECORD_INT(str, "prony_voluntary_switches", noise->voluntary_switches);
        RECORD_INT(str, "prony_minor_faults", noise->minor_faults);
        RECORD_INT(str, "prony_major_faults", noise->major_faults);
    }
    if (noise->has_migrations)
        RECORD_INT(str, "prony_migrations", noise->migrations);
    if (noise->clock_before_hz > 0 && noise->clock_after_hz > 0)
        str_appendf(str, KEY("prony_clock_before_ghz") "%.4f" KEY("prony_clock_after_ghz") "%.4f",
                    noise->clock_before_hz / 1e9, noise->clock_after_hz / 1e9);
    RECORD_INT(str, "prony_contaminated", noise->contamination != NULL);
    if (noise->contamination)
        RECORD_STRING(str, "prony_contamination", noise->contamination);
}

static void append_counter_reports(struct str *str, const struct benchmark_run *run)
{
    static const char *const states[] = { "ok", "scaled", "approximate", "not counted", "unsupported" };
    str_append(str, KEY("prony_counters") "{");
    for (size_t i = 0; i < run->counter_report_count; i++) {
        const struct benchmark_counter_report *report = &run->counter_reports[i];
        str_append(str, i ? ", " : "");
        append_string(str, report->name);
        str_appendf(str, ": {\"state\": \"%s\"", states[report->state]);
        if (report->is_metric) {
            append_metric(str, report, run->iterations);
        } else {
            str_append(str, ", \"running_share\": ");
            append_short(str, report->running_share);
            if (report->reason)
                append_text(str, "reason", report->reason);
        }
        str_append_char(str, '}');
    }
    str_append_char(str, '}');
}

static void append_memory_facts(struct str *str, const struct benchmark_memory_facts *facts)
{
    RECORD_INT(str, "prony_memory_operations", facts->operations);
    for (enum benchmark_memory_fact i = 0; i < BENCHMARK_MEMORY_FACT_COUNT; i++) {
        if (isnan(facts->values[i]))
            continue;
        str_appendf(str, KEY("prony_%s"), benchmark_memory_fact_name(i));
        append_short(str, facts->values[i]);
    }
}

static void append_numbers(struct str *str, const char *key, const double *values, size_t count)
{
    str_appendf(str, ", \"%s\": [", key);
    for (size_t i = 0; i < count; i++) {
        str_append(str, i ? "," : "");
        append_short(str, values[i]);
    }
    str_append_char(str, ']');
}

static void append_growth(struct str *str, const struct benchmark_run *run)
{
    if (run->growth) {
        RECORD_STRING(str, "prony_growth", run->growth);
        RECORD_STRING(str, "prony_growth_of", run->growth_of);
        str_append(str, KEY("prony_growth_bytes_per_operation"));
        append_short(str, run->growth_bytes_per_operation);
    }
    str_append(str, KEY("prony_courses") "{");
    for (size_t i = 0; i < run->course_count; i++) {
        const struct benchmark_course *course = &run->courses[i];
        str_appendf(str, "%s\"%s\": {\"unit\": \"B\"", i ? ", " : "", course->name);
        append_numbers(str, "operations", course->operations, course->count);
        append_numbers(str, "values", course->values, course->count);
        str_append_char(str, '}');
    }
    str_append_char(str, '}');
}

/* A member that is known. */
static void append_known(struct str *str, const char *key, double value)
{
    if (!isfinite(value))
        return;
    str_appendf(str, ", \"%s\": %.15g", key, value);
}

static void append_spans(struct str *str, const struct benchmark_run *run)
{
    const double iterations = run->iterations ? (double)run->iterations : 1;
    str_append(str, KEY("prony_spans") "{\"operations\": [");
    for (size_t i = 0; i < run->span_count; i++) {
        const struct benchmark_span *span = &run->spans[i];
        str_append(str, i ? ",\n        {\"operation\": " : "\n        {\"operation\": ");
        append_string(str, span->operation);
        if (span->layer >= 0)
            str_appendf(str, ", \"layer\": %d", span->layer);
        append_known(str, "calls", span->calls / iterations);
        append_known(str, "time_ns", span->time_ns / iterations);
        append_known(str, "bytes", span->bytes / iterations);
        append_known(str, "flops", span->flops / iterations);
        if (span->kernels) {
            str_append(str, ", \"kernels\": ");
            append_string(str, span->kernels);
        }
        str_append_char(str, '}');
    }
    str_append(str, "]}");
}

static void append_prony_members(struct str *str, const struct benchmark_run *run)
{
    if (run->value_count)
        append_values(str, run);
    if (run->samples.count)
        append_samples(str, &run->samples);
    if (run->has_run_delay)
        RECORD_INT(str, "prony_run_delay_ns", run->run_delay_ns);
    if (run->has_involuntary_switches)
        RECORD_INT(str, "prony_involuntary_switches", run->involuntary_switches);
    if (run->has_allocations)
        RECORD_INT(str, "prony_allocations", (int64_t)run->allocations);
    if (run->has_peak_rss)
        RECORD_INT(str, "prony_peak_rss_bytes", llround(run->peak_rss_bytes));
    if (run->callgrind_iterations)
        RECORD_INT(str, "prony_callgrind_iterations", run->callgrind_iterations);
    if (run->memory_facts)
        append_memory_facts(str, run->memory_facts);
    if (run->course_count)
        append_growth(str, run);
    if (run->emptiness != BENCHMARK_LOOP_FULL)
        RECORD_STRING(str, "prony_empty_loop",
                      run->emptiness == BENCHMARK_LOOP_DELETED ? "deleted" : "indistinguishable");
    if (run->has_timer_cost) {
        str_append(str, KEY("prony_timer_cost_ns"));
        append_tenths(str, run->timer_cost_ns);
    }
    if (run->pause_count) {
        RECORD_INT(str, "prony_pauses", run->pause_count);
        str_append(str, KEY("prony_pause_error_ns"));
        append_tenths(str, run->pause_error_ns);
    }
    if (run->noise.is_known)
        append_noise(str, &run->noise);
    if (run->counter_report_count)
        append_counter_reports(str, run);
    if (run->span_count)
        append_spans(str, run);
    if (run->has_digest)
        str_appendf(str, KEY("prony_output_digest") "\"%016" PRIx64 "\"", run->digest);
}

static void append_memory(struct str *str, const struct benchmark_run *run)
{
    const struct benchmark_memory_result *memory = &run->memory;
    RECORD_DOUBLE(str, "allocs_per_iter", run->allocs_per_iter);
    RECORD_INT(str, "max_bytes_used", memory->max_bytes_used);
    if (memory->total_allocated_bytes != BENCHMARK_MEMORY_ABSENT)
        RECORD_INT(str, "total_allocated_bytes", memory->total_allocated_bytes);
    if (memory->net_heap_growth != BENCHMARK_MEMORY_ABSENT)
        RECORD_INT(str, "net_heap_growth", memory->net_heap_growth);
}

/* What all repetitions of a case begin with. */
static void append_identity(struct str *str, const struct benchmark_run *run)
{
    struct str name = { 0 };
    benchmark_run_append_name(&name, run);
    str_append(str, "    {\n      \"name\": ");
    append_string(str, str_text(&name));
    str_release(&name);
    RECORD_INT(str, "family_index", run->family_index);
    RECORD_INT(str, "per_family_instance_index", run->instance_index);
    RECORD_STRING(str, "run_name", run->run_name);
    RECORD_STRING(str, "run_type", run->aggregate_name ? "aggregate" : "iteration");
    RECORD_INT(str, "repetitions", run->repetitions);
}

static void append_times(struct str *str, const struct benchmark_run *run)
{
    static const char *const units[] = { KEY("time_unit") "\"ns\"", KEY("time_unit") "\"us\"",
                                         KEY("time_unit") "\"ms\"", KEY("time_unit") "\"s\"" };
    if (run->aggregate_kind == BENCHMARK_BIG_O) {
        RECORD_DOUBLE(str, "cpu_coefficient", benchmark_run_cpu_time(run));
        RECORD_DOUBLE(str, "real_coefficient", benchmark_run_real_time(run));
        RECORD_STRING(str, "big_o", benchmark_complexity_name(run->complexity));
    } else if (run->aggregate_kind == BENCHMARK_RMS) {
        RECORD_DOUBLE(str, "rms", benchmark_run_cpu_time(run));
        return;
    } else {
        RECORD_INT(str, "iterations", run->iterations);
        RECORD_DOUBLE(str, "real_time", benchmark_run_real_time(run));
        RECORD_DOUBLE(str, "cpu_time", benchmark_run_cpu_time(run));
    }
    str_append(str, units[run->unit]);
}

/* All after the identity. */
static void append_rest(struct str *str, const struct benchmark_run *run)
{
    if (!run->aggregate_name)
        RECORD_INT(str, "repetition_index", run->repetition_index);
    RECORD_INT(str, "threads", run->threads);
    if (run->aggregate_name) {
        RECORD_STRING(str, "aggregate_name", run->aggregate_name);
        RECORD_STRING(str, "aggregate_unit", benchmark_run_is_percentage(run) ? "percentage" : "time");
    }
    if (run->skipped == BENCHMARK_SKIPPED_WITH_ERROR) {
        str_append(str, KEY("error_occurred") "true");
        RECORD_STRING(str, "error_message", run->skip_message);
    } else if (run->skipped == BENCHMARK_SKIPPED_WITH_MESSAGE) {
        str_append(str, KEY("skipped") "true");
        RECORD_STRING(str, "skip_message", run->skip_message);
    }
    append_times(str, run);
    for (size_t i = 0; i < run->counters.count; i++)
        member_double(str, 6, run->counters.items[i].name, run->counters.items[i].value);
    if (run->has_memory)
        append_memory(str, run);
    if (run->label && run->label[0])
        RECORD_STRING(str, "label", run->label);
    append_prony_members(str, run);
}

static bool same_identity(const struct benchmark_run *a, const struct benchmark_run *b)
{
    return a->run_name == b->run_name && a->aggregate_name == b->aggregate_name && a->family_index == b->family_index &&
           a->instance_index == b->instance_index && a->repetitions == b->repetitions;
}

/* started: other records stand before these. */
static void append_runs(struct str *str, const struct benchmark_run *runs, size_t count, bool started)
{
    size_t identity = 0, identity_length = 0; /* where in str the identity of the last record is */
    for (size_t i = 0; i < count; i++) {
        if (started)
            str_append_bytes(str, ",\n", 2);
        started = true;
        if (i > 0 && same_identity(&runs[i], &runs[i - 1])) {
            char *at = reserve(str, identity_length);
            memcpy(at, str->data + identity, identity_length);
            extend(str, at + identity_length);
        } else {
            identity = str->length;
            append_identity(str, &runs[i]);
            identity_length = str->length - identity;
        }
        append_rest(str, &runs[i]);
        str_append_bytes(str, "\n    }", 6);
    }
}

static void report_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    append_runs(&printer->text, runs, count, printer->started);
    printer->started = printer->started || count > 0;
    write_text(printer);
}

void benchmark_json_keep(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    struct benchmark_printer *printer = benchmark_printer_of(reporter);
    FILE *out = reporter->out;
    off_t position = printer->keep_complete ? ftello(out) : -1;
    benchmark_ending_hold();
    str_clear(&printer->kept);
    append_runs(&printer->kept, runs, count, printer->started);
    str_append(&printer->kept, document_end);
    if (position < 0) {
        benchmark_ending_replace(out, str_text(&printer->kept), printer->kept.length);
    } else if (!ferror(out)) {
        /* The same text comes first in what is written next, so that nothing of this can stand behind its end. */
        if (pwrite(fileno(out), printer->kept.data, printer->kept.length, position) != (ssize_t)printer->kept.length)
            restore_end(out, position);
    }
    benchmark_ending_release();
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
