/* doctor_watch.c: takes the readings: watches this machine for a while, and tries what can only be tried.
 *
 * Detours: a thread on every CPU that will be measured does nothing but read the clock; where two readings lie far
 * apart, somebody else had the CPU: an interrupt, another task, another guest. The idea is that of Regehr, "Inferring
 * scheduling behavior with Hourglass" (USENIX 2002), and of the selfish detour benchmark (Beckman, Iskra, Yoshii,
 * Coghlan, "The influence of operating systems on the performance of collective operations at extreme scale", 2006). */
#include "harness/run/build_info.h"
#include "harness/run/cpus.h"
#include "harness/run/doctor_internal.h"
#include "harness/base/clock.h"
#include "harness/base/core_clock.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A timer interrupt takes a few microseconds; reading the clock 20 ns. */
#define DETOUR_THRESHOLD_NS 1000
#define DETOUR_CPUS_MAX     256 /* threads of this process */
#define SAME_COUNT          12  /* samples of A and of B */

/* ---- tried, not watched ---- */

static bool is_privileged(void)
{
    unsigned long long effective = 0;
    struct arena arena = { 0 };
    const char *status = sysfs_read(&arena, "", "/proc/self/status");
    const char *text = status ? sysfs_find_line(&arena, status, "CapEff") : NULL;
    if (text)
        effective = strtoull(text, NULL, 16);
    arena_release(&arena);
    return (effective >> 38 & 1) || (effective >> 21 & 1); /* CAP_PERFMON, CAP_SYS_ADMIN */
}

static uint64_t burn(uint64_t count)
{
    uint64_t value = 88172645463325252u;
    for (uint64_t i = 0; i < count; i++) { /* xorshift64 (Marsaglia 2003): each step needs the one before */
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
    }
    return value;
}

/* What profiles and software counters need: nothing of the CPU, nothing of the kernel. */
static int try_software_event(void)
{
    struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
                                          .size = sizeof attributes,
                                          .config = PERF_COUNT_SW_TASK_CLOCK,
                                          .exclude_kernel = 1,
                                          .exclude_hv = 1 };
    int fd = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static void try_pmu(struct doctor_readings *readings)
{
    struct perf_event_attr attributes = { .type = PERF_TYPE_HARDWARE,
                                          .size = sizeof attributes,
                                          .config = PERF_COUNT_HW_CPU_CYCLES,
                                          .exclude_kernel = 1,
                                          .exclude_hv = 1 };
    int fd = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0) {
        readings->pmu_errno = errno;
        return;
    }
    volatile uint64_t sink = burn(100000);
    (void)sink;
    uint64_t count = 0;
    ssize_t got = read(fd, &count, sizeof count);
    if (got != (ssize_t)sizeof count)
        readings->pmu_errno = got < 0 ? errno : EIO;
    readings->pmu_cycles = count;
    close(fd);
}

static const char *find_missing_tools(void)
{
    char path[PATH_MAX];
    if (!getenv("PATH"))
        return NULL;
    bool valgrind = file_find_program("valgrind", path, sizeof path);
    bool gnuplot = file_find_program("gnuplot", path, sizeof path);
    return valgrind ? gnuplot ? "" : "gnuplot" : gnuplot ? "valgrind" : "valgrind, gnuplot";
}

/* ---- the CPUs' time, before and after ---- */

struct ticks {
    double total, idle, steal;
};

/* Of all CPUs together in *all, of CPU n in (*each)[n]. */
static size_t read_ticks(struct arena *arena, const char *root, struct ticks *all, struct ticks **each)
{
    size_t count = 0;
    *all = (struct ticks){ 0 };
    *each = arena_array(arena, CPU_SETSIZE, sizeof **each);
    for (const char *line = sysfs_read(arena, root, "/proc/stat"); line && str_starts(line, "cpu");) {
        double t[8] = { 0 };
        bool is_sum = line[3] == ' ';
        char *end;
        size_t cpu = is_sum ? 0 : strtoul(line + 3, &end, 10);
        const char *p = is_sum ? line + 3 : end;
        for (int i = 0; i < 8; i++) {
            t[i] = strtod(p, &end);
            p = end;
        }
        struct ticks ticks = { .idle = t[3] + t[4], .steal = t[7] };
        for (int i = 0; i < 8; i++)
            ticks.total += t[i];
        if (is_sum)
            *all = ticks;
        else if (cpu < CPU_SETSIZE) {
            (*each)[cpu] = ticks;
            count = cpu + 1 > count ? cpu + 1 : count;
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return count;
}

static int64_t count_throttles(struct arena *arena, const char *root)
{
    const char *const *paths;
    int64_t total = -1, value;
    size_t count = sysfs_glob(arena, root, "/sys/devices/system/cpu/cpu*/thermal_throttle/core_throttle_count", &paths);
    for (size_t i = 0; i < count; i++)
        if (sysfs_read_i64(root, paths[i], &value))
            total = (total < 0 ? 0 : total) + value;
    return total;
}

/* ---- detours ---- */

struct doctor_detour doctor_watch_detour(int64_t (*now_ns)(void *context), void *context, int64_t window_ns,
                                         int64_t threshold_ns)
{
    struct doctor_detour detour = { 0 };
    int64_t start = now_ns(context), before = start, now = start;
    while (now - start < window_ns) {
        now = now_ns(context);
        int64_t gap = now - before;
        before = now;
        if (gap < threshold_ns)
            continue;
        detour.lost_ns += gap;
        detour.longest_ns = gap > detour.longest_ns ? gap : detour.longest_ns;
        detour.gap_count++;
    }
    detour.watched_ns = now - start;
    return detour;
}

struct tsc {
    uint64_t start;
    double ns_per_tick;
};

static int64_t read_tsc_ns(void *context)
{
    const struct tsc *tsc = context;
    return (int64_t)((double)(clock_tsc() - tsc->start) * tsc->ns_per_tick);
}

static int64_t read_wall_ns(void *context)
{
    (void)context;
    return clock_wall_ns();
}

struct watcher {
    pthread_t thread;
    size_t cpu;
    double seconds, ns_per_tick;
    struct doctor_detour detour;
    void (*work)(struct watcher *watcher);
    struct doctor_readings *readings; /* of those who fill in more than detour */
    struct arena *arena;
};

static void watch_detour(struct watcher *watcher)
{
    struct tsc tsc = { .start = clock_tsc(), .ns_per_tick = watcher->ns_per_tick };
    watcher->detour = doctor_watch_detour(tsc.ns_per_tick > 0 ? read_tsc_ns : read_wall_ns, &tsc,
                                          (int64_t)(watcher->seconds * 1e9), DETOUR_THRESHOLD_NS);
    watcher->detour.cpu = watcher->cpu;
}

/* Pinning a thread of its own leaves the caller where it is. */
static void *run_watcher(void *argument)
{
    struct watcher *watcher = argument;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(watcher->cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
    watcher->work(watcher);
    return NULL;
}

static void watch_detours(const struct doctor_options *options, double seconds, struct arena *arena,
                          struct doctor_readings *readings)
{
    size_t wanted = options->threads > 0 ? (size_t)options->threads : readings->cpu_count;
    size_t count = wanted < readings->cpu_count ? wanted : readings->cpu_count;
    count = count < DETOUR_CPUS_MAX ? count : DETOUR_CPUS_MAX;
    struct watcher *watchers = arena_array(arena, count, sizeof *watchers);
    struct doctor_detour *detours = arena_array(arena, count, sizeof *detours);
    double ns_per_tick = clock_tsc_available() ? clock_tsc_calibrate(5 * 1000 * 1000) : 0;
    size_t started = 0;
    for (; started < count; started++) {
        watchers[started] = (struct watcher){
            .cpu = readings->cpus[started], .seconds = seconds, .ns_per_tick = ns_per_tick, .work = watch_detour
        };
        if (pthread_create(&watchers[started].thread, NULL, run_watcher, &watchers[started]) != 0)
            break;
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(watchers[i].thread, NULL);
        detours[i] = watchers[i].detour;
    }
    readings->detours = detours;
    readings->detour_count = started;
}

/* ---- the core clock ---- */

enum { CLOCK_READINGS_MAX = 20000, CLOCK_CYCLES = 80000 }; /* about 20 us */

static void watch_clock(struct watcher *watcher)
{
    double *list = arena_array(watcher->arena, CLOCK_READINGS_MAX, sizeof *list);
    size_t count = 0;
    int64_t end = clock_wall_ns() + (int64_t)(watcher->seconds * 1e9);
    while (count < CLOCK_READINGS_MAX && clock_wall_ns() < end) {
        double hz = core_clock_read_hz(1, CLOCK_CYCLES);
        if (hz <= 0)
            break;
        list[count++] = hz;
    }
    watcher->readings->clock_hz = list;
    watcher->readings->clock_count = count;
}

/* ---- the same work twice ---- */

static double time_work_ns(uint64_t steps)
{
    int64_t start = clock_wall_ns();
    volatile uint64_t sink = burn(steps);
    (void)sink;
    return (double)(clock_wall_ns() - start);
}

/* ABBA: a slow drift hits both alike. How long the work takes undisturbed is the shortest of several short trials; when
 * disturbances make it take longer than the time there is, half of the samples will do. */
static void watch_same(struct watcher *watcher)
{
    double *sides[2];
    for (int i = 0; i < 2; i++)
        sides[i] = arena_array(watcher->arena, SAME_COUNT, sizeof(double));
    uint64_t steps = 100000;
    double trial_ns = time_work_ns(steps);
    for (int i = 0; i < 6; i++)
        trial_ns = fmin(trial_ns, time_work_ns(steps));
    double sample_ns = watcher->seconds * 1e9 / (2 * SAME_COUNT);
    steps = (uint64_t)(fmax(0.1, sample_ns / fmax(trial_ns, 1)) * (double)steps);
    int64_t end = clock_wall_ns() + (int64_t)(watcher->seconds * 1e9);
    size_t count = 0;
    for (; count < SAME_COUNT && (count < SAME_COUNT / 2 || clock_wall_ns() < end); count++)
        for (size_t k = 0; k < 2; k++)
            sides[(count + k) % 2][count] = time_work_ns(steps);
    watcher->readings->a_ns = sides[0];
    watcher->readings->b_ns = sides[1];
    watcher->readings->same_count = count;
}

static void watch_alone(void (*work)(struct watcher *), double seconds, struct arena *arena,
                        struct doctor_readings *readings)
{
    struct watcher watcher = {
        .cpu = readings->cpus[0], .seconds = seconds, .work = work, .readings = readings, .arena = arena
    };
    if (pthread_create(&watcher.thread, NULL, run_watcher, &watcher) == 0)
        pthread_join(watcher.thread, NULL);
}

static void watch(const struct doctor_options *options, struct arena *arena, struct doctor_readings *readings)
{
    struct ticks before, after, *each_before, *each_after;
    const char *root = options->root ? options->root : "";
    int64_t throttles = count_throttles(arena, root);
    int64_t start = clock_wall_ns();
    size_t count = read_ticks(arena, root, &before, &each_before);
    watch_detours(options, options->seconds * 0.35, arena, readings);
    watch_alone(watch_clock, options->seconds * 0.1, arena, readings);
    watch_alone(watch_same, options->seconds * 0.5, arena, readings);
    size_t count_after = read_ticks(arena, root, &after, &each_after);
    readings->watched_s = (double)(clock_wall_ns() - start) / 1e9;
    count = count_after < count ? count_after : count;
    double *busy = arena_array(arena, count, sizeof *busy);
    for (size_t i = 0; i < count; i++) {
        double total = each_after[i].total - each_before[i].total;
        busy[i] = total > 0 ? 1 - (each_after[i].idle - each_before[i].idle) / total : NAN;
    }
    readings->busy_shares = busy;
    readings->busy_count = count;
    readings->steal_share =
        after.total > before.total ? (after.steal - before.steal) / (after.total - before.total) : NAN;
    int64_t throttles_after = count_throttles(arena, root);
    readings->throttle_increase = throttles >= 0 && throttles_after >= 0 ? throttles_after - throttles : -1;
}

void doctor_look(const struct doctor_options *options, struct arena *arena, struct doctor_readings *readings)
{
    struct cpus *cpus = arena_alloc(arena, sizeof *cpus);
    struct rlimit limit;
    *readings = (struct doctor_readings){ .privileged = is_privileged(),
                                          .software_errno = try_software_event(),
                                          .tools_missing = find_missing_tools(),
                                          .build_flags = build_info_flags(),
                                          .steal_share = NAN,
                                          .throttle_increase = -1 };
    if (cpus_detect(cpus, options->root ? options->root : "", NULL) == 0) {
        readings->cpus = cpus->order;
        readings->cpu_count = (size_t)cpus->count;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        readings->open_files = limit.rlim_cur;
    try_pmu(readings);
    if (options->seconds > 0 && readings->cpu_count)
        watch(options, arena, readings);
}
