/* threads.c: one run of a case's function, on as many threads as the case has, and what they measured together.
 *
 * Every thread has a state and a measurement of its own; they meet at a barrier when the loop starts and when it ends,
 * so that no timer runs before all have arrived and no thread's clean-up disturbs another one's loop. A thread that
 * returns leaves the barrier. Nobody spins: what waits burns no CPU time in somebody's window, but for a few turns of
 * letting others run, which cost what going to sleep does.
 *
 * Threads come from a pool that lives until benchmark_shutdown, or from the family's own runner. Nothing forces that
 * runner to run every index: whoever waits at the barrier for longer than start_limit_ns stops expecting the threads
 * that have not even started, and the run ends as an error. */
#include "harness/benchmark/internal.h"
#include "harness/base/barrier.h"
#include "harness/base/cpu.h"
#include "harness/base/futex.h"
#include "harness/base/mem.h"
#include "harness/base/pool.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_START_LIMIT_NS 10000000000LL
#define CLOSED                 (1u << 31) /* in started: who comes now is too late */

/* What one thread of a run leaves. */
struct slot {
    struct benchmark_measurement measurement;
    void *fixture;
    double *values_ns; /* BENCHMARK_VALUE_LIMIT */
    _Atomic bool taken;
    struct probe_scheduling_monitor monitor; /* of this thread of the pool */
    struct probe_scheduling scheduling;      /* in this run */
    bool has_stack;                          /* of its own or the next one, for signal handlers */
    void *stack;                             /* lent; NULL = none */
    char padding[128];                       /* no cache line in common with the next thread's */
};

struct benchmark_team {
    struct barrier barrier;
    _Atomic uint32_t started;  /* threads, and CLOSED */
    _Atomic uint32_t finished; /* threads that have returned */
    _Atomic uint32_t order;    /* of messages and labels, over all threads of a run */
    struct pool *pool;         /* NULL until a case has several threads, or CPUs were given */
    pid_t pool_owner;          /* the process whose threads those are */
    struct slot **slots;
    int slot_count;
    int *cpus, cpu_count; /* thread i runs on cpus[i % cpu_count]; 0 = anywhere */
    int64_t start_limit_ns;
    struct probe_scheduling scheduling; /* of the last run on the pool's threads */
    /* The current run. */
    const struct benchmark_instance *instance;
    void *fixture;
    int64_t iterations;
    _Atomic bool is_busy;
};

struct benchmark_team *benchmark_team_create(const int *cpus, int cpu_count)
{
    struct benchmark_team *team = mem_alloc(sizeof *team);
    team->start_limit_ns = DEFAULT_START_LIMIT_NS;
    if (cpu_count > 0) {
        team->cpus = mem_array((size_t)cpu_count, sizeof *cpus);
        memcpy(team->cpus, cpus, (size_t)cpu_count * sizeof *cpus);
        team->cpu_count = cpu_count;
        if (!pool_create_growing(&team->pool, cpus, cpu_count, NULL)) /* pins this thread, too */
            team->pool_owner = getpid();
    }
    return team;
}

/* What belonged to threads that are not there any more. */
static void forget_threads(struct benchmark_team *team)
{
    for (int i = 0; i < team->slot_count; i++) {
        struct slot *slot = team->slots[i];
        probe_scheduling_monitor_close(&slot->monitor);
        slot->monitor = (struct probe_scheduling_monitor){ .of_thread = true };
        free(slot->stack);
        slot->stack = NULL;
        slot->has_stack = false;
    }
}

void benchmark_team_release(struct benchmark_team *team)
{
    if (!team)
        return;
    if (team->pool_owner == getpid())
        pool_destroy(team->pool);
    forget_threads(team);
    for (int i = 0; i < team->slot_count; i++) {
        free(team->slots[i]->values_ns);
        free(team->slots[i]);
    }
    free(team->slots);
    free(team->cpus);
    free(team);
}

bool benchmark_team_is_busy(const struct benchmark_team *team)
{
    return team && atomic_load(&team->is_busy);
}

int benchmark_team_sleepers(const struct benchmark_team *team)
{
    return team->pool && team->pool_owner == getpid() ? pool_thread_count(team->pool) - 1 : 0;
}

bool benchmark_team_watches(const struct benchmark_instance *instance)
{
    return instance->threads > 1 && !instance->family->thread_runner;
}

const struct probe_scheduling *benchmark_team_scheduling(const struct benchmark_team *team)
{
    return &team->scheduling;
}

void benchmark_team_set_start_limit(struct benchmark_team *team, int64_t limit_ns)
{
    team->start_limit_ns = limit_ns;
}

/* ---- inside the run, on any of its threads ---- */

/* Stops expecting the threads that have not started. The first call counts. */
static uint32_t close_start(struct benchmark_team *team)
{
    uint32_t started = atomic_fetch_or(&team->started, CLOSED);
    int missing = team->instance->threads - (int)(started & ~CLOSED);
    if (!(started & CLOSED) && missing > 0)
        barrier_leave(&team->barrier, missing);
    return started & ~CLOSED;
}

void benchmark_team_meet(struct benchmark_team *team)
{
    uint32_t phase = barrier_arrive(&team->barrier);
    int64_t limit_ns = team->instance->family->thread_runner ? team->start_limit_ns : 0;
    while (!barrier_wait(&team->barrier, phase, limit_ns)) {
        close_start(team);
        limit_ns = 0;
    }
}

uint32_t benchmark_team_next_order(struct benchmark_team *team)
{
    return atomic_fetch_add(&team->order, 1) + 1;
}

static void call_function(const struct benchmark *family, struct benchmark_state *state)
{
    if (family->set_up)
        family->set_up(state);
    if (!state->skipped)
        family->function(state);
    if (!state->started && !state->skipped)
        benchmark_state_skip_with_error(state, "The benchmark didn't run, nor was it explicitly skipped. Please call "
                                               "'SkipWithXXX` in your benchmark as appropriate.");
    else if (!state->finished && !state->skipped)
        benchmark_state_skip_with_error(state, "The benchmark returned before its loop had ended.");
    if (family->tear_down)
        family->tear_down(state);
}

/* alone: the others of this run do not exist. */
static void run_thread(struct benchmark_team *team, int index, bool alone, struct benchmark_measurement *measurement,
                       void **fixture)
{
    const struct benchmark_instance *instance = team->instance;
    struct benchmark_state state = {
        .max_iterations = team->iterations,
        .thread_index = index,
        .threads = instance->threads,
        .args = instance->args,
        .arg_count = instance->arg_count,
        .name = instance->family->name,
        .user_data = instance->family->user_data,
        .fixture = team->fixture,
        .measurement = measurement,
    };
    struct benchmark_perf *perf = alone ? NULL : benchmark_registry_get()->perf;
    struct benchmark_metrics *metrics = alone ? NULL : benchmark_registry_get()->metrics;
    benchmark_perf_begin(perf, measurement, instance->threads);
    benchmark_metrics_begin(metrics, measurement, instance->threads);
    call_function(instance->family, &state);
    benchmark_perf_end(perf, measurement);
    benchmark_metrics_end(metrics, measurement);
    if (measurement->profiler && state.started && !state.finished) /* it left the loop early */
        measurement->profiler->before_teardown_stop(measurement->profiler->context);
    measurement->skipped = state.skipped;
    measurement->iterations = benchmark_state_iterations(&state);
    *fixture = state.fixture;
}

/* False if it is too late. */
static bool enter(struct benchmark_team *team)
{
    uint32_t started = atomic_load(&team->started);
    while (!(started & CLOSED))
        if (atomic_compare_exchange_weak(&team->started, &started, started + 1))
            return true;
    return false;
}

/* A thread that comes a second time, too late or with an index that does not exist has nothing to do. */
static void run_member(void *context, int index)
{
    struct benchmark_team *team = context;
    if (index < 0 || index >= team->instance->threads || atomic_exchange(&team->slots[index]->taken, true) ||
        !enter(team))
        return;
    struct slot *slot = team->slots[index];
    run_thread(team, index, false, &slot->measurement, &slot->fixture);
    barrier_leave(&team->barrier, 1);
    atomic_fetch_add(&team->finished, 1);
    futex_wake(&team->finished, FUTEX_EVERYBODY);
}

/* Slot i is always the same thread of the pool, which has its monitor there. */
static void run_pooled(void *context, int index, int thread_count)
{
    struct benchmark_team *team = context;
    struct slot *slot = team->slots[index];
    struct benchmark_measurement *measurement = &slot->measurement;
    int64_t off_cpu_ns = INT64_MAX; /* process time does not tell how long this thread was off the CPU */
    (void)thread_count;
    if (index > 0 && !slot->has_stack) /* ending.c lends thread 0 one */
        slot->stack = benchmark_ending_lend_stack();
    slot->has_stack = true;
    if (measurement->process_cpu)
        slot->monitor.has_last = false;
    probe_scheduling_begin(&slot->monitor);
    run_thread(team, index, false, measurement, &slot->fixture);
    barrier_leave(&team->barrier, 1);
    if (!measurement->process_cpu)
        off_cpu_ns = measurement->real_ns - measurement->cpu_ns;
    slot->scheduling = probe_scheduling_end(&slot->monitor, off_cpu_ns);
}

/* On a thread of the user's runner, which is not ours to keep pinned. */
static void run_foreign(void *context, int index)
{
    const struct benchmark_team *team = context;
    int before[1024], count = 0;
    if (team->cpu_count && index >= 0) {
        count = cpu_allowed(before, 1024);
        cpu_pin_thread(&team->cpus[index % team->cpu_count], 1, NULL);
    }
    run_member(context, index);
    if (count)
        cpu_pin_thread(before, count < 1024 ? count : 1024, NULL);
}

/* ---- what the threads measured, together ---- */

/* Appends part's values, both thinned out to the coarser stride, and further until all fit. */
static void add_values(struct benchmark_measurement *total, const struct benchmark_measurement *part)
{
    uint64_t stride = total->value_stride > part->value_stride ? total->value_stride : part->value_stride;
    size_t total_step, part_step, kept, added;
    if (!part->value_count)
        return;
    for (;; stride *= 2) {
        total_step = (size_t)(stride / total->value_stride);
        part_step = (size_t)(stride / part->value_stride);
        kept = (total->value_count + total_step - 1) / total_step;
        added = (part->value_count + part_step - 1) / part_step;
        if (kept + added <= BENCHMARK_VALUE_LIMIT)
            break;
    }
    for (size_t i = 0; i < kept; i++)
        total->values_ns[i] = total->values_ns[i * total_step];
    for (size_t i = 0; i < added; i++)
        total->values_ns[kept + i] = part->values_ns[i * part_step];
    total->value_count = kept + added;
    total->value_stride = stride;
}

/* Threads that computed the same thing have its digest; otherwise all go in, in the order of the threads. */
static void add_digest(struct benchmark_measurement *total, const struct benchmark_measurement *part)
{
    if (!part->has_digest)
        return;
    if (total->has_digest && total->digest != part->digest)
        total->digest = (total->digest ^ part->digest) * 0x9e3779b97f4a7c15u + part->digest;
    else
        total->digest = part->digest;
    total->has_digest = true;
}

/* Moves a text if it is the one to keep. */
static void take_text(char **text, uint32_t *order, char **other, uint32_t other_order, bool other_wins)
{
    if (!*other || (*text && !other_wins))
        return;
    free(*text);
    *text = *other;
    *order = other_order;
    *other = NULL;
}

/* Sums of the times and counters; the first message and the last label. */
static void add_measurement(struct benchmark_measurement *total, struct benchmark_measurement *part)
{
    if (part->skipped && (!total->skipped || part->skip_order < total->skip_order))
        total->skipped = part->skipped;
    take_text(&total->skip_message, &total->skip_order, &part->skip_message, part->skip_order,
              part->skip_order < total->skip_order);
    take_text(&total->label, &total->label_order, &part->label, part->label_order,
              part->label_order > total->label_order);
    total->iterations += part->iterations;
    total->real_ns += part->real_ns;
    total->cpu_ns += part->cpu_ns;
    total->manual_seconds += part->manual_seconds;
    total->complexity_n += part->complexity_n;
    /* The count is the process's, and the threads' windows are nearly the same. */
    if (part->allocations > total->allocations)
        total->allocations = part->allocations;
    for (size_t i = 0; i < part->counters.count; i++) {
        const struct benchmark_counter *counter = &part->counters.items[i];
        bool known = benchmark_counters_find(&total->counters, counter->name) != NULL;
        struct benchmark_counter *sum = benchmark_counters_at(&total->counters, counter->name);
        sum->value += counter->value;
        if (!known) {
            sum->flags = counter->flags;
            sum->base = counter->base;
        }
    }
    benchmark_perf_merge(total, part);
    benchmark_spans_append(&total->spans, &part->spans);
    add_values(total, part);
    add_digest(total, part);
    benchmark_samples_append(&total->samples, &part->samples);
    benchmark_noise_merge(&total->noise, &part->noise);
    total->pauses.cheap_count += part->pauses.cheap_count;
    total->pauses.error_ns += part->pauses.error_ns;
    total->form = part->form;
    total->turn_iterations = part->turn_iterations;
}

/* ---- a run ---- */

/* total: how all threads measure. */
static int prepare_slots(struct benchmark_team *team, int threads, const struct benchmark_measurement *total)
{
    if (threads > team->slot_count)
        team->slots = mem_resize(team->slots, (size_t)threads, sizeof *team->slots);
    while (team->slot_count < threads) {
        struct slot *slot = mem_alloc(sizeof *slot);
        slot->monitor.of_thread = true;
        slot->values_ns = mem_array(BENCHMARK_VALUE_LIMIT, sizeof *slot->values_ns);
        team->slots[team->slot_count++] = slot;
    }
    for (int i = 0; i < threads; i++) {
        struct slot *slot = team->slots[i];
        slot->measurement.values_ns = slot->values_ns;
        benchmark_measurement_reset(&slot->measurement);
        slot->measurement.process_cpu = total->process_cpu;
        slot->measurement.exact_pauses = total->exact_pauses;
        slot->measurement.calibration = total->calibration;
        slot->measurement.watch = total->watch;
        slot->measurement.samples.limit = total->samples.limit;
        slot->measurement.samples.is_manual = total->samples.is_manual;
        slot->measurement.noise.is_on = total->noise.is_on;
        slot->measurement.noise.of_thread = total->noise.of_thread;
        slot->measurement.team = team;
        slot->fixture = team->fixture;
        atomic_store(&slot->taken, false);
    }
    return threads;
}

/* Returns how many threads ran. */
static int run_with_runner(struct benchmark_team *team)
{
    const struct benchmark *family = team->instance->family;
    family->thread_runner(family->thread_runner_data, team->instance->threads, run_foreign, team);
    uint32_t started = close_start(team), finished;
    while ((finished = atomic_load(&team->finished)) < started)
        futex_wait(&team->finished, finished, FUTEX_EVERYBODY, 0);
    return (int)started;
}

static void run_with_pool(struct benchmark_team *team)
{
    int threads = team->instance->threads;
    pool_run_on(team->pool, threads, run_pooled, team);
    team->scheduling = team->slots[0]->scheduling;
    for (int i = 1; i < threads; i++)
        probe_scheduling_add(&team->scheduling, &team->slots[i]->scheduling);
}

static int reserve_pool(struct benchmark_team *team, struct error *error)
{
    if (team->pool_owner != getpid()) { /* fork leaves the child without the threads: it starts its own */
        int code = pool_create_growing(&team->pool, team->cpus, team->cpu_count, error);
        if (code)
            return code;
        team->pool_owner = getpid();
        forget_threads(team);
    }
    return pool_reserve(team->pool, team->instance->threads, error);
}

/* Several threads, or one of somebody else's. */
static int run_group(struct benchmark_team *team, struct benchmark_measurement *total, struct error *error)
{
    bool is_pooled = !team->instance->family->thread_runner;
    int threads = team->instance->threads, code = is_pooled ? reserve_pool(team, error) : 0;
    if (code)
        return code;
    int ran = prepare_slots(team, threads, total);
    barrier_start(&team->barrier, threads);
    atomic_store(&team->order, 0);
    atomic_store(&team->finished, 0);
    atomic_store(&team->started, 0);
    atomic_store(&team->is_busy, true);
    if (is_pooled)
        run_with_pool(team);
    else
        ran = run_with_runner(team);
    atomic_store(&team->is_busy, false);
    for (int i = 0; i < threads; i++)
        add_measurement(total, &team->slots[i]->measurement);
    if (ran < threads)
        code = error_set(error, ERROR_STATE, "the thread runner started %d of %d threads", ran, threads);
    return code;
}

void benchmark_team_run_alone(struct benchmark_team *team, const struct benchmark_instance *instance,
                              int64_t iterations, void **fixture, struct benchmark_measurement *measurement)
{
    void *left = *fixture;
    team->instance = instance;
    team->iterations = iterations;
    team->fixture = *fixture;
    run_thread(team, 0, true, measurement, &left);
    if (!instance->family->set_up && !instance->family->tear_down)
        *fixture = left;
}

int benchmark_team_run(struct benchmark_team *team, const struct benchmark_instance *instance, int64_t iterations,
                       void **fixture, struct benchmark_measurement *total, struct error *error)
{
    int code = 0;
    bool own_fixture = instance->family->set_up || instance->family->tear_down;
    void *left = *fixture;
    team->instance = instance;
    team->iterations = iterations;
    team->fixture = *fixture;
    if (instance->threads == 1 && !instance->family->thread_runner) {
        run_thread(team, 0, false, total, &left);
    } else {
        code = run_group(team, total, error);
        left = code ? *fixture : team->slots[0]->fixture;
        for (int i = 0; i < instance->threads && i < team->slot_count; i++)
            benchmark_measurement_reset(&team->slots[i]->measurement);
    }
    if (!own_fixture) /* what a fixture's set_up leaves is its thread's */
        *fixture = left;
    return code;
}
