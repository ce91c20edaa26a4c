/* flags.c: --benchmark_* and --prony_* flags with their defaults in the environment (the name in capitals), from one
 * table: a row is enough for both.
 *
 * Only --name=value counts; the last occurrence wins; the command line wins over the environment. A value that does not
 * parse leaves the argument in argv, where it is reported as unrecognized. */
#include "harness/benchmark/internal.h"
#include "harness/base/cpu.h"
#include "harness/base/mem.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum flag_kind {
    FLAG_BOOL,
    FLAG_INT,
    FLAG_DOUBLE,
    FLAG_TEXT,
    FLAG_MIN_TIME,
    FLAG_CONTEXT,
    FLAG_SEED,
    FLAG_CPUS,
    FLAG_NUMBER
};

struct flag {
    const char *name; /* without "--" */
    enum flag_kind kind;
    size_t offset;     /* of the value in struct benchmark_flags */
    const char *value; /* in the usage; NULL = not listed */
};

#define FLAG(name, kind, member, value)                             \
    {                                                               \
        name, kind, offsetof(struct benchmark_flags, member), value \
    }
static const struct flag flags_table[] = {
    FLAG("benchmark_list_tests", FLAG_BOOL, list_tests, "{true|false}"),
    FLAG("benchmark_filter", FLAG_TEXT, filter, "<regex>"),
    FLAG("benchmark_min_time", FLAG_MIN_TIME, min_time, "`<integer>x` OR `<float>s` "),
    FLAG("benchmark_min_warmup_time", FLAG_DOUBLE, min_warmup_time, "<min_warmup_time>"),
    FLAG("benchmark_repetitions", FLAG_INT, repetitions, "<num_repetitions>"),
    FLAG("benchmark_dry_run", FLAG_BOOL, dry_run, "{true|false}"),
    FLAG("benchmark_enable_random_interleaving", FLAG_BOOL, random_interleaving, "{true|false}"),
    FLAG("benchmark_report_aggregates_only", FLAG_BOOL, report_aggregates_only, "{true|false}"),
    FLAG("benchmark_display_aggregates_only", FLAG_BOOL, display_aggregates_only, "{true|false}"),
    FLAG("benchmark_format", FLAG_TEXT, format, "<console|json|csv>"),
    FLAG("benchmark_out", FLAG_TEXT, out, "<filename>"),
    FLAG("benchmark_out_format", FLAG_TEXT, out_format, "<json|console|csv>"),
    FLAG("benchmark_color", FLAG_TEXT, color, "{auto|true|false}"),
    FLAG("benchmark_counters_tabular", FLAG_BOOL, counters_tabular, "{true|false}"),
    FLAG("benchmark_perf_counters", FLAG_TEXT, perf_counters, "<counter>,..."),
    FLAG("benchmark_context", FLAG_CONTEXT, context, "<key>=<value>,..."),
    FLAG("benchmark_time_unit", FLAG_TEXT, time_unit, "{ns|us|ms|s}"),
    FLAG("v", FLAG_INT, verbosity, "<verbosity>"),
    FLAG("prony_callgrind", FLAG_BOOL, callgrind, "{true|false}"),
    FLAG("prony_counters", FLAG_TEXT, counters, "<group|metric|event>,..."),
    FLAG("prony_counters_rdpmc", FLAG_BOOL, counters_rdpmc, "{true|false}"),
    FLAG("prony_allocation_interval", FLAG_NUMBER, allocation_interval, "<bytes>"),
    FLAG("prony_allocation_profile", FLAG_TEXT, allocation_profile, "<filename>"),
    FLAG("prony_cpus", FLAG_CPUS, cpus, "<cpu>[-<cpu>],..."),
    FLAG("prony_exit_code", FLAG_BOOL, exit_code, "{true|false}"),
    FLAG("prony_growth", FLAG_NUMBER, growth, "<operations>"),
    FLAG("prony_max_iterations", FLAG_NUMBER, max_iterations, "<integer>"),
    FLAG("prony_max_time", FLAG_DOUBLE, max_time, "<seconds>"),
    FLAG("prony_memory", FLAG_BOOL, memory, "{true|false}"),
    FLAG("prony_min_iterations", FLAG_NUMBER, min_iterations, "<integer>"),
    FLAG("prony_noise", FLAG_BOOL, noise, "{true|false}"),
    FLAG("prony_samples", FLAG_INT, samples, "<max_samples>"),
    FLAG("prony_seed", FLAG_SEED, seed, "<integer>"),
};
enum { FLAG_COUNT = sizeof flags_table / sizeof flags_table[0] };

/* ---- values ---- */

bool benchmark_flags_is_true(const char *text)
{
    if (!text[0])
        return true;
    if (!text[1])
        return isalnum((unsigned char)text[0]) && !strchr("0fFnN", text[0]);
    return strcasecmp(text, "false") != 0 && strcasecmp(text, "no") != 0 && strcasecmp(text, "off") != 0;
}

static bool parse_unit(const char *text, enum benchmark_time_unit *unit)
{
    for (enum benchmark_time_unit i = BENCHMARK_NANOSECOND; i <= BENCHMARK_SECOND; i++) {
        if (strcmp(text, benchmark_unit_name(i)) == 0) {
            *unit = i;
            return true;
        }
    }
    return false;
}

static bool parse_int(const char *source, const char *text, int *value)
{
    char *end;
    errno = 0;
    long parsed = strtol(text, &end, 10);
    if (!text[0] || *end) {
        fprintf(stderr, "%s is expected to be a 32-bit integer, but actually has value \"%s\".\n", source, text);
        return false;
    }
    if (errno == ERANGE || parsed > INT_MAX || parsed < INT_MIN) {
        fprintf(stderr, "%s is expected to be a 32-bit integer, but actually has value \"%s\", which overflows.\n",
                source, text);
        return false;
    }
    *value = (int)parsed;
    return true;
}

/* strtod with a decimal point, whatever locale the program has set. */
static double parse_decimal(const char *text, char **end)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double parsed = plain ? strtod_l(text, end, plain) : strtod(text, end);
    if (plain)
        freelocale(plain);
    return parsed;
}

/* Seconds, or whatever else is no less than 0. */
static bool parse_double(const char *source, const char *text, double *value)
{
    char *end;
    double parsed = parse_decimal(text, &end);
    if (!text[0] || *end) {
        fprintf(stderr, "%s is expected to be a double, but actually has value \"%s\".\n", source, text);
        return false;
    }
    if (!isfinite(parsed) || parsed < 0) {
        fprintf(stderr, "%s must be finite and not negative, but actually has value \"%s\".\n", source, text);
        return false;
    }
    *value = parsed;
    return true;
}

/* "2.5s", "100x", "2.5"; "" is 0 seconds. Upstream takes nonsense for 0 silently; here it is refused. */
static bool parse_min_time(const char *source, const char *text, struct benchmark_flags *flags)
{
    char *end;
    size_t length = strlen(text);
    double seconds = 0;
    int64_t iterations = 0;
    if (length && text[length - 1] == 'x') {
        errno = 0;
        iterations = strtoll(text, &end, 10);
        if (errno || end != text + length - 1 || iterations < 1) {
            fprintf(stderr, "%s is expected to be <integer>x with an integer above 0, but actually has value \"%s\".\n",
                    source, text);
            return false;
        }
    } else if (length) {
        seconds = parse_decimal(text, &end);
        if (end == text || (*end && strcmp(end, "s") != 0) || !isfinite(seconds) || seconds < 0) {
            fprintf(stderr, "%s is expected to be <float>s or <integer>x, but actually has value \"%s\".\n", source,
                    text);
            return false;
        }
        if (!*end)
            fprintf(stderr, "-- LOG(0): Value passed to --benchmark_min_time should have a suffix. Eg., `30s` for "
                            "30-seconds.\n");
    }
    free(flags->min_time);
    flags->min_time = mem_strdup(text);
    flags->min_time_seconds = iterations ? 0.5 : seconds; /* a warm-up may still need a time */
    flags->min_time_iterations = iterations;
    return true;
}

/* Keeps a pair for benchmark_flags_parse to add, sorted by key; false if the key is there already. */
static bool keep_pair(struct benchmark_flags *flags, const char *key, const char *value)
{
    size_t at = flags->context_count;
    for (size_t i = 0; i < flags->context_count; i++)
        if (strcmp(flags->context[i].key, key) == 0)
            return false;
    flags->context = mem_resize(flags->context, flags->context_count + 1, sizeof *flags->context);
    flags->context_count++;
    for (; at > 0 && strcmp(flags->context[at - 1].key, key) > 0; at--)
        flags->context[at] = flags->context[at - 1];
    flags->context[at] = (struct benchmark_pair){ mem_strdup(key), mem_strdup(value) };
    return true;
}

static void release_pairs(struct benchmark_flags *flags)
{
    for (size_t i = 0; i < flags->context_count; i++) {
        free(flags->context[i].key);
        free(flags->context[i].value);
    }
    free(flags->context);
    flags->context = NULL;
    flags->context_count = 0;
}

/* "key=value,key=value" or nothing: each with exactly one '='. */
static bool is_context(const char *text)
{
    for (const char *item = text; *item;) {
        size_t length = strcspn(item, ",");
        const char *equals = memchr(item, '=', length);
        if (!equals || memchr(equals + 1, '=', length - (size_t)(equals + 1 - item)))
            return false;
        item += length;
        if (*item == ',' && !*++item)
            return false; /* nothing behind the last comma */
    }
    return true;
}

/* All or nothing. The first value of a key stays, whether it came from the environment or the command line; only
 * within the variable it is a mistake to give two. */
static bool parse_context(const char *source, const char *text, struct benchmark_flags *flags, bool want_unique)
{
    bool good = true;
    if (!is_context(text)) {
        fprintf(stderr,
                "%s is expected to be a comma-separated list of <key>=<value> strings, but actually has value "
                "\"%s\".\n",
                source, text);
        return false;
    }
    char *copy = mem_strdup(text), *rest = copy, *item;
    while (good && *copy && (item = strsep(&rest, ",")) != NULL) {
        char *value = strchr(item, '=');
        *value++ = 0;
        good = keep_pair(flags, item, value) || !want_unique;
        if (!good)
            fprintf(stderr, "%s is expected to contain unique keys but key \"%s\" was repeated.\n", source, item);
    }
    if (!good)
        release_pairs(flags);
    free(copy);
    return good;
}

static bool set_text(char **target, const char *text)
{
    free(*target);
    *target = mem_strdup(text);
    return true;
}

static bool set_int(struct benchmark_flags *flags, int *target, const char *source, const char *text)
{
    int value;
    if (!parse_int(source, text, &value))
        return false;
    if ((target == &flags->repetitions || target == &flags->samples) && value < 0) {
        fprintf(stderr, "%s must not be negative, but actually has value \"%s\".\n", source, text);
        return false;
    }
    *target = value;
    return true;
}

static bool set_seed(char **target, const char *source, const char *text)
{
    uint64_t seed;
    if (!str_parse_u64(text, &seed)) {
        fprintf(stderr, "%s is expected to be a 64-bit natural number, but actually has value \"%s\".\n", source, text);
        return false;
    }
    return set_text(target, text);
}

static bool set_cpus(char **target, const char *source, const char *text)
{
    struct error error;
    int *cpus, count;
    if (cpu_parse_list(text, &cpus, &count, &error)) {
        fprintf(stderr, "%s: %s.\n", source, error.text);
        return false;
    }
    free(cpus);
    return set_text(target, text);
}

static bool set_count(int64_t *target, const char *source, const char *text)
{
    int64_t count;
    if (!str_parse_i64(text, &count) || count < 0) {
        fprintf(stderr, "%s is expected to be a number of 0 or more, but actually has value \"%s\".\n", source, text);
        return false;
    }
    *target = count;
    return true;
}

/* Stores a value; source names it in messages. */
static bool set_flag(struct benchmark_registry *registry, const struct flag *flag, const char *source, const char *text)
{
    void *target = (char *)&registry->flags + flag->offset;
    switch (flag->kind) {
    case FLAG_BOOL: *(bool *)target = benchmark_flags_is_true(text); return true;
    case FLAG_INT: return set_int(&registry->flags, target, source, text);
    case FLAG_DOUBLE: return parse_double(source, text, target);
    case FLAG_TEXT: return set_text(target, text);
    case FLAG_CPUS: return set_cpus(target, source, text);
    case FLAG_NUMBER: return set_count(target, source, text);
    case FLAG_SEED: return set_seed(target, source, text);
    case FLAG_MIN_TIME: return parse_min_time(source, text, &registry->flags);
    case FLAG_CONTEXT: return parse_context(source, text, &registry->flags, !registry->flags_ready);
    }
    return false;
}

/* ---- environment ---- */

static void read_environment(struct benchmark_registry *registry, const struct flag *flag)
{
    char name[64], source[96];
    size_t i = 0;
    for (; flag->name[i]; i++)
        name[i] = (char)toupper((unsigned char)flag->name[i]);
    name[i] = 0;
    const char *text = getenv(name);
    if (!text || (strcmp(name, "V") == 0 && !text[0])) /* half of all makefiles have a V */
        return;
    snprintf(source, sizeof source, "Environment variable %s", name);
    set_flag(registry, flag, source, text);
}

void benchmark_flags_set_defaults(struct benchmark_registry *registry)
{
    if (registry->flags_ready)
        return;
    struct benchmark_flags *flags = &registry->flags;
    flags->filter = mem_strdup("");
    flags->min_time = mem_strdup("0.5s");
    flags->min_time_seconds = 0.5;
    flags->repetitions = 1;
    flags->format = mem_strdup("console");
    flags->out = mem_strdup("");
    flags->out_format = mem_strdup("json");
    flags->color = mem_strdup("auto");
    flags->time_unit = mem_strdup("");
    flags->perf_counters = mem_strdup("");
    flags->counters = mem_strdup("");
    flags->allocation_profile = mem_strdup("");
    flags->seed = mem_strdup("");
    flags->cpus = mem_strdup("");
    for (size_t i = 0; i < FLAG_COUNT; i++)
        read_environment(registry, &flags_table[i]);
    registry->flags_ready = true;
}

void benchmark_flags_release(struct benchmark_flags *flags)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        char **text = (char **)(void *)((char *)flags + flags_table[i].offset);
        enum flag_kind kind = flags_table[i].kind;
        if (kind == FLAG_TEXT || kind == FLAG_MIN_TIME || kind == FLAG_SEED || kind == FLAG_CPUS) {
            free(*text);
            *text = NULL;
        }
    }
    release_pairs(flags);
}

/* ---- command line ---- */

/* The value of argument if it is this flag: "" behind "=", the text "true" for a bool without "=". */
static const char *match_flag(const char *argument, const struct flag *flag)
{
    if (!str_starts(argument, "--") || !str_starts(argument + 2, flag->name))
        return NULL;
    const char *rest = argument + 2 + strlen(flag->name);
    if (*rest == '=')
        return rest + 1;
    return *rest == 0 && flag->kind == FLAG_BOOL ? "true" : NULL;
}

static bool recognize(struct benchmark_registry *registry, const char *argument)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const char *value = match_flag(argument, &flags_table[i]);
        if (!value)
            continue;
        char source[96];
        snprintf(source, sizeof source, "The value of flag --%s", flags_table[i].name);
        return set_flag(registry, &flags_table[i], source, value);
    }
    return false;
}

static bool is_format(const char *text)
{
    return strcmp(text, "console") == 0 || strcmp(text, "json") == 0 || strcmp(text, "csv") == 0;
}

/* Takes what it recognizes out of argv; true if the usage was asked for, which ends the matter. */
static bool take_flags(struct benchmark_registry *registry, int *argc, char **argv)
{
    int given = *argc, kept = given > 0 ? 1 : 0;
    for (int i = kept; i < given; i++) {
        if (strcmp(argv[i], "--help") == 0 || str_starts(argv[i], "--help="))
            return true;
        if (!recognize(registry, argv[i]))
            argv[kept++] = argv[i];
    }
    if (kept < given)
        argv[kept] = NULL;
    *argc = kept;
    return false;
}

/* Says on stderr why the usage comes. */
static bool check_choice(const char *name, const char *choices, const char *value, bool is_good)
{
    if (!is_good)
        fprintf(stderr, "The value of flag --%s is expected to be %s, but actually has value \"%s\".\n", name, choices,
                value);
    return is_good;
}

static bool check_choices(const struct benchmark_flags *flags, enum benchmark_time_unit *unit)
{
    static const char formats[] = "console, json or csv";
    bool is_unit = !flags->time_unit[0] || parse_unit(flags->time_unit, unit);
    return check_choice("benchmark_format", formats, flags->format, is_format(flags->format)) &&
           check_choice("benchmark_out_format", formats, flags->out_format, is_format(flags->out_format)) &&
           check_choice("benchmark_color", "auto, true or false", flags->color, flags->color[0]) &&
           check_choice("benchmark_time_unit", "ns, us, ms or s", flags->time_unit, is_unit);
}

void benchmark_flags_parse(struct benchmark_registry *registry, int *argc, char **argv, bool *exit_usage)
{
    struct benchmark_flags *flags = &registry->flags;
    enum benchmark_time_unit unit = registry->default_unit;
    *exit_usage = take_flags(registry, argc, argv) || !check_choices(flags, &unit);
    if (*exit_usage)
        return;
    registry->default_unit = unit;
    if (flags->dry_run)
        benchmark_add_custom_context("dry_run", "true");
    for (size_t i = 0; i < flags->context_count; i++)
        benchmark_add_custom_context(flags->context[i].key, flags->context[i].value);
    release_pairs(flags);
}

void benchmark_flags_print_usage(FILE *out, const struct benchmark_registry *registry)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const struct flag *flag = &flags_table[i];
        bool works = flag->offset != offsetof(struct benchmark_flags, perf_counters) || probe_counters_perf();
        if (works && flag->value)
            fprintf(out, "%s[--%s=%s]\n", i ? "          " : "benchmark ", flag->name, flag->value);
    }
    if (registry->help)
        fputs(registry->help, out);
}
