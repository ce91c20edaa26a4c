/* probe_counters.h: hardware and software event counters of a thread, by libpfm4 name, in user mode.
 *
 * A plan says what the names mean; it is made once and shared. Each thread opens a set of its own from it. Sets count
 * all the time; start and stop read them, and the differences are summed until reset. Events of one PMU share groups
 * as long as the kernel takes them; if groups take turns on the hardware, a value is extrapolated by the time that was
 * enabled over the time that was counted, both as differences over the windows.
 *
 * A value that could not be had is never 0 but has a state, a reason and a remedy. */
#ifndef PRONY_PROBE_COUNTERS_H
#define PRONY_PROBE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct perf_event_attr;
struct probe_obstacles;
struct probe_rdpmc_clocks;

/* Where events come from. Tests bring their own, as may other ways to count. */
struct probe_counters_backend {
    /* Writes one set of attributes for each PMU whose counts add up to the event (one, but for hybrid CPUs); returns
     * how many (at most limit), 0 if the name means nothing. */
    size_t (*encode)(void *context, const char *name, struct perf_event_attr *attributes, size_t limit);
    /* thread 0 is the calling one; group -1 opens a new group. A descriptor, or -errno. */
    int (*open)(void *context, const struct perf_event_attr *attributes, pid_t thread, int group);
    /* Of a group, in the layout of PERF_FORMAT_GROUP with both times. Bytes, or -errno. */
    ssize_t (*read)(void *context, int group, void *buffer, size_t size_bytes);
    int (*enable)(void *context, int group); /* 0 or -errno */
    void (*close)(void *context, int descriptor);
    void *context;
    /* Optional: the page of an event (NULL = it cannot be mapped) and the instructions that go with it. */
    void *(*map)(void *context, int descriptor);
    void (*unmap)(void *context, void *page);
    const struct probe_rdpmc_clocks *(*clocks)(void *context);
    /* Optional: what stands in the way; the machine is asked otherwise. */
    void (*look)(void *context, struct probe_obstacles *obstacles);
};
/* libpfm4 and perf_event_open; NULL if the library was built or the program linked without libpfm4. */
const struct probe_counters_backend *probe_counters_perf(void);
/* The same, but without libpfm4 there are the kernel's software events. Never NULL. */
const struct probe_counters_backend *probe_counters_system(void);
/* The PMUs that libpfm4 takes this machine's CPU to have, or is forced to (LIBPFM_FORCE_PMU). */
struct probe_counters_pmu {
    const char *name, *description; /* of libpfm4, static */
    int counters;                   /* general and fixed; 0 = software */
};
/* At most limit of them; returns how many. */
size_t probe_counters_pmus(struct probe_counters_pmu *pmus, size_t limit);

struct probe_counters_plan;
/* names: a comma list; empty names and repetitions are dropped. The backend must outlive the plan. */
struct probe_counters_plan *probe_counters_plan_create(const struct probe_counters_backend *backend, const char *names);
void probe_counters_plan_release(struct probe_counters_plan *plan);
size_t probe_counters_plan_count(const struct probe_counters_plan *plan);
const char *probe_counters_plan_name(const struct probe_counters_plan *plan, size_t index);
bool probe_counters_plan_is_known(const struct probe_counters_plan *plan, size_t index);
/* On how many PMUs the name counts; 0 if it means nothing. The plan stays as it is. */
size_t probe_counters_plan_encodes(const struct probe_counters_plan *plan, const char *name);
/* Adds a name before the first set is opened; returns its index. */
size_t probe_counters_plan_add(struct probe_counters_plan *plan, const char *name);
/* One set of attributes for each of *count PMUs. */
const struct perf_event_attr *probe_counters_plan_attributes(const struct probe_counters_plan *plan, size_t index,
                                                             size_t *count);

struct probe_counters;
/* Opens and starts what can be had, for the calling thread and the threads that it starts from now on, where the
 * kernel allows that. The plan must outlive the set. */
struct probe_counters *probe_counters_open(const struct probe_counters_plan *plan);
struct probe_counters_options {
    pid_t thread;    /* whose; 0 = the calling one */
    bool alone;      /* not the threads that it starts */
    bool user_reads; /* with alone, and only for the calling thread: without system calls where the machine allows it */
};
struct probe_counters *probe_counters_open_with(const struct probe_counters_plan *plan,
                                                const struct probe_counters_options *options);
void probe_counters_close(struct probe_counters *set);
/* Neither allocates. A system call a group. */
void probe_counters_start(struct probe_counters *set);
void probe_counters_stop(struct probe_counters *set);
void probe_counters_reset(struct probe_counters *set);

enum probe_counter_state {
    PROBE_COUNTER_OK,
    PROBE_COUNTER_SCALED,      /* extrapolated from the share of time that it counted */
    PROBE_COUNTER_APPROXIMATE, /* of probe_metrics: not exactly what the name says */
    PROBE_COUNTER_NOT_COUNTED, /* opened, but not on the hardware between start and stop */
    PROBE_COUNTER_UNSUPPORTED  /* not opened */
};
struct probe_counter_value {
    enum probe_counter_state state;
    double value;         /* of all windows since reset; only if ok or scaled */
    double running_share; /* counted time over enabled time, 0..1 */
    char reason[200];     /* "" if ok */
    char remedy[200];     /* "" if there is none */
};
/* index: that of the plan. */
void probe_counters_value(const struct probe_counters *set, size_t index, struct probe_counter_value *value);

/* What the groups of one name read, for those who put values together themselves. */
struct probe_counters_sum {
    uint64_t count, enabled_ns, running_ns;
    int problem;    /* of a reading: errno, or one below 0; 0 = none */
    int open_errno; /* 0 = it is open */
};
void probe_counters_sum(const struct probe_counters *set, size_t index, struct probe_counters_sum *sum);
/* State, reason and remedy of a name that could not be opened or read. */
void probe_counters_explain(const struct probe_counters *set, size_t index, const struct probe_counters_sum *sum,
                            struct probe_counter_value *value);
/* Threads that the thread starts are not counted, asked for or not. */
bool probe_counters_is_alone(const struct probe_counters *set);
/* Some group is read in user space. */
bool probe_counters_has_user_reads(const struct probe_counters *set);

#endif
