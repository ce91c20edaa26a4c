/* probe_counters_perf.c: the counters of this machine: names by libpfm4, counting by perf_event_open.
 *
 * The references to libpfm4 are weak, so that a program may be linked without it, and then has no counters but the
 * software events, whose names stand here because every kernel has them whatever libpfm4 knows or is forced to know. */
#include "harness/probe/probe_counters.h"
#include "harness/base/str.h"
#include "harness/probe/probe_rdpmc.h"
#include <dirent.h>
#include <errno.h>
#ifdef PRONY_HAVE_LIBPFM
#include <perfmon/pfmlib.h>
#include <perfmon/pfmlib_perf_event.h>
#pragma weak pfm_initialize
#pragma weak pfm_get_os_event_encoding
#pragma weak pfm_get_pmu_info
#else
#include <linux/perf_event.h>
#endif
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { INTERRUPTED_LIMIT = 5 };

static const struct {
    const char *name;
    uint64_t config;
} software_events[] = {
    { "perf::TASK-CLOCK", PERF_COUNT_SW_TASK_CLOCK },
    { "perf::PAGE-FAULTS", PERF_COUNT_SW_PAGE_FAULTS },
    { "perf::MINOR-FAULTS", PERF_COUNT_SW_PAGE_FAULTS_MIN },
    { "perf::MAJOR-FAULTS", PERF_COUNT_SW_PAGE_FAULTS_MAJ },
    { "perf::CONTEXT-SWITCHES", PERF_COUNT_SW_CONTEXT_SWITCHES },
    { "perf::CPU-MIGRATIONS", PERF_COUNT_SW_CPU_MIGRATIONS },
    { "perf::ALIGNMENT-FAULTS", PERF_COUNT_SW_ALIGNMENT_FAULTS },
};

static bool encode_software(const char *name, struct perf_event_attr *attributes)
{
    memset(attributes, 0, sizeof *attributes);
    attributes->type = PERF_TYPE_SOFTWARE;
    for (size_t i = 0; i < sizeof software_events / sizeof software_events[0]; i++) {
        if (!str_equal(software_events[i].name, name))
            continue;
        attributes->config = software_events[i].config;
        return true;
    }
    return false;
}

#ifdef PRONY_HAVE_LIBPFM

enum { PMU_TYPE_SHIFT = 32 };

/* Hybrid CPUs have a PMU for each kind of core: those with a file "cpus". Their types; 0 of them on others. */
static size_t find_hybrid_pmus(uint64_t *types, size_t limit)
{
    static const char root[] = "/sys/bus/event_source/devices";
    DIR *devices = opendir(root);
    size_t count = 0;
    const struct dirent *entry;
    while (devices && count < limit && (entry = readdir(devices)) != NULL) {
        char path[400];
        unsigned type;
        snprintf(path, sizeof path, "%s/%s/cpus", root, entry->d_name);
        if (strncmp(entry->d_name, "cpu_", 4) != 0 || access(path, F_OK) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s/type", root, entry->d_name);
        FILE *file = fopen(path, "re");
        if (file && fscanf(file, "%u", &type) == 1)
            types[count++] = type;
        if (file)
            fclose(file);
    }
    if (devices)
        closedir(devices);
    return count;
}

static bool has_libpfm(void)
{
    return pfm_initialize != NULL && pfm_get_os_event_encoding != NULL;
}

static size_t encode_native(const char *name, struct perf_event_attr *attributes, size_t limit)
{
    uint64_t types[8];
    pfm_perf_encode_arg_t argument;
    memset(attributes, 0, sizeof *attributes);
    memset(&argument, 0, sizeof argument);
    argument.attr = attributes;
    argument.size = sizeof argument;
    if (pfm_initialize() != PFM_SUCCESS ||
        pfm_get_os_event_encoding(name, PFM_PLM3, PFM_OS_PERF_EVENT, &argument) != PFM_SUCCESS)
        return 0;
    if (attributes->type != PERF_TYPE_HARDWARE)
        return 1;
    size_t count = find_hybrid_pmus(types, limit < 8 ? limit : 8);
    for (size_t i = count; i-- > 0;) {
        attributes[i] = attributes[0];
        attributes[i].config |= types[i] << PMU_TYPE_SHIFT;
    }
    return count ? count : 1;
}

size_t probe_counters_pmus(struct probe_counters_pmu *pmus, size_t limit)
{
    size_t count = 0;
    if (!has_libpfm() || !pfm_get_pmu_info || pfm_initialize() != PFM_SUCCESS)
        return 0;
    for (int i = 0; i < PFM_PMU_MAX && count < limit; i++) {
        pfm_pmu_info_t info;
        memset(&info, 0, sizeof info);
        info.size = sizeof info;
        if (pfm_get_pmu_info((pfm_pmu_t)i, &info) != PFM_SUCCESS || !info.is_present)
            continue;
        pmus[count++] = (struct probe_counters_pmu){ info.name, info.desc, info.num_cntrs + info.num_fixed_cntrs };
    }
    return count;
}

#else

static bool has_libpfm(void)
{
    return false;
}

size_t probe_counters_pmus(struct probe_counters_pmu *pmus, size_t limit)
{
    (void)pmus, (void)limit;
    return 0;
}

static size_t encode_native(const char *name, struct perf_event_attr *attributes, size_t limit)
{
    (void)name, (void)attributes, (void)limit;
    return 0;
}

#endif

static size_t encode(void *context, const char *name, struct perf_event_attr *attributes, size_t limit)
{
    (void)context;
    if (encode_software(name, attributes))
        return 1;
    return has_libpfm() ? encode_native(name, attributes, limit) : 0;
}

static int open_event(void *context, const struct perf_event_attr *attributes, pid_t thread, int group)
{
    (void)context;
    long descriptor = -1;
    errno = EINTR;
    for (int i = 0; i < INTERRUPTED_LIMIT && descriptor < 0 && errno == EINTR; i++)
        descriptor = syscall(SYS_perf_event_open, attributes, thread, -1, group, PERF_FLAG_FD_CLOEXEC);
    return descriptor < 0 ? -errno : (int)descriptor;
}

static ssize_t read_group(void *context, int group, void *buffer, size_t size_bytes)
{
    (void)context;
    ssize_t length = read(group, buffer, size_bytes);
    return length < 0 ? -errno : length;
}

static int enable(void *context, int group)
{
    (void)context;
    return ioctl(group, PERF_EVENT_IOC_ENABLE, 0) ? -errno : 0;
}

static void close_event(void *context, int descriptor)
{
    (void)context;
    close(descriptor);
}

static void *map_page(void *context, int descriptor)
{
    (void)context;
    void *page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, descriptor, 0);
    return page == MAP_FAILED ? NULL : page;
}

static void unmap_page(void *context, void *page)
{
    (void)context;
    munmap(page, (size_t)sysconf(_SC_PAGESIZE));
}

static const struct probe_rdpmc_clocks *find_clocks(void *context)
{
    (void)context;
    return probe_rdpmc_machine();
}

const struct probe_counters_backend *probe_counters_system(void)
{
    static const struct probe_counters_backend perf = {
        .encode = encode,
        .open = open_event,
        .read = read_group,
        .enable = enable,
        .close = close_event,
        .map = map_page,
        .unmap = unmap_page,
        .clocks = find_clocks,
    };
    return &perf;
}

const struct probe_counters_backend *probe_counters_perf(void)
{
    return has_libpfm() ? probe_counters_system() : NULL;
}
