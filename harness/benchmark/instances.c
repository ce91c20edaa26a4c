/* instances.c: from families to cases: full names, the filter, and the indices of what it selected. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

/* A family without a name has no slash in front. */
static void append_part(struct str *str, const char *part)
{
    if (str->length)
        str_append_char(str, '/');
    str_append(str, part);
}

__attribute__((format(printf, 2, 3))) static void append_number(struct str *str, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append_part(str, "");
    str_vappendf(str, format, arguments);
    va_end(arguments);
}

static void append_args(struct str *str, const struct benchmark *family, const int64_t *args, size_t arg_count)
{
    for (size_t i = 0; i < arg_count; i++) {
        append_part(str, "");
        if (i < family->arg_name_count && family->arg_names[i][0])
            str_appendf(str, "%s:", family->arg_names[i]);
        str_appendf(str, "%" PRId64, args[i]);
    }
}

/* function / args / min_time / min_warmup_time / iterations / repeats / clock / threads. Only what was set in code
 * shows, so that a flag never renames a case. */
void benchmark_instances_append_name(struct str *str, const struct benchmark *family, const int64_t *args,
                                     size_t arg_count, int threads)
{
    str_append(str, family->name);
    append_args(str, family, args, arg_count);
    if (fabs(family->min_time) >= DBL_EPSILON)
        append_number(str, "min_time:%0.3f", family->min_time);
    if (fabs(family->min_warmup_time) >= DBL_EPSILON)
        append_number(str, "min_warmup_time:%0.3f", family->min_warmup_time);
    if (family->iterations)
        append_number(str, "iterations:%" PRId64, family->iterations);
    if (family->repetitions)
        append_number(str, "repeats:%d", family->repetitions);
    if (family->process_cpu)
        append_part(str, "process_time");
    if (family->manual_time)
        append_part(str, "manual_time");
    else if (family->real_time)
        append_part(str, "real_time");
    if (family->thread_count_count)
        append_number(str, "threads:%d", threads);
}

struct filter {
    bool all, negative;
    regex_t regex;
};

static int filter_compile(struct filter *filter, const char *text, struct error *error)
{
    *filter = (struct filter){ .all = !text || !text[0] || strcmp(text, "all") == 0 };
    if (filter->all)
        return 0;
    filter->negative = text[0] == '-';
    int code = regcomp(&filter->regex, text + filter->negative, REG_EXTENDED | REG_NOSUB);
    if (code) {
        char reason[200];
        regerror(code, &filter->regex, reason, sizeof reason);
        return error_set(error, ERROR_USAGE, "Could not compile benchmark re: %s", reason);
    }
    return 0;
}

static bool filter_matches(const struct filter *filter, const char *name)
{
    return filter->all || (regexec(&filter->regex, name, 0, NULL, 0) == 0) != filter->negative;
}

static void add_instance(struct benchmark_instances *instances, const struct benchmark_instance *instance,
                         const struct str *name)
{
    MEM_GROW(instances->items, instances->count, instances->capacity);
    struct benchmark_instance *added = &instances->items[instances->count++];
    *added = *instance;
    added->name = arena_strndup(&instances->arena, str_text(name), name->length);
}

/* Adds the family's cases that match: tuple by tuple, thread counts varying fastest. Tells whether there were any. */
static bool select_family(struct benchmark_instances *instances, const struct benchmark *family,
                          const struct filter *filter, int64_t family_index, struct str *name)
{
    static const struct benchmark_tuple no_arguments = { NULL, 0 };
    static const int one_thread = 1;
    const struct benchmark_tuple *tuples = family->tuple_count ? family->tuples : &no_arguments;
    const int *threads = family->thread_count_count ? family->thread_counts : &one_thread;
    size_t thread_counts = family->thread_count_count ? family->thread_count_count : 1;
    size_t count = (family->tuple_count ? family->tuple_count : 1) * thread_counts;
    struct benchmark_instance instance = { .family = family, .family_index = family_index };

    if (count > 100)
        fprintf(stderr, "The number of inputs is very large. %s will be repeated at least %zu times.\n", family->name,
                count);
    for (size_t i = 0; i < count; i++) {
        instance.args = tuples[i / thread_counts].values;
        instance.arg_count = tuples[i / thread_counts].count;
        instance.threads = threads[i % thread_counts];
        str_clear(name);
        benchmark_instances_append_name(name, family, instance.args, instance.arg_count, instance.threads);
        if (str_starts(str_text(name), "DISABLED_") || !filter_matches(filter, str_text(name)))
            continue;
        add_instance(instances, &instance, name);
        instance.instance_index++;
    }
    return instance.instance_index > 0;
}

int benchmark_instances_select(struct benchmark_instances *instances, const struct benchmark_registry *registry,
                               const char *filter_text, struct error *error)
{
    struct filter filter;
    int code = filter_compile(&filter, filter_text, error);
    if (code)
        return code;
    int64_t family_index = 0;
    struct str name = { 0 };
    for (size_t i = 0; i < registry->family_count; i++)
        family_index += select_family(instances, registry->families[i], &filter, family_index, &name);
    str_release(&name);
    if (!filter.all)
        regfree(&filter.regex);
    return 0;
}

void benchmark_instances_release(struct benchmark_instances *instances)
{
    free(instances->items);
    arena_release(&instances->arena);
    *instances = (struct benchmark_instances){ 0 };
}
