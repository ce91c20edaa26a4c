/* memory_run.c: what a case does to memory, found in runs of their own on all threads of the case: one of a few
 * operations right behind the timed repetition (heap, mappings, page faults), and a long one of a case that was set up
 * anew, which tells whether it grows.
 *
 * Everything is read while all threads stand just before or just behind the loop, so that what fixtures and the code
 * around the loop allocate does not count. Nothing here allocates between the two. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include "harness/probe/probe_allocations.h"
#include "harness/probe/probe_memory.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { RUN_OPERATIONS = 16, GROWTH_STEPS = 32 };
static const double RUN_SECONDS = 2, GROWTH_SECONDS = 5; /* a growth run may take that long on the pace of the timed */
static const double GROWTH_MAX_SECONDS = 30;             /* for the fewest operations that tell anything */

/* A metric that could not be had, and why. */
static void add_absent(struct benchmark_run *run, const char *name, const char *reason, const char *remedy)
{
    run->counter_reports =
        mem_resize(run->counter_reports, run->counter_report_count + 1, sizeof *run->counter_reports);
    run->counter_reports[run->counter_report_count++] =
        (struct benchmark_counter_report){ .name = mem_strdup(name),
                                           .state = BENCHMARK_COUNTER_UNSUPPORTED,
                                           .reason = mem_strdup(reason),
                                           .is_metric = true,
                                           .unit = "",
                                           .remedy = remedy ? mem_strdup(remedy) : NULL };
}

/* Iterations of one thread that take seconds at the pace of the run, at least 1. */
static int64_t affordable(const struct benchmark_run *run, double seconds)
{
    double each = run->iterations > 0 ? run->real_seconds / (double)run->iterations : 0;
    return each * 1e12 > seconds ? (int64_t)fmax(seconds / each, 1) : 1000000000000;
}

/* ---- a few operations ---- */

struct reading {
    struct probe_memory memory;
    bool has_memory;
    int64_t faults; /* minor and major */
};

struct memory_run {
    struct reading before, after;
    struct probe_allocations_window window;
};

static void read_process(struct reading *reading)
{
    struct rusage usage;
    reading->has_memory = probe_memory_read(&reading->memory, NULL) == 0;
    getrusage(RUSAGE_SELF, &usage);
    reading->faults = usage.ru_minflt + usage.ru_majflt;
}

static void begin_run(void *context)
{
    struct memory_run *memory = context;
    read_process(&memory->before);
    probe_allocations_open_window();
}

static void end_run(void *context, int64_t iterations)
{
    struct memory_run *memory = context;
    (void)iterations;
    probe_allocations_close_window(&memory->window);
    read_process(&memory->after);
}

static void add_heap(struct benchmark_memory_facts *facts, const struct memory_run *memory)
{
    double operations = (double)facts->operations;
    facts->values[BENCHMARK_HEAP_ALLOCATIONS] = (double)memory->window.count / operations;
    facts->values[BENCHMARK_HEAP_ALLOCATED] = (double)memory->window.requested_bytes / operations;
    facts->values[BENCHMARK_HEAP_GROWTH] = (double)memory->window.growth_bytes / operations;
    facts->values[BENCHMARK_HEAP_PEAK] = (double)memory->window.peak_bytes;
    facts->values[BENCHMARK_MAPPED] = (double)memory->window.mapped_bytes / operations;
}

static void add_process(struct benchmark_memory_facts *facts, const struct memory_run *memory)
{
    const struct reading *before = &memory->before, *after = &memory->after;
    facts->values[BENCHMARK_PAGE_FAULTS] = (double)(after->faults - before->faults) / (double)facts->operations;
    if (!before->has_memory || !after->has_memory)
        return;
    facts->values[BENCHMARK_MAPPED_GROWTH] = (double)after->memory.virtual_bytes - (double)before->memory.virtual_bytes;
    if (!after->memory.resident_anonymous_bytes)
        return;
    facts->values[BENCHMARK_RESIDENT_ANONYMOUS] = (double)after->memory.resident_anonymous_bytes;
    facts->values[BENCHMARK_RESIDENT_FILE] = (double)after->memory.resident_file_bytes;
}

const char *benchmark_memory_fact_name(enum benchmark_memory_fact fact)
{
    static const char *const names[] = {
        "heap_allocations_per_operation",
        "heap_allocated_bytes",
        "heap_peak_bytes",
        "heap_growth_bytes",
        "mapped_bytes",
        "mapped_growth_bytes",
        "resident_anonymous_bytes",
        "resident_file_bytes",
        "page_faults_per_operation",
    };
    return names[fact];
}

/* What is missing because the program does not count says so. */
static void explain_absent(struct benchmark_run *run, const char *problem)
{
    const char *remedy = problem && problem == probe_allocations_problem() ? probe_allocations_remedy() : NULL;
    for (enum benchmark_memory_fact i = 0; i < BENCHMARK_MEMORY_FACT_COUNT; i++)
        if (isnan(run->memory_facts->values[i]))
            add_absent(run, benchmark_memory_fact_name(i), problem ? problem : "/proc/self/status does not tell",
                       remedy);
}

void benchmark_memory_run(struct benchmark_runner *runner, struct benchmark_run *run)
{
    struct memory_run memory = { .before = { .has_memory = false } };
    struct benchmark_watch watch = { .begin = begin_run, .end = end_run, .context = &memory };
    struct benchmark_memory_facts *facts = mem_alloc(sizeof *facts);
    int64_t fixed = runner->instance->family->iterations, iterations = affordable(run, RUN_SECONDS);
    const char *problem = probe_allocations_problem();
    iterations = iterations < RUN_OPERATIONS ? iterations : RUN_OPERATIONS;
    iterations = fixed && fixed < iterations ? fixed : iterations;
    for (enum benchmark_memory_fact i = 0; i < BENCHMARK_MEMORY_FACT_COUNT; i++)
        facts->values[i] = NAN;
    facts->operations = benchmark_runner_watch(runner, &watch, iterations);
    run->memory_facts = facts;
    if (facts->operations > 0) {
        add_process(facts, &memory);
        if (!problem)
            add_heap(facts, &memory);
    } else {
        problem = "the run that measures memory was skipped or failed";
    }
    explain_absent(run, problem);
}

/* ---- growth ---- */

struct growth_run {
    int threads;
    bool has_resident;
    size_t count; /* readings; the first before any operation */
    double operations[GROWTH_STEPS + 2], live_bytes[GROWTH_STEPS + 2], resident_bytes[GROWTH_STEPS + 2];
};

static void read_growth(void *context, int64_t iterations)
{
    struct growth_run *growth = context;
    struct probe_allocations_window window;
    uint64_t resident_bytes;
    if (growth->count == GROWTH_STEPS + 2)
        return;
    probe_allocations_read_window(&window);
    growth->has_resident = growth->has_resident && probe_memory_read_resident(&resident_bytes, NULL) == 0;
    growth->operations[growth->count] = (double)(iterations * growth->threads);
    growth->live_bytes[growth->count] = (double)window.growth_bytes;
    growth->resident_bytes[growth->count++] = growth->has_resident ? (double)resident_bytes : NAN;
}

static void begin_growth(void *context)
{
    probe_allocations_open_window();
    read_growth(context, 0);
}

static void end_growth(void *context, int64_t iterations)
{
    struct growth_run *growth = context;
    struct probe_allocations_window window;
    if (growth->operations[growth->count - 1] < (double)(iterations * growth->threads))
        read_growth(context, iterations);
    probe_allocations_close_window(&window);
}

static double *copy(const double *values, size_t count)
{
    double *result = mem_array(count, sizeof *result);
    memcpy(result, values, count * sizeof *result);
    return result;
}

static void add_course(struct benchmark_run *run, const char *name, const struct growth_run *growth,
                       const double *values)
{
    struct benchmark_course *course = &run->courses[run->course_count++];
    *course = (struct benchmark_course){ .name = name,
                                         .operations = copy(growth->operations, growth->count),
                                         .values = copy(values, growth->count),
                                         .count = growth->count };
}

/* The heap's verdict, unless only the resident set grows or rose. */
static void judge(struct benchmark_run *run, const struct growth_run *growth)
{
    bool has_heap = probe_allocations_available();
    struct stats_growth heap = { .slope = NAN }, resident = { .slope = NAN };
    if (has_heap) {
        heap = stats_judge_growth(growth->operations, growth->live_bytes, growth->count, STATS_HEAP_LEAST_GROWTH,
                                  STATS_HEAP_LEAST_RISE);
        add_course(run, "live_bytes", growth, growth->live_bytes);
    }
    if (growth->has_resident) {
        resident = stats_judge_growth(growth->operations, growth->resident_bytes, growth->count,
                                      STATS_RESIDENT_LEAST_GROWTH, STATS_RESIDENT_LEAST_RISE);
        add_course(run, "rss_bytes", growth, growth->resident_bytes);
    }
    bool is_resident = !has_heap || (growth->has_resident && resident.verdict > heap.verdict);
    const struct stats_growth *verdict = is_resident ? &resident : &heap;
    run->growth = isfinite(verdict->slope) ? stats_growth_name(verdict->verdict) : NULL;
    run->growth_of = is_resident ? "rss_bytes" : "live_bytes";
    run->growth_bytes_per_operation = verdict->slope;
}

/* Iterations for the growth run, 0 with the reason in text. */
static int64_t choose_growth_iterations(const struct benchmark_runner *runner, const struct benchmark_run *run,
                                        char *text, size_t size)
{
    int64_t fixed = runner->instance->family->iterations, wanted = runner->flags->growth;
    int64_t least = STATS_GROWTH_LEAST_COUNT;
    if (fixed) {
        if (fixed < least)
            snprintf(text, size, "the case runs exactly %lld iterations, and growth shows from %lld on",
                     (long long)fixed, (long long)least);
        return fixed >= least ? fixed : 0;
    }
    if (affordable(run, GROWTH_MAX_SECONDS) < least) {
        snprintf(text, size, "%lld operations, the fewest that show growth, take more than %g s", (long long)least,
                 GROWTH_MAX_SECONDS);
        return 0;
    }
    int64_t most = affordable(run, GROWTH_SECONDS);
    wanted = wanted < most ? wanted : most;
    return wanted > least ? wanted : least;
}

void benchmark_memory_growth(struct benchmark_runner *runner, struct benchmark_run *run)
{
    char reason[160] = "";
    struct growth_run *growth = mem_alloc(sizeof *growth);
    struct benchmark_watch watch = {
        .begin = begin_growth, .step = read_growth, .end = end_growth, .context = growth, .steps = GROWTH_STEPS
    };
    growth->threads = runner->instance->threads;
    growth->has_resident = true;
    int64_t iterations = choose_growth_iterations(runner, run, reason, sizeof reason);
    if (iterations && benchmark_runner_watch_anew(runner, &watch, iterations) <= 0)
        snprintf(reason, sizeof reason, "the run that looks for growth was skipped or failed");
    else if (iterations && growth->count < STATS_GROWTH_LEAST_COUNT)
        snprintf(reason, sizeof reason, "memory was read at %zu points only, and growth shows from %d on",
                 growth->count, STATS_GROWTH_LEAST_COUNT);
    else if (iterations)
        judge(run, growth);
    if (!run->growth)
        add_absent(run, "growth_bytes_per_operation", reason[0] ? reason : "/proc/self/status cannot be read", NULL);
    free(growth);
}
