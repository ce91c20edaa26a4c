/* plan.c: from text to struct plan. Every mistake in the text is an error that names file and line. */
#include "harness/run/plan.h"
#include "harness/run/cpus.h"
#include "harness/base/conf.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one "key = value" line is applied to. */
struct target {
    struct plan *plan;
    struct plan_suite *suite; /* of the section; for the head of the file, the defaults */
    bool is_head;
    struct error *error;
};

static int fail(struct target *target, const struct conf_entry *entry, const char *expected)
{
    return error_set(target->error, ERROR_FORMAT, "%s:%d: %s = %s: expected %s", target->plan->source, entry->line,
                     entry->key, entry->value, expected);
}

static int append(struct target *target, struct plan_strings *list, const char *text)
{
    MEM_GROW(list->items, list->count, list->capacity);
    list->items[list->count++] = arena_strdup(&target->plan->arena, text);
    return 0;
}

/* ---- one function a key ---- */

static int set_count(struct target *target, const struct conf_entry *entry, int maximum, int *value)
{
    int64_t number;
    if (!str_parse_i64(entry->value, &number) || number < 1 || number > maximum) {
        char expected[64];
        snprintf(expected, sizeof expected, "a whole number from 1 to %d", maximum);
        return fail(target, entry, expected);
    }
    *value = (int)number;
    return 0;
}

static int set_rounds(struct target *target, const struct conf_entry *entry)
{
    return set_count(target, entry, 10000, &target->suite->rounds);
}

static int set_repetitions(struct target *target, const struct conf_entry *entry)
{
    return set_count(target, entry, 10000, &target->suite->repetitions);
}

static int set_group(struct target *target, const struct conf_entry *entry)
{
    return set_count(target, entry, 200, &target->suite->group);
}

static int set_seed(struct target *target, const struct conf_entry *entry)
{
    if (!str_parse_u64(entry->value, &target->plan->seed))
        return fail(target, entry, "a whole number");
    target->plan->has_seed = true;
    return 0;
}

static int set_timeout(struct target *target, const struct conf_entry *entry)
{
    double seconds;
    if (!str_parse_duration(entry->value, &seconds) || !(seconds > 0) || seconds > 7 * 86400.0)
        return fail(target, entry, "a duration above zero (90s, 5m, 2h)");
    target->suite->timeout_s = seconds;
    return 0;
}

/* Seconds are handed to the program as a bare number: Google Benchmark 1.7 knows no suffix, later ones take both. */
static int set_min_time(struct target *target, const struct conf_entry *entry)
{
    size_t length = strlen(entry->value);
    double seconds;
    int64_t iterations;
    if (length > 1 && entry->value[length - 1] == 'x') {
        char *digits = mem_strndup(entry->value, length - 1);
        bool good = str_parse_i64(digits, &iterations) && iterations > 0;
        free(digits);
        if (!good)
            return fail(target, entry, "seconds (0.1s) or iterations (10x)");
        target->suite->min_time = arena_strdup(&target->plan->arena, entry->value);
        return 0;
    }
    if (!str_parse_duration(entry->value, &seconds) || !(seconds > 0) || seconds > 86400)
        return fail(target, entry, "seconds (0.1s) or iterations (10x)");
    target->suite->min_time = arena_format(&target->plan->arena, "%g", seconds);
    return 0;
}

static int set_program(struct target *target, const struct conf_entry *entry)
{
    if (entry->value[0] == 0)
        return fail(target, entry, "a program's name or path");
    target->suite->program = arena_strdup(&target->plan->arena, entry->value);
    return 0;
}

/* The C library copies what stands before {n} n times, so nested counts can take all memory there is. Estimates the
 * size that an expression grows to. */
static bool is_modest(const char *expression)
{
    double size = (double)strlen(expression);
    for (const char *p = strchr(expression, '{'); p; p = strchr(p + 1, '{')) {
        double largest = 1;
        for (const char *q = p + 1; *q && *q != '}'; q++)
            if (q[-1] == '{' || q[-1] == ',')
                largest = fmax(largest, strtod(q, NULL));
        size *= largest;
    }
    return size <= 100000;
}

static int set_filter(struct target *target, const struct conf_entry *entry)
{
    regex_t regex;
    if (entry->value[0] == '-')
        return fail(target, entry, "no leading '-': to Google Benchmark it means \"all but\"");
    if (!is_modest(entry->value))
        return fail(target, entry, "a regular expression with smaller repetition counts");
    if (entry->value[0] == 0 || regcomp(&regex, entry->value, REG_EXTENDED | REG_NOSUB) != 0)
        return fail(target, entry, "a POSIX extended regular expression");
    regfree(&regex);
    return append(target, &target->suite->filters, entry->value);
}

static int set_arguments(struct target *target, const struct conf_entry *entry)
{
    /* Words; a value with blanks in it is not needed by any suite, so there is no quoting to get wrong. */
    const char *p = entry->value;
    while (*p) {
        size_t length = strcspn(p, " \t");
        if (length > 0) {
            char *word = mem_strndup(p, length);
            append(target, &target->suite->arguments, word);
            free(word);
        }
        p += length;
        p += strspn(p, " \t");
    }
    return 0;
}

static int set_environment(struct target *target, const struct conf_entry *entry)
{
    const char *equals = strchr(entry->value, '=');
    if (!equals || equals == entry->value)
        return fail(target, entry, "NAME=value");
    return append(target, &target->suite->environment, entry->value);
}

static int set_cpus(struct target *target, const struct conf_entry *entry)
{
    if (!cpus_is_valid(entry->value))
        return fail(target, entry, "auto, all, one, or CPU numbers like 0-3,8");
    target->suite->cpus = arena_strdup(&target->plan->arena, entry->value);
    return 0;
}

/* What the words mean is looked up when the run is prepared. */
static int set_counters(struct target *target, const struct conf_entry *entry)
{
    if (entry->value[0] == 0)
        return fail(target, entry, "groups, metrics or events separated by commas, or none");
    bool is_none = str_equal(entry->value, "none");
    target->suite->counters = is_none ? NULL : arena_strdup(&target->plan->arena, entry->value);
    return 0;
}

static int set_memory(struct target *target, const struct conf_entry *entry)
{
    return str_parse_bool(entry->value, &target->suite->memory) ? 0 : fail(target, entry, "yes or no");
}

static int set_spans(struct target *target, const struct conf_entry *entry)
{
    return str_parse_bool(entry->value, &target->suite->spans) ? 0 : fail(target, entry, "yes or no");
}

static const struct {
    const char *key;
    int (*apply)(struct target *, const struct conf_entry *);
    bool in_head, in_suite;
} keys[] = {
    { "rounds", set_rounds, true, true },     { "repetitions", set_repetitions, true, true },
    { "group", set_group, true, true },       { "timeout", set_timeout, true, true },
    { "min_time", set_min_time, true, true }, { "cpus", set_cpus, true, true },
    { "env", set_environment, true, true },   { "seed", set_seed, true, false },
    { "program", set_program, false, true },  { "filter", set_filter, false, true },
    { "args", set_arguments, false, true },   { "counters", set_counters, true, true },
    { "memory", set_memory, true, true },     { "spans", set_spans, true, true },
};

static int apply_entry(struct target *target, const struct conf_entry *entry)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!str_equal(keys[i].key, entry->key))
            continue;
        if (target->is_head ? keys[i].in_head : keys[i].in_suite)
            return keys[i].apply(target, entry);
        return error_set(target->error, ERROR_FORMAT, "%s:%d: '%s' belongs %s", target->plan->source, entry->line,
                         entry->key, target->is_head ? "into a [suite ...]" : "before the first section");
    }
    return error_set(target->error, ERROR_FORMAT, "%s:%d: unknown key '%s'", target->plan->source, entry->line,
                     entry->key);
}

static int apply_entries(struct target *target, const struct conf_section *section)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < section->entry_count; i++)
        code = apply_entry(target, &section->entries[i]);
    return code;
}

static void copy_strings(struct plan_strings *to, const struct plan_strings *from)
{
    *to = (struct plan_strings){ 0 };
    for (size_t i = 0; i < from->count; i++) {
        MEM_GROW(to->items, to->count, to->capacity);
        to->items[to->count++] = from->items[i];
    }
}

static void release_suite(struct plan_suite *suite)
{
    free(suite->filters.items);
    free(suite->arguments.items);
    free(suite->environment.items);
}

static int parse_suite(struct plan *plan, const struct plan_suite *defaults, const struct conf_section *section,
                       struct plan_suite *suite, struct error *error)
{
    *suite = *defaults;
    copy_strings(&suite->environment, &defaults->environment);
    suite->filters = suite->arguments = (struct plan_strings){ 0 };
    suite->line = section->line;
    if (!str_equal(section->kind, "suite"))
        return error_set(error, ERROR_FORMAT, "%s:%d: unknown section [%s]; a plan has [suite NAME]", plan->source,
                         section->line, section->kind);
    if (section->name[0] == 0 || strpbrk(section->name, " \t/"))
        return error_set(error, ERROR_FORMAT, "%s:%d: [suite %s]: the name must be one word without slashes",
                         plan->source, section->line, section->name);
    suite->name = arena_strdup(&plan->arena, section->name);
    suite->program = suite->name;
    struct target target = { .plan = plan, .suite = suite, .error = error };
    return apply_entries(&target, section);
}

static void name_plan(struct plan *plan, const char *source)
{
    plan->source = arena_strdup(&plan->arena, source);
    const char *slash = strrchr(source, '/');
    const char *base = slash ? slash + 1 : source;
    size_t length = strlen(base);
    plan->name = str_ends(base, ".plan") && length > 5 ? arena_strndup(&plan->arena, base, length - 5)
                                                       : arena_strdup(&plan->arena, base);
    if (!slash)
        plan->directory = ".";
    else
        plan->directory = slash == source ? "/" : arena_strndup(&plan->arena, source, (size_t)(slash - source));
}

int plan_parse(struct plan *plan, const char *source, const char *text, size_t length, struct error *error)
{
    *plan = (struct plan){ 0 };
    struct plan_suite defaults = { .rounds = 3, .repetitions = 1, .group = 1, .timeout_s = 120, .cpus = "auto" };
    struct conf conf;
    int code = conf_parse(&conf, source, text, length, error);
    if (code != 0)
        return code;
    name_plan(plan, source);
    struct target head = { .plan = plan, .suite = &defaults, .is_head = true, .error = error };
    code = apply_entries(&head, &conf.sections[0]);
    plan->suites = mem_array(conf.section_count, sizeof *plan->suites);
    for (size_t i = 1; code == 0 && i < conf.section_count; i++)
        code = parse_suite(plan, &defaults, &conf.sections[i], &plan->suites[plan->suite_count++], error);
    if (code == 0 && plan->suite_count == 0)
        code = error_set(error, ERROR_FORMAT, "%s: names no suite; a plan needs a [suite NAME]", source);
    release_suite(&defaults);
    conf_release(&conf);
    if (code != 0)
        plan_release(plan);
    return code;
}

int plan_load(struct plan *plan, const char *path, struct error *error)
{
    char *text;
    size_t size;
    *plan = (struct plan){ 0 };
    int code = file_read(path, &text, &size, error);
    if (code != 0)
        return code;
    code = plan_parse(plan, path, text, size, error);
    free(text);
    return code;
}

void plan_release(struct plan *plan)
{
    for (size_t i = 0; i < plan->suite_count; i++)
        release_suite(&plan->suites[i]);
    free(plan->suites);
    arena_release(&plan->arena);
    *plan = (struct plan){ 0 };
}
