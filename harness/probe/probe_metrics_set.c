/* probe_metrics_set.c: counting the metrics of a plan in every thread of the process, or in one.
 *
 * Invariant: a thread is counted once: in its own set if it was there when the sets were opened, else in that of the
 * thread that started it, by inheritance. Sets are opened anew when the threads are others. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/probe/probe_energy.h"
#include "harness/probe/probe_metrics.h"
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { USAGE_KINDS = PROBE_METRIC_SWITCHES + 1, ENERGY_KINDS = 2 };

struct thread {
    pid_t id; /* 0 = the calling one */
    struct probe_counters *counters;
};

struct probe_metrics {
    const struct probe_metrics_plan *plan;
    enum probe_metrics_scope scope;
    bool user_reads;
    bool needs_usage; /* something counts by getrusage alone */
    struct thread *threads;
    size_t thread_count, thread_capacity;
    double usage_start[USAGE_KINDS], usage[USAGE_KINDS];
    bool has_energy[ENERGY_KINDS];
    struct probe_energy energy[ENERGY_KINDS];
};

/* ---- threads ---- */

static int compare_ids(const void *a, const void *b)
{
    pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
    return (left > right) - (left < right);
}

/* The process's threads in the order of their ids, the first one first; owned by the caller. */
static pid_t *list_threads(size_t *count)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *entry;
    pid_t *ids = NULL;
    size_t capacity = 0;
    *count = 0;
    while (tasks && (entry = readdir(tasks)) != NULL) {
        int64_t id;
        if (!str_parse_i64(entry->d_name, &id))
            continue;
        MEM_GROW(ids, *count, capacity);
        ids[(*count)++] = (pid_t)id;
    }
    if (tasks)
        closedir(tasks);
    if (*count)
        qsort(ids, *count, sizeof *ids, compare_ids);
    return ids;
}

static void open_thread(struct probe_metrics *set, pid_t id)
{
    struct probe_counters_options options = { .thread = id, .alone = set->user_reads, .user_reads = set->user_reads };
    MEM_GROW(set->threads, set->thread_count, set->thread_capacity);
    set->threads[set->thread_count++] =
        (struct thread){ .id = id,
                         .counters = probe_counters_open_with(probe_metrics_plan_counters(set->plan), &options) };
}

static void open_threads(struct probe_metrics *set)
{
    size_t count = 0;
    pid_t *ids = set->scope == PROBE_METRICS_PROCESS ? list_threads(&count) : NULL;
    for (size_t i = 0; i < count; i++)
        open_thread(set, ids[i]);
    if (!count)
        open_thread(set, 0);
    free(ids);
}

static void close_threads(struct probe_metrics *set)
{
    for (size_t i = 0; i < set->thread_count; i++)
        probe_counters_close(set->threads[i].counters);
    set->thread_count = 0;
}

static bool knows_thread(const struct probe_metrics *set, pid_t id)
{
    for (size_t i = 0; i < set->thread_count; i++)
        if (set->threads[i].id == id)
            return true;
    return false;
}

/* How many there are of whom no set knows. */
static size_t count_strangers(const struct probe_metrics *set, size_t *count)
{
    pid_t *ids = list_threads(count);
    size_t strangers = 0;
    for (size_t i = 0; i < *count; i++)
        strangers += !knows_thread(set, ids[i]);
    free(ids);
    return strangers;
}

/* ---- what needs no events ---- */

static double seconds_ns(clockid_t clock)
{
    struct timespec time = { 0 };
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void read_usage(const struct probe_metrics *set, double *usage)
{
    bool of_thread = set->scope == PROBE_METRICS_THREAD;
    struct rusage reading = { 0 };
    getrusage(of_thread ? RUSAGE_THREAD : RUSAGE_SELF, &reading);
    usage[PROBE_METRIC_CPU_TIME] = seconds_ns(of_thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID);
    usage[PROBE_METRIC_FAULTS] = (double)(reading.ru_minflt + reading.ru_majflt);
    usage[PROBE_METRIC_MINOR_FAULTS] = (double)reading.ru_minflt;
    usage[PROBE_METRIC_MAJOR_FAULTS] = (double)reading.ru_majflt;
    usage[PROBE_METRIC_SWITCHES] = (double)(reading.ru_nvcsw + reading.ru_nivcsw);
}

static bool has_usage(const struct probe_metrics_item *item)
{
    return item->metric && item->metric->fallback > PROBE_METRIC_NO_FALLBACK &&
           item->metric->fallback <= PROBE_METRIC_SWITCHES;
}

static int energy_kind(const struct probe_metrics_item *item)
{
    if (!item->metric || item->metric->fallback < PROBE_METRIC_ENERGY_PACKAGE)
        return -1;
    return item->metric->fallback == PROBE_METRIC_ENERGY_DRAM;
}

/* The first errno that a thread which still lives met, and which term it was. */
static int find_open_errno(const struct probe_metrics *set, const struct probe_metrics_item *item, size_t *thread,
                           size_t *event)
{
    for (size_t t = 0; t < set->thread_count; t++) {
        for (size_t i = 0; i < item->term_count; i++) {
            struct probe_counters_sum sum;
            probe_counters_sum(set->threads[t].counters, item->terms[i].event, &sum);
            if (!sum.open_errno || sum.open_errno == ESRCH)
                continue;
            *thread = t;
            *event = item->terms[i].event;
            return sum.open_errno;
        }
    }
    return 0;
}

static void find_needs(struct probe_metrics *set)
{
    size_t thread, event;
    set->needs_usage = false;
    for (size_t i = 0; i < probe_metrics_plan_count(set->plan); i++) {
        const struct probe_metrics_item *item = probe_metrics_plan_item(set->plan, i);
        if (has_usage(item) && (!item->term_count || find_open_errno(set, item, &thread, &event)))
            set->needs_usage = true;
    }
}

static void open_energy(struct probe_metrics *set)
{
    static const char *const kinds[ENERGY_KINDS] = { "package", "dram" };
    for (size_t i = 0; i < probe_metrics_plan_count(set->plan); i++) {
        int kind = energy_kind(probe_metrics_plan_item(set->plan, i));
        if (kind < 0 || set->has_energy[kind])
            continue;
        probe_energy_open(&set->energy[kind], NULL, kinds[kind]);
        set->has_energy[kind] = true;
    }
}

/* ---- the set ---- */

struct probe_metrics *probe_metrics_open(const struct probe_metrics_plan *plan, enum probe_metrics_scope scope,
                                         bool user_reads)
{
    struct probe_metrics *set = mem_alloc(sizeof *set);
    *set = (struct probe_metrics){ .plan = plan,
                                   .scope = scope,
                                   .user_reads = user_reads && scope == PROBE_METRICS_THREAD };
    open_threads(set);
    open_energy(set);
    find_needs(set);
    return set;
}

void probe_metrics_close(struct probe_metrics *set)
{
    if (!set)
        return;
    close_threads(set);
    for (int i = 0; i < ENERGY_KINDS; i++)
        if (set->has_energy[i])
            probe_energy_close(&set->energy[i]);
    free(set->threads);
    free(set);
}

void probe_metrics_refresh(struct probe_metrics *set)
{
    size_t count;
    if (set->scope != PROBE_METRICS_PROCESS || (!count_strangers(set, &count) && count == set->thread_count))
        return;
    close_threads(set);
    open_threads(set);
    find_needs(set);
}

void probe_metrics_start(struct probe_metrics *set)
{
    for (int i = 0; i < ENERGY_KINDS; i++)
        if (set->has_energy[i])
            probe_energy_start(&set->energy[i]);
    if (set->needs_usage)
        read_usage(set, set->usage_start);
    for (size_t i = 0; i < set->thread_count; i++)
        probe_counters_start(set->threads[i].counters);
}

void probe_metrics_stop(struct probe_metrics *set)
{
    double usage[USAGE_KINDS];
    for (size_t i = set->thread_count; i-- > 0;)
        probe_counters_stop(set->threads[i].counters);
    if (set->needs_usage) {
        read_usage(set, usage);
        for (int i = 1; i < USAGE_KINDS; i++)
            set->usage[i] += usage[i] - set->usage_start[i];
    }
    for (int i = 0; i < ENERGY_KINDS; i++)
        if (set->has_energy[i])
            probe_energy_stop(&set->energy[i]);
}

void probe_metrics_reset(struct probe_metrics *set)
{
    for (size_t i = 0; i < set->thread_count; i++)
        probe_counters_reset(set->threads[i].counters);
    memset(set->usage, 0, sizeof set->usage);
    for (int i = 0; i < ENERGY_KINDS; i++)
        if (set->has_energy[i])
            probe_energy_reset(&set->energy[i]);
}

size_t probe_metrics_thread_count(const struct probe_metrics *set)
{
    return set->thread_count;
}

/* ---- values ---- */

static void say(struct probe_metric_value *value, enum probe_counter_state state, const char *reason,
                const char *remedy)
{
    value->state = state;
    snprintf(value->reason, sizeof value->reason, "%s", reason);
    snprintf(value->remedy, sizeof value->remedy, "%s", remedy);
}

static void add_reason(struct probe_metric_value *value, const char *reason)
{
    size_t length = strlen(value->reason);
    snprintf(value->reason + length, sizeof value->reason - length, "%s%s", length ? "; " : "", reason);
}

static void take_energy(const struct probe_energy *energy, struct probe_metric_value *value)
{
    char reason[160];
    double joules;
    if (probe_energy_joules(energy, &joules)) {
        say(value, PROBE_COUNTER_APPROXIMATE, "the whole machine's energy, with whatever else ran", "");
        value->value = joules;
    } else if (energy->problem == ENOENT) {
        say(value, PROBE_COUNTER_UNSUPPORTED, "this machine shows no such RAPL zone (/sys/class/powercap)",
            "bare hardware with RAPL and the driver intel_rapl_msr; virtual machines rarely have it");
    } else if (energy->problem == EACCES || energy->problem == EPERM) {
        say(value, PROBE_COUNTER_UNSUPPORTED, "only root may read the energy counters",
            "run as root, or chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj");
    } else {
        snprintf(reason, sizeof reason, "reading the energy counters failed: %s", strerror(energy->problem));
        say(value, PROBE_COUNTER_NOT_COUNTED, reason, "");
    }
}

/* From getrusage, which knows the process or the calling thread but not which thread did what. */
static void take_usage(const struct probe_metrics *set, const struct probe_metrics_item *item,
                       struct probe_metric_value *value)
{
    value->state = PROBE_COUNTER_OK;
    value->value = set->usage[item->metric->fallback];
    value->remedy[0] = '\0';
    snprintf(value->reason, sizeof value->reason, "from getrusage, because perf_event_open did not give it");
}

/* The parts of one thread. */
struct part {
    double value;
    uint64_t enabled_ns, running_ns;
    int problem; /* 0 = the value is good */
    size_t event;
};

static struct part read_part(const struct probe_metrics *set, const struct probe_metrics_item *item, size_t thread)
{
    struct part part = { 0 };
    for (size_t i = 0; i < item->term_count; i++) {
        struct probe_counters_sum sum;
        probe_counters_sum(set->threads[thread].counters, item->terms[i].event, &sum);
        if (sum.open_errno) /* the thread had ended before it could be opened */
            continue;
        double share = sum.enabled_ns ? (double)sum.running_ns / (double)sum.enabled_ns : 1;
        part.enabled_ns += sum.enabled_ns;
        part.running_ns += sum.running_ns;
        if ((sum.problem || share <= 0) && !part.problem) {
            part.problem = sum.problem ? sum.problem : ENODATA;
            part.event = item->terms[i].event;
        }
        part.value += share > 0 ? item->terms[i].weight * (double)sum.count / (share < 1 ? share : 1) : 0;
    }
    return part;
}

static void explain(const struct probe_metrics *set, size_t thread, size_t event, struct probe_metric_value *value)
{
    struct probe_counters_sum sum;
    struct probe_counter_value text;
    const struct probe_counters *counters = set->threads[thread].counters;
    probe_counters_sum(counters, event, &sum);
    probe_counters_explain(counters, event, &sum, &text);
    say(value, text.state, text.reason, text.remedy);
    if (set->thread_count > 1 && !sum.open_errno) {
        char where[64];
        snprintf(where, sizeof where, "in thread %d of the process", (int)set->threads[thread].id);
        add_reason(value, where);
    }
}

/* Threads that nobody counts: the kernel cannot pass groups on to them, or it was not to. */
static bool misses_threads(const struct probe_metrics *set)
{
    size_t count, strangers;
    if (!set->thread_count || !probe_counters_is_alone(set->threads[0].counters))
        return false;
    strangers = count_strangers(set, &count);
    return set->scope == PROBE_METRICS_PROCESS ? strangers > 0 : count > 1;
}

static void judge(const struct probe_metrics *set, const struct probe_metrics_item *item, uint64_t enabled_ns,
                  uint64_t running_ns, struct probe_metric_value *value)
{
    bool is_software = item->metric && item->metric->is_software;
    value->state = PROBE_COUNTER_OK;
    value->running_share = is_software ? 0 : enabled_ns ? (double)running_ns / (double)enabled_ns : 1;
    if (!enabled_ns) {
        say(value, PROBE_COUNTER_NOT_COUNTED, "no thread ran while the timer did", "run longer");
    } else if (value->value == 0 && item->metric && item->metric->never_zero) {
        say(value, PROBE_COUNTER_NOT_COUNTED,
            "it counted nothing, which cannot be: the PMU is there but does not count",
            "in a virtual machine let the host pass its PMU on; on hardware look for another user of the PMU");
    } else if (running_ns < enabled_ns) {
        say(value, PROBE_COUNTER_SCALED, "it shared the hardware with others: extrapolated",
            "ask for at most four hardware counters at once; prony run takes a pass for each four");
    }
    if (value->state > PROBE_COUNTER_APPROXIMATE)
        return;
    if (item->approximate) {
        value->state = value->state == PROBE_COUNTER_OK ? PROBE_COUNTER_APPROXIMATE : value->state;
        add_reason(value, item->approximate);
    }
    if (misses_threads(set)) {
        value->state = PROBE_COUNTER_APPROXIMATE;
        add_reason(value, "threads that were started meanwhile are missing");
    }
}

static void take_events(const struct probe_metrics *set, const struct probe_metrics_item *item,
                        struct probe_metric_value *value, double *threads)
{
    uint64_t enabled_ns = 0, running_ns = 0;
    for (size_t t = 0; t < set->thread_count; t++) {
        struct part part = read_part(set, item, t);
        if (part.problem) {
            explain(set, t, part.event, value);
            return;
        }
        value->value += part.value;
        enabled_ns += part.enabled_ns;
        running_ns += part.running_ns;
        if (threads)
            threads[t] = part.value;
    }
    judge(set, item, enabled_ns, running_ns, value);
    value->has_threads = threads && value->state <= PROBE_COUNTER_APPROXIMATE;
}

void probe_metrics_value(const struct probe_metrics *set, size_t index, struct probe_metric_value *value,
                         double *threads)
{
    const struct probe_metrics_item *item = probe_metrics_plan_item(set->plan, index);
    size_t thread, event;
    int kind = energy_kind(item);
    *value = (struct probe_metric_value){ .unit = item->metric ? item->metric->unit : "" };
    if (kind >= 0) {
        take_energy(&set->energy[kind], value);
    } else if (!item->term_count && has_usage(item)) {
        take_usage(set, item, value);
    } else if (!item->term_count) {
        say(value, PROBE_COUNTER_UNSUPPORTED,
            item->metric ? "no event of this CPU is known to count it" : "no event of this machine has that name",
            item->metric ? "name a native event instead" : "prony events lists what there is");
    } else if (find_open_errno(set, item, &thread, &event)) {
        explain(set, thread, event, value);
        if (has_usage(item))
            take_usage(set, item, value);
    } else {
        take_events(set, item, value, threads);
    }
}
