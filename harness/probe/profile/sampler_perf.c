/* sampler_perf.c: events and rings a CPU, and the thread that empties them.
 *
 * The thread is the only one that touches the rings and the recording between open and close. */
#include "harness/probe/profile/sampler_perf.h"
#include "harness/probe/profile/perf_records.h"
#include "harness/probe/profile/perf_ring.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGES_MOST = 1024, PAGES_LEAST = 8, DRAIN_MS = 100 };

/* One CPU's. */
struct ring {
    int fd;
    struct perf_event_mmap_page *page; /* NULL = not mapped */
    void *data;
    size_t data_bytes, mapped_bytes;
};

struct sampler_perf {
    struct ring *rings;
    size_t ring_count;
    int stop_fd;
    pthread_t thread;
    struct recording recording;
};

static int open_event(const struct perf_event_attr *attr, pid_t process, int cpu)
{
    return (int)syscall(SYS_perf_event_open, attr, process, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* ---- what is allowed ---- */

static struct perf_event_attr make_attr(const struct sampler_options *options, const struct sampler_event *event)
{
    return (struct perf_event_attr){ .type = event->type,
                                     .size = sizeof(struct perf_event_attr),
                                     .config = event->config,
                                     .freq = 1,
                                     .sample_freq = (unsigned)options->frequency_hz,
                                     .sample_type = (unsigned)PERF_RECORDS_SAMPLE_TYPE,
                                     .sample_regs_user = REGISTERS_KERNEL_MASK,
                                     .sample_stack_user = (uint32_t)options->stack_bytes,
                                     .disabled = 1,
                                     .inherit = 1,
                                     .enable_on_exec = 1,
                                     .exclude_kernel = event->kernel ? 0 : 1,
                                     .exclude_hv = 1,
                                     .exclude_callchain_user = 1,
                                     .exclude_callchain_kernel = event->kernel ? 0 : 1,
                                     .mmap = 1,
                                     .mmap2 = 1,
                                     .comm = 1,
                                     .comm_exec = 1,
                                     .task = 1,
                                     .sample_id_all = 1,
                                     .use_clockid = 1,
                                     .clockid = CLOCK_MONOTONIC,
                                     .watermark = 1 };
}

/* In virtual machines a hardware event can often be opened and never counts. */
static bool counts(const struct sampler_event *event)
{
    struct perf_event_attr attr = {
        .type = event->type, .size = sizeof attr, .config = event->config, .exclude_kernel = 1, .exclude_hv = 1
    };
    int fd = open_event(&attr, 0, -1);
    if (fd < 0)
        return false;
    for (int64_t end_ns = clock_wall_ns() + 1000000; clock_wall_ns() < end_ns;)
        ;
    uint64_t count = 0;
    bool read_it = read(fd, &count, sizeof count) == (ssize_t)sizeof count;
    close(fd);
    return read_it && count > 0;
}

static long read_limit(const char *path)
{
    char *text;
    size_t size;
    if (file_read(path, &text, &size, NULL) != 0)
        return -1;
    long value = strtol(text, NULL, 10);
    free(text);
    return value;
}

static int explain_refusal(int reason, struct error *error)
{
    long paranoid = read_limit("/proc/sys/kernel/perf_event_paranoid");
    if (reason == ENOSYS)
        return error_set(error, ERROR_UNSUPPORTED, "this kernel, or the container, has no perf_event_open");
    if ((reason == EACCES || reason == EPERM) && paranoid > 2)
        return error_set(error, ERROR_UNSUPPORTED,
                         "perf_event_open is not permitted: kernel.perf_event_paranoid is %ld (as root: sysctl "
                         "kernel.perf_event_paranoid=2)",
                         paranoid);
    if (reason == EACCES || reason == EPERM)
        return error_set(error, ERROR_UNSUPPORTED,
                         "perf_event_open is not permitted, most likely by the container's seccomp filter");
    return error_set(error, ERROR_UNSUPPORTED, "perf_event_open: %s", strerror(reason));
}

int sampler_perf_probe(const struct sampler_options *options, struct sampler_event *event, struct error *error)
{
    long limit = read_limit("/proc/sys/kernel/perf_event_max_sample_rate");
    if (limit > 0 && options->frequency_hz > limit)
        return error_set(error, ERROR_USAGE, "%d Hz is above kernel.perf_event_max_sample_rate, which is %ld",
                         options->frequency_hz, limit);
    static const struct sampler_event events[] = {
        { "cycles", "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, false },
        { "cpu-clock", "ns", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, false },
    };
    *event = counts(&events[0]) ? events[0] : events[1];
    int reason = 0;
    for (int kernel = !options->no_kernel; kernel >= 0; kernel--) {
        event->kernel = kernel;
        struct perf_event_attr attr = make_attr(options, event);
        int fd = open_event(&attr, 0, -1);
        if (fd >= 0) {
            close(fd);
            return 0;
        }
        reason = errno;
    }
    return explain_refusal(reason, error);
}

/* ---- opening ---- */

static void close_ring(struct ring *ring)
{
    if (ring->page)
        munmap(ring->page, ring->mapped_bytes);
    if (ring->fd >= 0)
        close(ring->fd);
    *ring = (struct ring){ .fd = -1 };
}

static bool map_ring(struct ring *ring, size_t pages)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    ring->data_bytes = pages * page_bytes;
    ring->mapped_bytes = ring->data_bytes + page_bytes;
    void *memory = mmap(NULL, ring->mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
    if (memory == MAP_FAILED)
        return false;
    ring->page = memory;
    ring->data = (char *)memory + page_bytes;
    return true;
}

/* Room for a quarter of a second: our thread may have to wait that long for a CPU. */
static size_t pages_wanted(const struct sampler_options *options)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), pages = PAGES_LEAST;
    size_t wanted_bytes = (size_t)options->frequency_hz * (options->stack_bytes + 512) / 4;
    while (pages < PAGES_MOST && pages * page_bytes < wanted_bytes)
        pages *= 2;
    return pages;
}

static int map_rings(struct sampler_perf *sampler, const struct sampler_options *options, struct error *error)
{
    /* What may be locked in memory is limited for ordinary users (kernel.perf_event_mlock_kb): take less then. */
    for (size_t pages = pages_wanted(options); pages >= PAGES_LEAST; pages /= 2) {
        size_t mapped = 0;
        while (mapped < sampler->ring_count && map_ring(&sampler->rings[mapped], pages))
            mapped++;
        if (mapped == sampler->ring_count)
            return 0;
        int reason = errno;
        for (size_t i = 0; i < mapped; i++) {
            munmap(sampler->rings[i].page, sampler->rings[i].mapped_bytes);
            sampler->rings[i].page = NULL;
        }
        if (reason != EPERM && reason != ENOMEM)
            return error_system(error, reason, "cannot map a ring for samples");
    }
    return error_system(error, EPERM, "cannot map %zu rings for samples: kernel.perf_event_mlock_kb or ulimit -l",
                        sampler->ring_count);
}

static int open_events(struct sampler_perf *sampler, pid_t process, const struct sampler_options *options,
                       const struct sampler_event *event, struct error *error)
{
    int cpus = (int)sysconf(_SC_NPROCESSORS_CONF);
    struct perf_event_attr attr = make_attr(options, event);
    attr.wakeup_watermark = (uint32_t)(pages_wanted(options) * (size_t)sysconf(_SC_PAGESIZE) / 8);
    sampler->rings = mem_array((size_t)cpus, sizeof *sampler->rings);
    for (int cpu = 0; cpu < cpus; cpu++) {
        int fd = open_event(&attr, process, cpu);
        if (fd < 0 && errno == ENODEV) /* that CPU is switched off */
            continue;
        if (fd < 0)
            return error_system(error, errno, "cannot sample process %d on CPU %d", (int)process, cpu);
        sampler->rings[sampler->ring_count++] = (struct ring){ .fd = fd };
    }
    return sampler->ring_count ? 0 : error_set(error, ERROR_UNSUPPORTED, "no CPU to sample on");
}

/* ---- moving samples ---- */

static void keep(void *context, const void *bytes, size_t size_bytes)
{
    recording_append(context, bytes, size_bytes);
}

static void drain_all(struct sampler_perf *sampler)
{
    for (size_t i = 0; i < sampler->ring_count; i++) {
        struct ring *ring = &sampler->rings[i];
        perf_ring_drain(ring->page, ring->data, ring->data_bytes, keep, &sampler->recording);
    }
}

static void *drain_until_stopped(void *context)
{
    struct sampler_perf *sampler = context;
    struct pollfd *fds = mem_array(sampler->ring_count + 1, sizeof *fds);
    fds[0] = (struct pollfd){ .fd = sampler->stop_fd, .events = POLLIN };
    for (size_t i = 0; i < sampler->ring_count; i++)
        fds[i + 1] = (struct pollfd){ .fd = sampler->rings[i].fd, .events = POLLIN };
    while (!(fds[0].revents & POLLIN)) {
        poll(fds, sampler->ring_count + 1, DRAIN_MS);
        drain_all(sampler);
        /* The end of the process hangs up its event for good: poll would not sleep any more. */
        for (size_t i = 1; i <= sampler->ring_count; i++)
            if (fds[i].revents & (POLLHUP | POLLERR))
                fds[i].fd = -1;
    }
    free(fds);
    return NULL;
}

/* ---- the whole ---- */

static void release(struct sampler_perf *sampler)
{
    for (size_t i = 0; i < sampler->ring_count; i++)
        close_ring(&sampler->rings[i]);
    free(sampler->rings);
    if (sampler->stop_fd >= 0)
        close(sampler->stop_fd);
    recording_close(&sampler->recording);
    free(sampler);
}

int sampler_perf_open(struct sampler_perf **result, pid_t process, const struct sampler_options *options,
                      const struct sampler_event *event, struct error *error)
{
    struct sampler_perf *sampler = mem_alloc(sizeof *sampler);
    sampler->stop_fd = eventfd(0, EFD_CLOEXEC);
    int code = recording_open(&sampler->recording, error);
    if (code == 0 && sampler->stop_fd < 0)
        code = error_system(error, errno, "cannot make an eventfd");
    if (code == 0)
        code = open_events(sampler, process, options, event, error);
    if (code == 0)
        code = map_rings(sampler, options, error);
    if (code == 0) {
        int reason = pthread_create(&sampler->thread, NULL, drain_until_stopped, sampler);
        if (reason != 0)
            code = error_system(error, reason, "cannot start a thread for the samples");
    }
    if (code != 0) {
        release(sampler);
        return code;
    }
    *result = sampler;
    return 0;
}

int sampler_perf_close(struct sampler_perf *sampler, struct recording *recording, struct error *error)
{
    int code = 0;
    for (size_t i = 0; i < sampler->ring_count; i++)
        ioctl(sampler->rings[i].fd, PERF_EVENT_IOC_DISABLE, 0);
    uint64_t one = 1;
    while (write(sampler->stop_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    pthread_join(sampler->thread, NULL);
    if (recording) {
        code = recording_map(&sampler->recording, error);
        *recording = sampler->recording;
        sampler->recording = (struct recording){ .fd = -1 };
        if (code != 0)
            recording_close(recording);
    }
    release(sampler);
    return code;
}
