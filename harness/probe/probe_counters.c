/* probe_counters.c: groups of counters, their reading and what became of each.
 *
 * Invariants: an event belongs to one group and one name; a name has an event for each PMU that counts it. A group
 * that could not be read in a window adds nothing, and says so until reset. */
#include "harness/probe/probe_counters.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/probe/probe_obstacles.h"
#include "harness/probe/probe_rdpmc.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PMU_LIMIT = 4,      /* PMUs that share the counting of one event */
    GROUP_LIMIT = 32,   /* events in a group */
    HARDWARE_LIMIT = 4, /* of a PMU: more are not on it together on every machine */
    HEADER_WORDS = 3    /* count, time enabled, time running */
};

struct plan_counter {
    char *name;
    struct perf_event_attr attributes[PMU_LIMIT];
    size_t pmu_count; /* 0: the name means nothing */
};

struct probe_counters_plan {
    const struct probe_counters_backend *backend;
    struct plan_counter *items;
    size_t count, capacity;
};

/* ---- plan ---- */

size_t probe_counters_plan_add(struct probe_counters_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->items[i].name, name) == 0)
            return i;
    MEM_GROW(plan->items, plan->count, plan->capacity);
    struct plan_counter *item = &plan->items[plan->count];
    *item = (struct plan_counter){ .name = mem_strdup(name) };
    item->pmu_count = plan->backend->encode(plan->backend->context, name, item->attributes, PMU_LIMIT);
    return plan->count++;
}

size_t probe_counters_plan_encodes(const struct probe_counters_plan *plan, const char *name)
{
    struct perf_event_attr attributes[PMU_LIMIT];
    return plan->backend->encode(plan->backend->context, name, attributes, PMU_LIMIT);
}

const struct perf_event_attr *probe_counters_plan_attributes(const struct probe_counters_plan *plan, size_t index,
                                                             size_t *count)
{
    *count = plan->items[index].pmu_count;
    return plan->items[index].attributes;
}

struct probe_counters_plan *probe_counters_plan_create(const struct probe_counters_backend *backend, const char *names)
{
    struct probe_counters_plan *plan = mem_alloc(sizeof *plan);
    char *copy = mem_strdup(names), *rest = copy;
    const char *name;
    *plan = (struct probe_counters_plan){ .backend = backend };
    while ((name = strsep(&rest, ",")) != NULL)
        if (name[0])
            probe_counters_plan_add(plan, name);
    free(copy);
    return plan;
}

void probe_counters_plan_release(struct probe_counters_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->count; i++)
        free(plan->items[i].name);
    free(plan->items);
    free(plan);
}

size_t probe_counters_plan_count(const struct probe_counters_plan *plan)
{
    return plan->count;
}

const char *probe_counters_plan_name(const struct probe_counters_plan *plan, size_t index)
{
    return plan->items[index].name;
}

bool probe_counters_plan_is_known(const struct probe_counters_plan *plan, size_t index)
{
    return plan->items[index].pmu_count > 0;
}

/* ---- opening ---- */

struct event {
    int descriptor;
    void *page;            /* NULL = not mapped */
    size_t counter;        /* index in the plan */
    uint64_t start, total; /* raw counts */
};

struct group {
    uint64_t pmu; /* only events of one PMU can be on the hardware together */
    struct event events[GROUP_LIMIT];
    size_t event_count;
    uint64_t enabled_start, running_start, enabled_ns, running_ns;
    bool started;    /* start was read well */
    bool user_reads; /* all its events have a page, and the pages agreed with read() */
    int problem;     /* errno of a reading, or one of the next */
};
enum { READ_NOTHING = -1, READ_SHORT = -2 };

struct probe_counters {
    const struct probe_counters_plan *plan;
    struct probe_counters_options options;
    int *open_errno; /* one a counter; 0 = all its events are open */
    struct group *groups;
    size_t group_count, group_capacity;
    bool without_threads; /* the kernel cannot read a group that threads inherit */
};

/* Which events can share a group: software events count apart, the numbers of a PMU are in the type, or in the upper
 * half of a generic event's config on hybrid CPUs. */
static uint64_t pmu_of(const struct perf_event_attr *attributes)
{
    bool generic = attributes->type == PERF_TYPE_HARDWARE || attributes->type == PERF_TYPE_HW_CACHE;
    if (generic && attributes->config >> 32)
        return attributes->config >> 32;
    return generic ? PERF_TYPE_RAW : attributes->type;
}

/* Switches happen in the kernel: without it there are none. */
static bool is_of_scheduler(const struct perf_event_attr *attributes)
{
    return attributes->type == PERF_TYPE_SOFTWARE &&
           (attributes->config == PERF_COUNT_SW_CONTEXT_SWITCHES || attributes->config == PERF_COUNT_SW_CPU_MIGRATIONS);
}

static int open_event(struct probe_counters *set, const struct perf_event_attr *encoded, int leader)
{
    const struct probe_counters_backend *backend = set->plan->backend;
    struct perf_event_attr attributes = *encoded;
    attributes.size = sizeof attributes;
    attributes.disabled = leader < 0;
    attributes.inherit = !set->without_threads;
    attributes.exclude_kernel = !is_of_scheduler(encoded); /* also what an unprivileged process may count */
    attributes.exclude_hv = 1;
    attributes.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    int descriptor = backend->open(backend->context, &attributes, set->options.thread, leader);
    if (descriptor != -EINVAL || leader >= 0 || set->group_count || set->without_threads)
        return descriptor;
    attributes.inherit = 0; /* Linux before 4.13 takes groups or inheritance */
    descriptor = backend->open(backend->context, &attributes, set->options.thread, leader);
    set->without_threads = descriptor >= 0;
    return descriptor;
}

/* Into the newest group of that PMU; into a new one if there is none or it is full. */
static int add_event(struct probe_counters *set, size_t counter, const struct perf_event_attr *attributes)
{
    struct group *group = NULL;
    uint64_t pmu = pmu_of(attributes);
    int descriptor = -1;
    for (size_t g = set->group_count; g-- > 0 && !group;)
        if (set->groups[g].pmu == pmu)
            group = &set->groups[g];
    size_t limit = pmu == PERF_TYPE_SOFTWARE ? GROUP_LIMIT : HARDWARE_LIMIT;
    if (group && group->event_count < limit)
        descriptor = open_event(set, attributes, group->events[0].descriptor);
    if (descriptor < 0) {
        descriptor = open_event(set, attributes, -1);
        if (descriptor < 0)
            return -descriptor;
        MEM_GROW(set->groups, set->group_count, set->group_capacity);
        group = &set->groups[set->group_count++];
        *group = (struct group){ .pmu = pmu };
    }
    group->events[group->event_count++] = (struct event){ .descriptor = descriptor, .counter = counter };
    return 0;
}

static void enable(struct probe_counters *set, const struct group *group)
{
    const struct probe_counters_backend *backend = set->plan->backend;
    int code = backend->enable(backend->context, group->events[0].descriptor);
    for (size_t e = 0; code && e < group->event_count; e++)
        set->open_errno[group->events[e].counter] = -code;
}

/* ---- reading a group ---- */

/* Words: count, enabled, running, one value an event. */
static bool read_by_call(const struct probe_counters *set, struct group *group, uint64_t *words)
{
    const struct probe_counters_backend *backend = set->plan->backend;
    size_t size_bytes = (HEADER_WORDS + group->event_count) * sizeof *words;
    ssize_t length = backend->read(backend->context, group->events[0].descriptor, words, size_bytes);
    if (length == (ssize_t)size_bytes && words[0] == group->event_count)
        return true;
    if (!group->problem) /* the first one is the cause */
        group->problem = length < 0 ? (int)-length : length == 0 ? READ_NOTHING : READ_SHORT;
    return false;
}

/* In user space; false while the group is not on the hardware. */
static bool read_pages(const struct probe_counters *set, const struct group *group, uint64_t *words)
{
    const struct probe_counters_backend *backend = set->plan->backend;
    const struct probe_rdpmc_clocks *clocks = backend->clocks(backend->context);
    words[0] = group->event_count;
    for (size_t e = 0; e < group->event_count; e++) {
        struct probe_rdpmc_reading reading;
        if (!probe_rdpmc_read(group->events[e].page, clocks, &reading))
            return false;
        words[HEADER_WORDS + e] = reading.count;
        if (e)
            continue;
        words[1] = reading.enabled_ns;
        words[2] = reading.running_ns;
    }
    return true;
}

static bool read_group(const struct probe_counters *set, struct group *group, uint64_t *words)
{
    return (group->user_reads && read_pages(set, group, words)) || read_by_call(set, group, words);
}

static void unmap_group(const struct probe_counters *set, struct group *group)
{
    const struct probe_counters_backend *backend = set->plan->backend;
    for (size_t e = 0; e < group->event_count; e++) {
        if (group->events[e].page)
            backend->unmap(backend->context, group->events[e].page);
        group->events[e].page = NULL;
    }
    group->user_reads = false;
}

/* What read() says lies between what the pages say before and after it. */
static bool pages_agree(const struct probe_counters *set, struct group *group)
{
    uint64_t before[HEADER_WORDS + GROUP_LIMIT], now[HEADER_WORDS + GROUP_LIMIT], after[HEADER_WORDS + GROUP_LIMIT];
    if (!read_pages(set, group, before) || !read_by_call(set, group, now) || !read_pages(set, group, after)) {
        group->problem = 0;
        return false;
    }
    for (size_t e = 0; e < group->event_count; e++)
        if (now[HEADER_WORDS + e] < before[HEADER_WORDS + e] || now[HEADER_WORDS + e] > after[HEADER_WORDS + e])
            return false;
    return true;
}

/* Maps the events of a hardware group. If anything is amiss it is read by system calls. */
static void map_group(const struct probe_counters *set, struct group *group)
{
    const struct probe_counters_backend *backend = set->plan->backend;
    bool mapped =
        backend->map && backend->clocks && backend->clocks(backend->context) && group->pmu != PERF_TYPE_SOFTWARE;
    for (size_t e = 0; e < group->event_count && mapped; e++) {
        group->events[e].page = backend->map(backend->context, group->events[e].descriptor);
        mapped = group->events[e].page != NULL;
    }
    group->user_reads = mapped && pages_agree(set, group);
    if (!group->user_reads)
        unmap_group(set, group);
}

/* ---- sets ---- */

struct probe_counters *probe_counters_open(const struct probe_counters_plan *plan)
{
    return probe_counters_open_with(plan, &(struct probe_counters_options){ 0 });
}

struct probe_counters *probe_counters_open_with(const struct probe_counters_plan *plan,
                                                const struct probe_counters_options *options)
{
    struct probe_counters *set = mem_alloc(sizeof *set);
    *set = (struct probe_counters){ .plan = plan, .options = *options, .without_threads = options->alone };
    set->open_errno = mem_array(plan->count + 1, sizeof *set->open_errno);
    for (size_t i = 0; i < plan->count; i++) {
        set->open_errno[i] = 0;
        for (size_t p = 0; p < plan->items[i].pmu_count && !set->open_errno[i]; p++)
            set->open_errno[i] = add_event(set, i, &plan->items[i].attributes[p]);
    }
    for (size_t g = 0; g < set->group_count; g++)
        enable(set, &set->groups[g]);
    if (options->user_reads && options->alone && !options->thread)
        for (size_t g = 0; g < set->group_count; g++)
            map_group(set, &set->groups[g]);
    return set;
}

void probe_counters_close(struct probe_counters *set)
{
    if (!set)
        return;
    const struct probe_counters_backend *backend = set->plan->backend;
    for (size_t g = 0; g < set->group_count; g++) {
        unmap_group(set, &set->groups[g]);
        for (size_t e = set->groups[g].event_count; e-- > 0;) /* the leader last */
            backend->close(backend->context, set->groups[g].events[e].descriptor);
    }
    free(set->groups);
    free(set->open_errno);
    free(set);
}

bool probe_counters_is_alone(const struct probe_counters *set)
{
    return set->without_threads;
}

bool probe_counters_has_user_reads(const struct probe_counters *set)
{
    for (size_t g = 0; g < set->group_count; g++)
        if (set->groups[g].user_reads)
            return true;
    return false;
}

/* ---- windows ---- */

void probe_counters_start(struct probe_counters *set)
{
    uint64_t words[HEADER_WORDS + GROUP_LIMIT];
    for (size_t g = 0; g < set->group_count; g++) {
        struct group *group = &set->groups[g];
        group->started = read_group(set, group, words);
        if (!group->started)
            continue;
        group->enabled_start = words[1];
        group->running_start = words[2];
        for (size_t e = 0; e < group->event_count; e++)
            group->events[e].start = words[HEADER_WORDS + e];
    }
}

void probe_counters_stop(struct probe_counters *set)
{
    uint64_t words[HEADER_WORDS + GROUP_LIMIT];
    for (size_t g = 0; g < set->group_count; g++) {
        struct group *group = &set->groups[g];
        if (!group->started || !read_group(set, group, words))
            continue;
        group->started = false;
        group->enabled_ns += words[1] - group->enabled_start;
        group->running_ns += words[2] - group->running_start;
        for (size_t e = 0; e < group->event_count; e++)
            group->events[e].total += words[HEADER_WORDS + e] - group->events[e].start;
    }
}

void probe_counters_reset(struct probe_counters *set)
{
    for (size_t g = 0; g < set->group_count; g++) {
        struct group *group = &set->groups[g];
        group->enabled_ns = group->running_ns = 0;
        group->started = false;
        group->problem = 0;
        for (size_t e = 0; e < group->event_count; e++)
            group->events[e].total = 0;
    }
}

/* ---- what became of it ---- */

static void explain(struct probe_counter_value *value, const char *reason, const char *remedy)
{
    snprintf(value->reason, sizeof value->reason, "%s", reason);
    snprintf(value->remedy, sizeof value->remedy, "%s", remedy);
}

static void explain_open(const struct probe_counters *set, size_t index, struct probe_counter_value *value)
{
    const struct probe_counters_backend *backend = set->plan->backend;
    struct probe_obstacles obstacles;
    if (backend->look)
        backend->look(backend->context, &obstacles);
    else
        probe_obstacles_find(&obstacles);
    probe_obstacles_explain(&obstacles, set->open_errno[index],
                            set->plan->items[index].attributes[0].type == PERF_TYPE_SOFTWARE, value->reason,
                            sizeof value->reason, value->remedy, sizeof value->remedy);
}

static void explain_reading(struct probe_counter_value *value, int problem)
{
    char text[128];
    if (problem == READ_NOTHING)
        explain(value, "the kernel took it off the hardware", "ask for fewer counters, or stop others that count");
    else if (problem == READ_SHORT)
        explain(value, "the kernel gave only part of the reading", "");
    else {
        snprintf(text, sizeof text, "reading it failed: %s", strerror(problem));
        explain(value, text, problem == ENODEV ? "its CPU was taken offline: run again" : "");
    }
}

/* On hybrid CPUs each PMU counts part of the time. */
void probe_counters_sum(const struct probe_counters *set, size_t index, struct probe_counters_sum *sum)
{
    *sum = (struct probe_counters_sum){ .open_errno = set->open_errno[index] };
    for (size_t g = 0; g < set->group_count; g++) {
        const struct group *group = &set->groups[g];
        for (size_t e = 0; e < group->event_count; e++) {
            if (group->events[e].counter != index)
                continue;
            sum->count += group->events[e].total;
            sum->enabled_ns = group->enabled_ns > sum->enabled_ns ? group->enabled_ns : sum->enabled_ns;
            sum->running_ns += group->running_ns;
            sum->problem = sum->problem ? sum->problem : group->problem;
        }
    }
}

void probe_counters_explain(const struct probe_counters *set, size_t index, const struct probe_counters_sum *sum,
                            struct probe_counter_value *value)
{
    *value = (struct probe_counter_value){ .state = PROBE_COUNTER_UNSUPPORTED };
    if (!set->plan->items[index].pmu_count) {
        explain(value, "unknown name", "prony events lists the names; those of libpfm4 all work");
    } else if (sum->open_errno) {
        explain_open(set, index, value);
    } else {
        value->state = PROBE_COUNTER_NOT_COUNTED;
        if (sum->problem)
            explain_reading(value, sum->problem);
        else if (!sum->running_ns)
            explain(value, "it was never on the hardware while the timer ran", "ask for fewer counters, or run longer");
    }
}

void probe_counters_value(const struct probe_counters *set, size_t index, struct probe_counter_value *value)
{
    struct probe_counters_sum sum;
    probe_counters_sum(set, index, &sum);
    if (!set->plan->items[index].pmu_count || sum.open_errno || sum.problem || !sum.running_ns) {
        probe_counters_explain(set, index, &sum, value);
        return;
    }
    *value = (struct probe_counter_value){ .state = PROBE_COUNTER_OK, .running_share = 1, .value = (double)sum.count };
    if (sum.running_ns < sum.enabled_ns) {
        value->state = PROBE_COUNTER_SCALED;
        value->running_share = (double)sum.running_ns / (double)sum.enabled_ns;
        value->value = (double)sum.count / value->running_share;
        explain(value, "it shared the hardware with others: extrapolated", "ask for fewer counters");
    }
}
