/* runner.c: one case: warm-up, the search for the iteration count, the repetitions.
 *
 * Only accepted runs become records; the trials before them are thrown away. */
#include "harness/benchmark/internal.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/probe/probe_allocations.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ITERATIONS 1000000000000LL
enum { MEMORY_ITERATIONS = 16, RECORDS_AT_ONCE = 256 };

/* What one run of the function gave. */
struct trial {
    enum benchmark_skip skipped;
    int64_t iterations;
    double real_seconds, cpu_seconds, manual_seconds;
    struct probe_scheduling scheduling;
    struct benchmark_measurement measurement;
};

static double driving_seconds(const struct benchmark *family, const struct trial *trial)
{
    if (family->manual_time)
        return trial->manual_seconds;
    return family->real_time ? trial->real_seconds : trial->cpu_seconds;
}

static struct benchmark_state new_state(const struct benchmark_runner *runner, struct trial *trial, int64_t iterations)
{
    const struct benchmark_instance *instance = runner->instance;
    return (struct benchmark_state){
        .max_iterations = iterations,
        .threads = instance->threads,
        .args = instance->args,
        .arg_count = instance->arg_count,
        .name = instance->family->name,
        .user_data = instance->family->user_data,
        .fixture = runner->fixture,
        .measurement = &trial->measurement,
    };
}

static void begin_trial(const struct benchmark_runner *runner, struct trial *trial)
{
    *trial = (struct trial){ .measurement = { .values_ns = runner->values_ns, .value_stride = 1 } };
    trial->measurement.process_cpu = runner->instance->family->process_cpu;
    trial->measurement.calibration = runner->calibration;
    trial->measurement.watch = runner->watch;
    trial->measurement.samples.limit = runner->watch ? runner->watch->steps : runner->samples;
    trial->measurement.samples.is_manual = runner->instance->family->manual_time;
    trial->measurement.callgrind.is_on = runner->callgrind && !runner->watch;
    trial->measurement.callgrind.may_add_turn = runner->callgrind_may_add_turn;
    if (runner->flags->noise && !runner->callgrind && !runner->watch)
        benchmark_noise_prepare(&trial->measurement.noise, runner->instance);
}

/* Calls a setup or teardown. If it skips, the trial is skipped (first message wins). */
static void call_hook(struct benchmark_runner *runner, struct trial *trial, benchmark_function *hook)
{
    if (!hook)
        return;
    struct benchmark_state state = new_state(runner, trial, 1);
    state.skipped = trial->skipped;
    locale_t plain = uselocale(runner->callers_locale);
    hook(&state);
    uselocale(plain);
    trial->skipped = state.skipped;
    runner->fixture = state.fixture;
}

static void call_function(struct benchmark_runner *runner, struct trial *trial, int64_t iterations)
{
    struct probe_scheduling_monitor *scheduling = &benchmark_registry_get()->scheduling;
    struct benchmark_measurement *measurement = &trial->measurement;
    struct error error;
    bool watched = benchmark_team_watches(runner->instance);
    bool is_recent = runner->now_ns && !runner->instance->family->setup;
    scheduling->sleepers = benchmark_team_sleepers(runner->team);
    if (!watched)
        probe_scheduling_begin_at(scheduling, is_recent ? runner->now_ns : clock_wall_ns());
    locale_t plain = uselocale(runner->callers_locale);
    int code = benchmark_team_run(runner->team, runner->instance, iterations, &runner->fixture, measurement, &error);
    uselocale(plain);
    trial->scheduling = watched ? *benchmark_team_scheduling(runner->team)
                                : probe_scheduling_end(scheduling, measurement->real_ns - measurement->cpu_ns);
    if (code && !measurement->skipped) {
        measurement->skipped = BENCHMARK_SKIPPED_WITH_ERROR;
        measurement->skip_message = mem_strdup(error.text);
    }
    benchmark_noise_remember(&benchmark_registry_get()->clock_history, &measurement->noise);
    trial->skipped = measurement->skipped;
    trial->iterations = measurement->iterations;
    trial->real_seconds = (double)measurement->real_ns / 1e9;
    trial->cpu_seconds = (double)measurement->cpu_ns / 1e9;
    trial->manual_seconds = measurement->manual_seconds;
}

/* Setup, function, teardown. */
static void run_once(struct benchmark_runner *runner, struct trial *trial, int64_t iterations)
{
    const struct benchmark *family = runner->instance->family;
    begin_trial(runner, trial);
    call_hook(runner, trial, family->setup);
    if (runner->flags->verbosity >= 2)
        fprintf(stderr, "-- LOG(2): Running %s for %lld\n", runner->instance->name, (long long)iterations);
    if (!trial->skipped)
        call_function(runner, trial, iterations);
    if (runner->flags->verbosity >= 2)
        fprintf(stderr, "-- LOG(2): Ran in %g/%g\n", trial->cpu_seconds, trial->real_seconds);
    call_hook(runner, trial, family->teardown);
}

int64_t benchmark_runner_predict(int64_t iterations, double seconds, double min_seconds, double *multiplier)
{
    *multiplier = min_seconds * 1.4 / fmax(seconds, 1e-9);
    if (seconds / min_seconds <= 0.1)
        *multiplier = 10; /* too short to extrapolate from */
    double next = fmax(*multiplier * (double)iterations, (double)iterations + 1);
    return next < (double)MAX_ITERATIONS ? llround(next) : MAX_ITERATIONS;
}

/* What one thread did: in batches it may be more than was asked for. */
static int64_t thread_iterations(const struct benchmark_runner *runner, const struct trial *trial)
{
    return trial->iterations / runner->instance->threads;
}

static bool is_accepted(const struct benchmark_runner *runner, const struct trial *trial, double min_seconds)
{
    const struct benchmark *family = runner->instance->family;
    double seconds = driving_seconds(family, trial);
    int64_t iterations = thread_iterations(runner, trial);
    if (trial->skipped || runner->explicit_iterations || runner->flags->dry_run || iterations >= runner->max_iterations)
        return true;
    /* A manual time that does not grow would never be long enough. */
    return iterations >= runner->min_iterations && (seconds >= min_seconds || (trial->real_seconds >= 5 * min_seconds &&
                                                                               (!family->manual_time || seconds <= 0)));
}

/* The next iteration count; that of the last trial if the limits leave nothing to try. wall_seconds: of that trial,
 * with everything around the loop; left_seconds: of the time that the search may take. */
static int64_t next_iterations(const struct benchmark_runner *runner, const struct trial *trial, double min_seconds,
                               double wall_seconds, double left_seconds)
{
    double multiplier, seconds = driving_seconds(runner->instance->family, trial);
    int64_t done = thread_iterations(runner, trial);
    int64_t next = benchmark_runner_predict(done, seconds, min_seconds, &multiplier);
    if (next < runner->min_iterations)
        next = runner->min_iterations;
    if (next > runner->max_iterations)
        next = runner->max_iterations;
    if (runner->max_time > 0) {
        double affordable = left_seconds / fmax(wall_seconds, 1e-9) * (double)done;
        if (affordable < (double)next)
            next = affordable > (double)done ? (int64_t)affordable : done;
    }
    if (runner->flags->verbosity >= 3)
        fprintf(stderr, "-- LOG(3): Next iters: %lld, %g\n", (long long)next, multiplier);
    return next;
}

/* Runs with growing iteration counts until one is long enough, or no time is left; leaves that run in trial. */
static void search(struct benchmark_runner *runner, struct trial *trial, double min_seconds)
{
    int64_t start_ns = clock_wall_ns();
    for (;;) {
        int64_t before_ns = clock_wall_ns();
        run_once(runner, trial, runner->iterations);
        if (is_accepted(runner, trial, min_seconds))
            return;
        int64_t now_ns = clock_wall_ns();
        double left_seconds = runner->max_time - (double)(now_ns - start_ns) / 1e9;
        int64_t next = next_iterations(runner, trial, min_seconds, (double)(now_ns - before_ns) / 1e9, left_seconds);
        if (next <= thread_iterations(runner, trial))
            return;
        runner->iterations = next;
        benchmark_measurement_reset(&trial->measurement);
    }
}

static void warm_up(struct benchmark_runner *runner)
{
    struct trial trial;
    int64_t start = runner->iterations, explicit_iterations = runner->explicit_iterations;
    runner->explicit_iterations = 0;
    search(runner, &trial, runner->warmup_time);
    benchmark_measurement_reset(&trial.measurement);
    runner->iterations = start;
    runner->explicit_iterations = explicit_iterations;
}

/* How much the clocks matter in this run, how it went from sample to sample, and whether anything was left to run. */
static void add_timing_facts(const struct benchmark_runner *runner, struct benchmark_run *run, struct trial *trial)
{
    struct benchmark_measurement *measurement = &trial->measurement;
    benchmark_samples_summarize(&measurement->samples, &run->samples);
    run->pause_count = measurement->pauses.cheap_count;
    run->pause_error_ns = benchmark_timer_pause_error_ns(measurement);
    if (runner->instance->family->manual_time)
        return;
    run->has_timer_cost = runner->calibration->is_done;
    run->timer_cost_ns = runner->calibration->real_ns * run->threads;
    run->emptiness = benchmark_calibration_find_emptiness(measurement, run->iterations,
                                                          fmin(trial->real_seconds, trial->cpu_seconds));
    if (run->emptiness == BENCHMARK_LOOP_DELETED)
        fprintf(stderr, "%s: nothing is left of the loop's body: the compiler deleted it (benchmark_do_not_optimize)\n",
                run->run_name);
}

static void warn_of_keys(const struct benchmark_run *run)
{
    for (size_t i = 0; i < run->counters.count; i++)
        if (benchmark_counters_is_key(run->counters.items[i].name))
            fprintf(stderr, "%s: counter \"%s\": every JSON record has a key of that name; call it something else\n",
                    run->run_name, run->counters.items[i].name);
}

/* Of a run that was not skipped. Takes what trial owns. */
static void add_results(const struct benchmark_runner *runner, struct benchmark_run *run, struct trial *trial)
{
    const struct benchmark_instance *instance = runner->instance;
    struct benchmark_measurement *measurement = &trial->measurement;
    run->real_seconds = instance->family->manual_time ? trial->manual_seconds : trial->real_seconds;
    run->cpu_seconds = trial->cpu_seconds;
    run->counters = measurement->counters;
    measurement->counters = (struct benchmark_counters){ 0 };
    run->counter_reports = measurement->counter_reports;
    run->counter_report_count = measurement->counter_report_count;
    measurement->counter_reports = NULL;
    measurement->counter_report_count = 0;
    run->spans = measurement->spans.items;
    run->span_count = measurement->spans.count;
    measurement->spans = (struct benchmark_spans){ 0 };
    if (run->repetition_index == 0)
        warn_of_keys(run);
    benchmark_counters_finish(&run->counters, run->iterations, driving_seconds(instance->family, trial),
                              instance->threads);
    run->has_allocations = probe_allocations_available();
    run->allocations = measurement->allocations;
    add_timing_facts(runner, run, trial);
    run->has_digest = measurement->has_digest;
    run->digest = measurement->digest;
    run->value_count = measurement->value_count;
    if (run->value_count) {
        run->values_ns = mem_array(run->value_count, sizeof *run->values_ns);
        memcpy(run->values_ns, measurement->values_ns, run->value_count * sizeof *run->values_ns);
    }
}

/* A new record of zero bytes. Their number is known, so they need not move as they become more. */
static struct benchmark_run *new_record(struct benchmark_runner *runner)
{
    struct benchmark_runs *runs = &runner->runs;
    if (!runs->items && runner->repetitions > 0) {
        runs->capacity = (size_t)(runner->repetitions < RECORDS_AT_ONCE ? runner->repetitions : RECORDS_AT_ONCE);
        runs->items = mem_resize(NULL, runs->capacity, sizeof *runs->items);
    }
    MEM_GROW(runs->items, runs->count, runs->capacity);
    return memset(&runs->items[runs->count++], 0, sizeof *runs->items);
}

/* Turns an accepted run into a record; takes what trial owns. */
static void add_record(struct benchmark_runner *runner, struct trial *trial, int repetition)
{
    const struct benchmark_instance *instance = runner->instance;
    struct benchmark_measurement *measurement = &trial->measurement;
    struct benchmark_run *run = new_record(runner);
    run->run_name = instance->name;
    run->family_index = instance->family_index;
    run->instance_index = instance->instance_index;
    run->repetitions = runner->repetitions;
    run->repetition_index = repetition;
    run->threads = instance->threads;
    run->skipped = trial->skipped;
    run->skip_message = measurement->skip_message;
    run->label = measurement->label;
    run->iterations = trial->iterations;
    run->complexity_n = measurement->complexity_n;
    run->unit = runner->unit;
    run->value_stride = measurement->value_stride;
    run->has_run_delay = trial->scheduling.has_run_delay;
    run->run_delay_ns = trial->scheduling.run_delay_ns;
    run->callgrind_iterations = measurement->callgrind.counted;
    run->has_involuntary_switches = trial->scheduling.has_switches;
    run->involuntary_switches = trial->scheduling.involuntary_count;
    measurement->skip_message = measurement->label = NULL;
    if (!trial->skipped) {
        add_results(runner, run, trial);
        benchmark_noise_report(run, measurement, &benchmark_registry_get()->clock_history);
    }
    benchmark_measurement_release(measurement);
}

/* One run of as many iterations as the case insists on. */
static void configure_callgrind(struct benchmark_runner *runner)
{
    runner->callgrind = true;
    runner->callgrind_may_add_turn = runner->explicit_iterations == 0;
    if (!runner->explicit_iterations)
        runner->explicit_iterations = runner->iterations;
    runner->warmup_time = 0;
    runner->repetitions = 1;
    runner->samples = 0;
    runner->memory_manager = NULL;
    runner->profiler_manager = NULL;
}

static void configure(struct benchmark_runner *runner, const struct benchmark_registry *registry)
{
    const struct benchmark *family = runner->instance->family;
    const struct benchmark_flags *flags = runner->flags;
    bool dry_run = flags->dry_run;
    runner->unit = family->has_unit ? family->unit : registry->default_unit;
    runner->min_time = family->min_time > 0 ? family->min_time : flags->min_time_seconds;
    runner->warmup_time = family->min_warmup_time > 0 ? family->min_warmup_time : flags->min_warmup_time;
    runner->explicit_iterations = family->iterations ? family->iterations : flags->min_time_iterations;
    runner->repetitions = family->repetitions ? family->repetitions : flags->repetitions;
    if (dry_run) {
        runner->min_time = runner->warmup_time = 0;
        runner->explicit_iterations = 1;
        runner->repetitions = 1;
    }
    runner->min_iterations = family->min_iterations ? family->min_iterations : flags->min_iterations;
    runner->max_iterations = family->max_iterations ? family->max_iterations : flags->max_iterations;
    if (!runner->max_iterations || runner->max_iterations > MAX_ITERATIONS)
        runner->max_iterations = MAX_ITERATIONS;
    if (runner->min_iterations > runner->max_iterations) /* one of the two comes from a flag */
        runner->min_iterations = runner->max_iterations;
    runner->max_time = family->max_time > 0 ? family->max_time : flags->max_time;
    runner->iterations = runner->explicit_iterations ? runner->explicit_iterations : 1;
    if (!runner->explicit_iterations && runner->iterations < runner->min_iterations)
        runner->iterations = runner->min_iterations;
    runner->samples = family->samples ? family->samples : flags->samples;
    if (flags->callgrind)
        configure_callgrind(runner);
    runner->calibration = &registry->calibration;
    runner->display_aggregates_only = flags->report_aggregates_only || flags->display_aggregates_only;
    runner->file_aggregates_only = flags->report_aggregates_only;
    if (family->aggregate_mode != BENCHMARK_AGGREGATES_UNSPECIFIED) {
        runner->display_aggregates_only = family->aggregate_mode & BENCHMARK_AGGREGATES_ONLY_ON_DISPLAY;
        runner->file_aggregates_only = family->aggregate_mode & BENCHMARK_AGGREGATES_ONLY_IN_FILE;
    }
}

/* ---- managers: extra runs of thread 0 alone ---- */

static void start_alone(struct benchmark_runner *runner, struct trial *trial)
{
    begin_trial(runner, trial);
    trial->measurement.samples.limit = 0; /* it would allocate */
    call_hook(runner, trial, runner->instance->family->setup);
}

static void finish_alone(struct benchmark_runner *runner, struct trial *trial)
{
    call_hook(runner, trial, runner->instance->family->teardown);
    benchmark_measurement_reset(&trial->measurement);
}

static void run_memory_manager(struct benchmark_runner *runner, struct benchmark_run *run)
{
    const struct benchmark_memory_manager *manager = runner->memory_manager;
    struct benchmark_memory_result result = { .total_allocated_bytes = BENCHMARK_MEMORY_ABSENT,
                                              .net_heap_growth = BENCHMARK_MEMORY_ABSENT };
    /* So few, that what is allocated once weighs little in the time that this takes. */
    int64_t iterations = runner->iterations < MEMORY_ITERATIONS ? runner->iterations : MEMORY_ITERATIONS;
    struct trial trial;
    start_alone(runner, &trial);
    if (!trial.skipped) {
        locale_t plain = uselocale(runner->callers_locale);
        manager->start(manager->context);
        benchmark_team_run_alone(runner->team, runner->instance, iterations, &runner->fixture, &trial.measurement);
        manager->stop(manager->context, &result);
        uselocale(plain);
        run->has_memory = !trial.measurement.skipped;
        run->memory = result;
        run->allocs_per_iter = (double)result.num_allocs / (double)iterations;
    }
    finish_alone(runner, &trial);
}

static void run_profiler_manager(struct benchmark_runner *runner)
{
    struct trial trial;
    start_alone(runner, &trial);
    trial.measurement.profiler = runner->profiler_manager;
    locale_t plain = uselocale(runner->callers_locale);
    if (!trial.skipped)
        benchmark_team_run_alone(runner->team, runner->instance, runner->iterations, &runner->fixture,
                                 &trial.measurement);
    uselocale(plain);
    finish_alone(runner, &trial);
}

/* A call of the function that callgrind does not see: what it does only once is done then. */
static void rehearse(struct benchmark_runner *runner)
{
    struct trial trial;
    runner->callgrind = false;
    run_once(runner, &trial, runner->iterations);
    benchmark_measurement_reset(&trial.measurement);
    runner->callgrind = true;
}

/* ---- runs under a watch ---- */

int64_t benchmark_runner_watch(struct benchmark_runner *runner, struct benchmark_watch *watch, int64_t iterations)
{
    struct trial trial;
    runner->watch = watch;
    run_once(runner, &trial, iterations);
    runner->watch = NULL;
    if (watch->is_open) /* the function left its loop */
        watch->end(watch->context, trial.iterations);
    benchmark_measurement_reset(&trial.measurement);
    return trial.skipped ? 0 : trial.iterations;
}

int64_t benchmark_runner_watch_anew(struct benchmark_runner *runner, struct benchmark_watch *watch, int64_t iterations)
{
    const struct benchmark *family = runner->instance->family;
    struct trial setup;
    int64_t done = 0;
    begin_trial(runner, &setup);
    call_hook(runner, &setup, family->setup_case);
    if (!setup.skipped)
        done = benchmark_runner_watch(runner, watch, iterations);
    call_hook(runner, &setup, family->teardown_case);
    runner->fixture = NULL;
    benchmark_measurement_reset(&setup.measurement);
    return done;
}

/* The first repetition warms up and finds the iteration count; the others use it. */
static void run_repetition(struct benchmark_runner *runner)
{
    struct trial trial;
    if (runner->done == 0 && runner->warmup_time > 0)
        warm_up(runner);
    if (runner->callgrind && !runner->callgrind_may_add_turn && runner->explicit_iterations == 1)
        rehearse(runner);
    if (runner->done == 0)
        search(runner, &trial, runner->min_time);
    else
        run_once(runner, &trial, runner->iterations);
    add_record(runner, &trial, runner->done++);
    struct benchmark_run *run = &runner->runs.items[runner->runs.count - 1];
    if (runner->peak_rss && !run->skipped)
        benchmark_memory_read_peak(run);
    if (runner->flags->memory && !run->skipped)
        benchmark_memory_run(runner, run);
    if (runner->flags->allocation_profile[0] && !run->skipped && runner->done == runner->repetitions)
        benchmark_record_run(runner, run);
    if (runner->memory_manager && !run->skipped)
        run_memory_manager(runner, run);
    if (runner->profiler_manager && !run->skipped)
        run_profiler_manager(runner);
    runner->now_ns = clock_wall_ns();
}

void benchmark_runner_start(struct benchmark_runner *runner, const struct benchmark_instance *instance,
                            struct benchmark_registry *registry, double *values_ns)
{
    *runner = (struct benchmark_runner){ .instance = instance,
                                         .flags = &registry->flags,
                                         .callers_locale = registry->callers_locale,
                                         .team = benchmark_registry_team(registry),
                                         .memory_manager = registry->memory_manager,
                                         .profiler_manager = registry->profiler_manager,
                                         .values_ns = values_ns };
    configure(runner, registry);
}

/* Skips a case that makes no sense, or not here, before anything of it runs. */
static bool refuse(struct benchmark_runner *runner, struct trial *trial)
{
    const char *problem = runner->instance->family->problem;
    int threads = runner->instance->threads;
    struct benchmark_state state = new_state(runner, trial, 1);
    if (problem)
        benchmark_state_skip_with_error(&state, "%s", problem);
    else if (runner->callgrind && threads > 1)
        benchmark_state_skip_with_message(&state, "it runs on %d threads, and callgrind counts only one", threads);
    trial->skipped = state.skipped;
    return state.skipped;
}

void benchmark_runner_repeat(struct benchmark_runner *runner, int count)
{
    const struct benchmark *family = runner->instance->family;
    struct trial setup;
    runner->peak_rss = benchmark_memory_begin_case(runner->flags);
    runner->now_ns = 0;
    begin_trial(runner, &setup);
    bool is_refused = refuse(runner, &setup);
    if (!is_refused)
        call_hook(runner, &setup, family->setup_case);
    if (setup.skipped) { /* one record says it for all repetitions */
        add_record(runner, &setup, runner->done);
        runner->done = runner->repetitions;
    }
    for (int i = 0; i < count && runner->done < runner->repetitions; i++) {
        run_repetition(runner);
        if (runner->on_repetition)
            runner->on_repetition(runner->context, runner);
    }
    if (!is_refused)
        call_hook(runner, &setup, family->teardown_case);
    runner->fixture = NULL;
    benchmark_measurement_reset(&setup.measurement);
    struct benchmark_run *last = runner->runs.count ? &runner->runs.items[runner->runs.count - 1] : NULL;
    if (runner->flags->growth && last && !last->skipped && runner->done == runner->repetitions)
        benchmark_memory_growth(runner, last);
}

void benchmark_runner_finish(struct benchmark_runner *runner)
{
    benchmark_aggregates_compute(&runner->aggregates, runner->instance->family, runner->runs.items, runner->runs.count);
}

void benchmark_runner_release(struct benchmark_runner *runner)
{
    benchmark_runs_release(&runner->runs);
    benchmark_runs_release(&runner->aggregates);
}
