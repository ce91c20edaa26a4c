/* probe_scheduling.c: run delay from /proc/self/task/<tid>/schedstat ("cpu_ns wait_ns slices"), switches from
 * getrusage. One reading costs some microseconds a thread and allocates only when it walks several threads. */
#include "harness/probe/probe_scheduling.h"
#include "harness/base/clock.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__has_include)
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define HAS_SINGLE_THREADED 1
#endif
#endif

enum { STALE_NS = 1000000 };

/* Beside so many that sleep. The C library knows without a system call, until a thread is started. The task directory,
 * which always knows, has two links plus one a thread. */
static bool has_one_thread(int sleepers)
{
#ifdef HAS_SINGLE_THREADED
    if (__libc_single_threaded)
        return true;
#endif
    struct stat tasks;
    return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3 + (nlink_t)sleepers;
}

static bool read_schedstat(int directory, const char *path, int64_t *run_delay_ns)
{
    char text[128];
    long long wait_ns;
    int file = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return false;
    text[length] = 0;
    if (sscanf(text, "%*s %lld", &wait_ns) != 1)
        return false;
    *run_delay_ns += wait_ns;
    return true;
}

static bool read_all_threads(int64_t *run_delay_ns)
{
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks)
        return false;
    bool any = false;
    const struct dirent *entry;
    while ((entry = readdir(tasks)) != NULL) {
        char path[300];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/schedstat", entry->d_name);
        any |= read_schedstat(dirfd(tasks), path, run_delay_ns);
    }
    closedir(tasks);
    return any;
}

static void read_switches(int whose, struct probe_scheduling *reading)
{
    struct rusage usage;
    if (getrusage(whose, &usage))
        return;
    reading->has_switches = true;
    reading->involuntary_count = usage.ru_nivcsw;
    reading->voluntary_count = usage.ru_nvcsw;
}

void probe_scheduling_read(struct probe_scheduling *reading)
{
    *reading = (struct probe_scheduling){ 0 };
    if (has_one_thread(0))
        reading->has_run_delay = read_schedstat(AT_FDCWD, "/proc/self/schedstat", &reading->run_delay_ns);
    else
        reading->has_run_delay = read_all_threads(&reading->run_delay_ns);
    read_switches(RUSAGE_SELF, reading);
}

struct probe_scheduling probe_scheduling_difference(const struct probe_scheduling *later,
                                                    const struct probe_scheduling *earlier)
{
    struct probe_scheduling difference = { 0 };
    if (later->has_run_delay && earlier->has_run_delay && later->run_delay_ns >= earlier->run_delay_ns) {
        difference.has_run_delay = true;
        difference.run_delay_ns = later->run_delay_ns - earlier->run_delay_ns;
    }
    if (later->has_switches && earlier->has_switches) {
        difference.has_switches = true;
        difference.involuntary_count = later->involuntary_count - earlier->involuntary_count;
        difference.voluntary_count = later->voluntary_count - earlier->voluntary_count;
    }
    return difference;
}

void probe_scheduling_add(struct probe_scheduling *sum, const struct probe_scheduling *part)
{
    sum->has_run_delay = sum->has_run_delay && part->has_run_delay;
    sum->has_switches = sum->has_switches && part->has_switches;
    sum->run_delay_ns += part->run_delay_ns;
    sum->involuntary_count += part->involuntary_count;
    sum->voluntary_count += part->voluntary_count;
}

/* ---- monitor ---- */

void probe_scheduling_monitor_close(struct probe_scheduling_monitor *monitor)
{
    if (monitor->thread_id && monitor->file >= 0)
        close(monitor->file);
    monitor->thread_id = 0;
    monitor->has_last = false;
}

/* Of the calling thread. Opening the file costs ten times what reading it does, so it stays open, for as long as it is
 * always the same thread that asks (a child of a fork is another one). */
static bool read_own_delay(struct probe_scheduling_monitor *monitor, int64_t *run_delay_ns)
{
    char text[128], *end;
    pid_t thread_id = (pid_t)syscall(SYS_gettid);
    if (thread_id != monitor->thread_id) {
        probe_scheduling_monitor_close(monitor);
        monitor->file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
        monitor->thread_id = thread_id;
    }
    ssize_t length = monitor->file >= 0 ? pread(monitor->file, text, sizeof text - 1, 0) : 0;
    if (length <= 0)
        return false;
    text[length] = 0;
    strtoll(text, &end, 10); /* the time on a CPU */
    *run_delay_ns = strtoll(end, NULL, 10);
    return true;
}

static void take_reading(struct probe_scheduling_monitor *monitor)
{
    struct probe_scheduling *reading = &monitor->last;
    if (monitor->of_thread || has_one_thread(0)) {
        *reading = (struct probe_scheduling){ 0 };
        reading->has_run_delay = read_own_delay(monitor, &reading->run_delay_ns);
        read_switches(monitor->of_thread ? RUSAGE_THREAD : RUSAGE_SELF, reading);
    } else {
        probe_scheduling_read(reading);
    }
    monitor->last_wall_ns = clock_wall_ns();
    monitor->has_last = true;
}

static bool is_alone(const struct probe_scheduling_monitor *monitor)
{
    return monitor->of_thread || has_one_thread(monitor->sleepers);
}

void probe_scheduling_begin_at(struct probe_scheduling_monitor *monitor, int64_t now_ns)
{
    monitor->alone = is_alone(monitor);
    if (!monitor->has_last || !monitor->alone || now_ns - monitor->last_wall_ns > STALE_NS)
        take_reading(monitor);
}

void probe_scheduling_begin(struct probe_scheduling_monitor *monitor)
{
    probe_scheduling_begin_at(monitor, clock_wall_ns());
}

struct probe_scheduling probe_scheduling_end(struct probe_scheduling_monitor *monitor, int64_t off_cpu_ns)
{
    struct probe_scheduling before = monitor->last;
    bool bounded = monitor->alone && is_alone(monitor);
    if (bounded && off_cpu_ns < PROBE_SCHEDULING_NOISE_NS)
        return (struct probe_scheduling){ .has_run_delay = before.has_run_delay, .has_switches = before.has_switches };
    take_reading(monitor);
    struct probe_scheduling difference = probe_scheduling_difference(&monitor->last, &before);
    if (bounded && difference.run_delay_ns > off_cpu_ns)
        difference.run_delay_ns = off_cpu_ns; /* the rest was before the run */
    return difference;
}
