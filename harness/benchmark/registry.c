/* registry.c: the registered families and what modifies them.
 *
 * Registration happens before main (constructors) and has no handle to pass along, so the registry is global. Nothing
 * else in the library is. It is not locked: register from one thread. */
#include "harness/benchmark/internal.h"
#include "harness/base/cpu.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_LIMIT = 65536 }; /* beyond what a machine can start, and what a mistyped number would ask for */

static struct benchmark_registry registry; /* lint: registry */

struct benchmark_registry *benchmark_registry_get(void)
{
    return &registry;
}

/* Keeps the first misuse; the runner reports it instead of running. */
__attribute__((format(printf, 2, 3))) static struct benchmark *reject(struct benchmark *family, const char *format, ...)
{
    if (!family->problem) {
        struct str text = { 0 };
        va_list arguments;
        va_start(arguments, format);
        str_vappendf(&text, format, arguments);
        va_end(arguments);
        family->problem = str_take(&text);
    }
    return family;
}

struct benchmark *benchmark_register(const char *name, benchmark_function *function, void *user_data)
{
    struct benchmark *family = mem_alloc(sizeof *family);
    family->name = mem_strdup(name ? name : "(null)");
    family->function = function;
    family->user_data = user_data;
    family->range_multiplier = 8;
    MEM_GROW(registry.families, registry.family_count, registry.family_capacity);
    registry.families[registry.family_count++] = family;
    if (!name)
        return reject(family, "a benchmark without a name");
    return function ? family : reject(family, "no function");
}

/* gcc -flto runs the constructors of a program in the reverse order: those of one file are neighbours even then. */
struct benchmark *benchmark_keep_order(struct benchmark *family, const char *file, int position)
{
    size_t at = registry.family_count;
    if (!at || registry.families[--at] != family)
        return family;
    family->file = file;
    family->position = position;
    for (; at > 0; at--) {
        struct benchmark *before = registry.families[at - 1];
        if (!before->file || before->position < position || (before->file != file && strcmp(before->file, file) != 0))
            break;
        registry.families[at] = before;
    }
    registry.families[at] = family;
    return family;
}

struct benchmark *benchmark_register_fixture(const struct benchmark_fixture *fixture, const char *method,
                                             benchmark_function *function, void *user_data)
{
    if (!fixture || !fixture->name || !method)
        return benchmark_register(NULL, function, user_data);
    char *name = mem_format("%s/%s", fixture->name, method);
    struct benchmark *family = benchmark_register(name, function, user_data);
    family->set_up = fixture->set_up;
    family->tear_down = fixture->tear_down;
    free(name);
    return family;
}

static void release_family(struct benchmark *family)
{
    for (size_t i = 0; i < family->tuple_count; i++)
        free(family->tuples[i].values);
    for (size_t i = 0; i < family->arg_name_count; i++)
        free(family->arg_names[i]);
    for (size_t i = 0; i < family->statistic_count; i++)
        free((char *)(uintptr_t)family->statistics[i].name);
    free(family->tuples);
    free(family->arg_names);
    free(family->statistics);
    free(family->thread_counts);
    free(family->problem);
    free(family->name);
    free(family);
}

static void release_retired(void)
{
    for (size_t i = 0; i < registry.retired_count; i++)
        release_family(registry.retired[i]);
    free(registry.retired);
    registry.retired = NULL;
    registry.retired_count = registry.retired_capacity = 0;
}

/* Also inside a benchmark, or after a jump out of one: what a run may still need goes later. */
void benchmark_clear_registered(void)
{
    for (size_t i = 0; i < registry.family_count; i++) {
        MEM_GROW(registry.retired, registry.retired_count, registry.retired_capacity);
        registry.retired[registry.retired_count++] = registry.families[i];
    }
    free(registry.families);
    registry.families = NULL;
    registry.family_count = registry.family_capacity = 0;
    if (!registry.unfinished_runs)
        release_retired();
}

void benchmark_registry_begin_run(struct benchmark_registry *library)
{
    library->unfinished_runs++;
}

void benchmark_registry_end_run(struct benchmark_registry *library)
{
    if (--library->unfinished_runs == 0)
        release_retired();
}

void benchmark_registry_release(struct benchmark_registry *library)
{
    if (library->unfinished_runs) {
        fputs("benchmark_shutdown: ignored, because benchmark_run_specified has not returned\n", stderr);
        return;
    }
    benchmark_clear_registered();
    benchmark_team_release(library->team);
    probe_scheduling_monitor_close(&library->scheduling);
    benchmark_flags_release(&library->flags);
    for (size_t i = 0; i < library->context_count; i++) {
        free(library->context[i].key);
        free(library->context[i].value);
    }
    free(library->context);
    free(library->executable);
    free(library->help);
    bool has_exit_hook = library->ending.has_exit_hook; /* there is no taking it back */
    *library = (struct benchmark_registry){ .ending.has_exit_hook = has_exit_hook };
}

struct benchmark *benchmark_name(struct benchmark *family, const char *name)
{
    if (!name)
        return reject(family, "a benchmark without a name");
    free(family->name);
    family->name = mem_strdup(name);
    return family;
}

/* ---- arguments ---- */

struct benchmark *benchmark_args(struct benchmark *family, const int64_t *values, size_t count)
{
    if (family->tuple_count && family->tuples[0].count != count)
        return reject(family, "%zu arguments here, %zu in the first tuple", count, family->tuples[0].count);
    struct benchmark_tuple tuple = { mem_array(count ? count : 1, sizeof *values), count };
    if (count)
        memcpy(tuple.values, values, count * sizeof *values);
    MEM_GROW(family->tuples, family->tuple_count, family->tuple_capacity);
    family->tuples[family->tuple_count++] = tuple;
    return family;
}

struct benchmark *benchmark_arg(struct benchmark *family, int64_t value)
{
    return benchmark_args(family, &value, 1);
}

struct benchmark *benchmark_arg_names(struct benchmark *family, const char *const *names, size_t count)
{
    for (size_t i = 0; i < family->arg_name_count; i++)
        free(family->arg_names[i]);
    family->arg_names = mem_resize(family->arg_names, count ? count : 1, sizeof *family->arg_names);
    for (size_t i = 0; i < count; i++)
        family->arg_names[i] = mem_strdup(names[i] ? names[i] : "");
    family->arg_name_count = count;
    return family;
}

struct benchmark *benchmark_arg_name(struct benchmark *family, const char *name)
{
    return benchmark_arg_names(family, &name, 1);
}

struct benchmark *benchmark_range_multiplier(struct benchmark *family, int64_t multiplier)
{
    if (multiplier < 2)
        return reject(family, "range multiplier %lld: must be 2 or more", (long long)multiplier);
    family->range_multiplier = multiplier;
    return family;
}

static bool check_range(struct benchmark *family, int64_t lo, int64_t hi)
{
    if (lo > hi)
        reject(family, "range %lld..%lld: the end is before the start", (long long)lo, (long long)hi);
    return lo <= hi;
}

struct benchmark *benchmark_range(struct benchmark *family, int64_t lo, int64_t hi)
{
    if (!check_range(family, lo, hi))
        return family;
    struct benchmark_values values = { 0 };
    benchmark_arguments_range(&values, lo, hi, family->range_multiplier);
    for (size_t i = 0; i < values.count; i++)
        benchmark_arg(family, values.items[i]);
    free(values.items);
    return family;
}

struct benchmark *benchmark_dense_range(struct benchmark *family, int64_t lo, int64_t hi, int64_t step)
{
    if (!check_range(family, lo, hi))
        return family;
    if (step < 1)
        return reject(family, "dense range step %lld: must be 1 or more", (long long)step);
    if (((uint64_t)hi - (uint64_t)lo) / (uint64_t)step >= BENCHMARK_ARGUMENTS_LIMIT)
        return reject(family, "dense range %lld..%lld, step %lld: too many values", (long long)lo, (long long)hi,
                      (long long)step);
    struct benchmark_values values = { 0 };
    benchmark_arguments_dense(&values, lo, hi, step);
    for (size_t i = 0; i < values.count; i++)
        benchmark_arg(family, values.items[i]);
    free(values.items);
    return family;
}

struct benchmark *benchmark_args_product(struct benchmark *family, const struct benchmark_list *lists, size_t count)
{
    size_t total = count ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        if (!lists[i].count)
            return reject(family, "list %zu of a product is empty", i);
        if (lists[i].count > BENCHMARK_ARGUMENTS_LIMIT / total)
            return reject(family, "a product of too many arguments");
        total *= lists[i].count;
    }
    int64_t *tuple = mem_array(count ? count : 1, sizeof *tuple);
    for (size_t n = 0; n < total; n++) {
        size_t rest = n; /* mixed radix, the first list is the lowest digit */
        for (size_t i = 0; i < count; i++) {
            tuple[i] = lists[i].values[rest % lists[i].count];
            rest /= lists[i].count;
        }
        benchmark_args(family, tuple, count);
    }
    free(tuple);
    return family;
}

struct benchmark *benchmark_ranges(struct benchmark *family, const int64_t (*pairs)[2], size_t count)
{
    struct benchmark_values *values = mem_array(count ? count : 1, sizeof *values);
    struct benchmark_list *lists = mem_array(count ? count : 1, sizeof *lists);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        good = check_range(family, pairs[i][0], pairs[i][1]);
        if (good)
            benchmark_arguments_range(&values[i], pairs[i][0], pairs[i][1], family->range_multiplier);
        lists[i] = (struct benchmark_list){ values[i].items, values[i].count };
    }
    if (good)
        benchmark_args_product(family, lists, count);
    for (size_t i = 0; i < count; i++)
        free(values[i].items);
    free(values);
    free(lists);
    return family;
}

struct benchmark *benchmark_apply(struct benchmark *family, void (*function)(struct benchmark *family))
{
    if (!function)
        return reject(family, "apply: no function");
    function(family);
    return family;
}

/* ---- how it runs ---- */

static bool is_unit(enum benchmark_time_unit unit)
{
    return (int)unit >= BENCHMARK_NANOSECOND && (int)unit <= BENCHMARK_SECOND;
}

struct benchmark *benchmark_unit(struct benchmark *family, enum benchmark_time_unit unit)
{
    if (!is_unit(unit))
        return reject(family, "time unit %d: no such unit", (int)unit);
    family->unit = unit;
    family->has_unit = true;
    return family;
}

struct benchmark *benchmark_min_time(struct benchmark *family, double seconds)
{
    if (!(seconds > 0) || !isfinite(seconds))
        return reject(family, "minimum time %g s: must be above 0 and finite", seconds);
    if (family->iterations)
        return reject(family, "minimum time and a fixed iteration count exclude each other");
    family->min_time = seconds;
    return family;
}

struct benchmark *benchmark_min_warmup_time(struct benchmark *family, double seconds)
{
    if (!(seconds >= 0) || !isfinite(seconds))
        return reject(family, "warm-up time %g s: must be finite and not negative", seconds);
    if (family->iterations)
        return reject(family, "warm-up time and a fixed iteration count exclude each other");
    family->min_warmup_time = seconds;
    return family;
}

struct benchmark *benchmark_iterations(struct benchmark *family, int64_t count)
{
    if (count < 1)
        return reject(family, "%lld iterations: must be 1 or more", (long long)count);
    if (family->min_time > 0 || family->min_warmup_time > 0)
        return reject(family, "minimum time and a fixed iteration count exclude each other");
    if (family->min_iterations || family->max_iterations)
        return reject(family, "a fixed iteration count and limits of it exclude each other");
    family->iterations = count;
    return family;
}

static struct benchmark *set_limits(struct benchmark *family, int64_t least, int64_t most)
{
    if (least < 0 || most < 0 || (!least && !most))
        return reject(family, "a limit of %lld iterations: must be 1 or more", (long long)(least ? least : most));
    if (family->iterations)
        return reject(family, "a fixed iteration count and limits of it exclude each other");
    family->min_iterations = least ? least : family->min_iterations;
    family->max_iterations = most ? most : family->max_iterations;
    if (family->max_iterations && family->min_iterations > family->max_iterations)
        return reject(family, "at least %lld and at most %lld iterations exclude each other",
                      (long long)family->min_iterations, (long long)family->max_iterations);
    return family;
}

struct benchmark *benchmark_min_iterations(struct benchmark *family, int64_t count)
{
    return set_limits(family, count, 0);
}

struct benchmark *benchmark_max_iterations(struct benchmark *family, int64_t count)
{
    return set_limits(family, 0, count);
}

struct benchmark *benchmark_max_time(struct benchmark *family, double seconds)
{
    if (!(seconds > 0))
        return reject(family, "maximum time %g s: must be above 0", seconds);
    family->max_time = seconds;
    return family;
}

struct benchmark *benchmark_repetitions(struct benchmark *family, int count)
{
    if (count < 1)
        return reject(family, "%d repetitions: must be 1 or more", count);
    family->repetitions = count;
    return family;
}

struct benchmark *benchmark_samples(struct benchmark *family, int count)
{
    if (count < 0)
        return reject(family, "%d samples: must not be negative", count);
    family->samples = count;
    return family;
}

struct benchmark *benchmark_use_real_time(struct benchmark *family)
{
    if (family->manual_time)
        return reject(family, "real time and manual time exclude each other");
    family->real_time = true;
    return family;
}

struct benchmark *benchmark_use_manual_time(struct benchmark *family)
{
    if (family->real_time)
        return reject(family, "real time and manual time exclude each other");
    family->manual_time = true;
    return family;
}

struct benchmark *benchmark_measure_process_cpu_time(struct benchmark *family)
{
    family->process_cpu = true;
    return family;
}

struct benchmark *benchmark_report_aggregates_only(struct benchmark *family, bool value)
{
    family->aggregate_mode =
        value ? BENCHMARK_AGGREGATES_ONLY_IN_FILE | BENCHMARK_AGGREGATES_ONLY_ON_DISPLAY : BENCHMARK_AGGREGATES_DEFAULT;
    return family;
}

struct benchmark *benchmark_display_aggregates_only(struct benchmark *family, bool value)
{
    unsigned mode = family->aggregate_mode | BENCHMARK_AGGREGATES_DEFAULT;
    family->aggregate_mode =
        value ? mode | BENCHMARK_AGGREGATES_ONLY_ON_DISPLAY : mode & ~(unsigned)BENCHMARK_AGGREGATES_ONLY_ON_DISPLAY;
    return family;
}

struct benchmark *benchmark_compute_statistics(struct benchmark *family, const char *name,
                                               benchmark_statistic *statistic, enum benchmark_statistic_unit unit)
{
    if (!name || !statistic)
        return reject(family, "a statistic without a %s", name ? "function" : "name");
    if (unit != BENCHMARK_STATISTIC_TIME && unit != BENCHMARK_STATISTIC_PERCENTAGE)
        return reject(family, "statistic %s: no such unit", name);
    family->statistics = mem_resize(family->statistics, family->statistic_count + 1, sizeof *family->statistics);
    family->statistics[family->statistic_count++] =
        (struct benchmark_named_statistic){ mem_strdup(name), statistic, unit };
    return family;
}

struct benchmark *benchmark_complexity(struct benchmark *family, enum benchmark_complexity complexity)
{
    if (complexity == BENCHMARK_O_FUNCTION)
        return reject(family, "a complexity function comes by benchmark_complexity_with");
    if ((int)complexity < BENCHMARK_O_NONE || (int)complexity > BENCHMARK_O_FUNCTION)
        return reject(family, "complexity %d: no such complexity", (int)complexity);
    family->complexity = complexity;
    return family;
}

struct benchmark *benchmark_complexity_with(struct benchmark *family, benchmark_complexity_function *function)
{
    if (!function)
        return reject(family, "complexity: no function");
    family->complexity = BENCHMARK_O_FUNCTION;
    family->complexity_function = function;
    return family;
}

struct benchmark *benchmark_setup(struct benchmark *family, benchmark_function *setup)
{
    family->setup = setup;
    return family;
}

struct benchmark *benchmark_teardown(struct benchmark *family, benchmark_function *teardown)
{
    family->teardown = teardown;
    return family;
}

struct benchmark *benchmark_setup_case(struct benchmark *family, benchmark_function *setup)
{
    family->setup_case = setup;
    return family;
}

struct benchmark *benchmark_teardown_case(struct benchmark *family, benchmark_function *teardown)
{
    family->teardown_case = teardown;
    return family;
}

/* ---- threads ---- */

static void add_threads(struct benchmark *family, int threads)
{
    family->thread_counts =
        mem_resize(family->thread_counts, family->thread_count_count + 1, sizeof *family->thread_counts);
    family->thread_counts[family->thread_count_count++] = threads;
}

static bool check_threads(struct benchmark *family, int threads)
{
    if (threads < 1)
        reject(family, "%d threads: must be 1 or more", threads);
    else if (threads > THREADS_LIMIT)
        reject(family, "%d threads: must be %d or less", threads, THREADS_LIMIT);
    return threads >= 1 && threads <= THREADS_LIMIT;
}

struct benchmark *benchmark_threads(struct benchmark *family, int threads)
{
    if (check_threads(family, threads))
        add_threads(family, threads);
    return family;
}

static bool check_thread_range(struct benchmark *family, int lo, int hi)
{
    if (lo > hi)
        reject(family, "thread range %d..%d: the end is before the start", lo, hi);
    return lo <= hi && check_threads(family, lo) && check_threads(family, hi);
}

struct benchmark *benchmark_thread_range(struct benchmark *family, int lo, int hi)
{
    if (!check_thread_range(family, lo, hi))
        return family;
    struct benchmark_values values = { 0 };
    benchmark_arguments_range(&values, lo, hi, 2);
    for (size_t i = 0; i < values.count; i++)
        add_threads(family, (int)values.items[i]);
    free(values.items);
    return family;
}

struct benchmark *benchmark_dense_thread_range(struct benchmark *family, int lo, int hi, int stride)
{
    if (!check_thread_range(family, lo, hi))
        return family;
    if (stride < 1)
        return reject(family, "thread range stride %d: must be 1 or more", stride);
    for (int64_t threads = lo; threads < hi; threads += stride)
        add_threads(family, (int)threads);
    add_threads(family, hi);
    return family;
}

struct benchmark *benchmark_thread_per_cpu(struct benchmark *family)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return benchmark_threads(family, online > 0 ? (int)online : 1);
}

struct benchmark *benchmark_use_thread_runner(struct benchmark *family, benchmark_thread_runner *runner,
                                              void *user_data)
{
    family->thread_runner = runner;
    family->thread_runner_data = user_data;
    return family;
}

struct benchmark_team *benchmark_registry_team(struct benchmark_registry *library)
{
    int *cpus = NULL, count = 0;
    if (library->team)
        return library->team;
    if (library->flags.cpus && library->flags.cpus[0]) /* a list that flags.c has accepted */
        cpu_parse_list(library->flags.cpus, &cpus, &count, NULL);
    library->team = benchmark_team_create(cpus, count);
    free(cpus);
    return library->team;
}

/* ---- managers ---- */

void benchmark_register_memory_manager(const struct benchmark_memory_manager *manager)
{
    if (manager && (!manager->start || !manager->stop)) {
        fputs("A memory manager needs start and stop; this one is not registered.\n", stderr);
        manager = NULL;
    }
    registry.memory_manager = manager;
}

void benchmark_register_profiler_manager(const struct benchmark_profiler_manager *manager)
{
    if (manager && (!manager->after_setup_start || !manager->before_teardown_stop)) {
        fputs("A profiler manager needs after_setup_start and before_teardown_stop; this one is not registered.\n",
              stderr);
        manager = NULL;
    }
    registry.profiler_manager = manager;
}

/* ---- custom context ---- */

/* The value that the key has already, or NULL. */
static const char *find_context(const struct benchmark_registry *library, const char *key)
{
    for (size_t i = 0; i < library->context_count; i++)
        if (strcmp(library->context[i].key, key) == 0)
            return library->context[i].value;
    return NULL;
}

bool benchmark_registry_add_context(struct benchmark_registry *library, const char *key, const char *value)
{
    if (find_context(library, key))
        return false;
    library->context = mem_resize(library->context, library->context_count + 1, sizeof *library->context);
    size_t at = library->context_count++;
    for (; at > 0 && strcmp(library->context[at - 1].key, key) > 0; at--)
        library->context[at] = library->context[at - 1];
    library->context[at] = (struct benchmark_pair){ mem_strdup(key), mem_strdup(value) };
    return true;
}

void benchmark_registry_set_context(struct benchmark_registry *library, const char *key, const char *value)
{
    if (benchmark_registry_add_context(library, key, value))
        return;
    for (size_t i = 0; i < library->context_count; i++) {
        if (strcmp(library->context[i].key, key) == 0) {
            free(library->context[i].value);
            library->context[i].value = mem_strdup(value);
        }
    }
}

void benchmark_add_custom_context(const char *key, const char *value)
{
    if (!key || !value)
        fprintf(stderr, "Failed to add custom context \"%s\": no %s\n", key ? key : "", key ? "value" : "key");
    else if (!benchmark_registry_add_context(&registry, key, value))
        fprintf(stderr, "Failed to add custom context \"%s\" as it already exists with value \"%s\"\n", key,
                find_context(&registry, key));
}

void benchmark_set_default_time_unit(enum benchmark_time_unit unit)
{
    if (is_unit(unit))
        registry.default_unit = unit;
    else
        fprintf(stderr, "Time unit %d: no such unit\n", (int)unit);
}

enum benchmark_time_unit benchmark_default_time_unit(void)
{
    return registry.default_unit;
}
