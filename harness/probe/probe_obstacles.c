/* probe_obstacles.c: reads what the machine says about counters, and turns an errno into a cause and its remedy. */
#include "harness/probe/probe_obstacles.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPABILITY_SYS_ADMIN = 21, CAPABILITY_PERFMON = 38 };

/* ---- the machine ---- */

static void read_status(struct probe_obstacles *obstacles)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    uint64_t capabilities;
    int mode;
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "Seccomp: %d", &mode) == 1)
            obstacles->has_seccomp = mode > 0;
        else if (sscanf(line, "CapEff: %" SCNx64, &capabilities) == 1)
            obstacles->has_capability =
                (capabilities >> CAPABILITY_PERFMON & 1) || (capabilities >> CAPABILITY_SYS_ADMIN & 1);
    }
    if (file)
        fclose(file);
}

static bool names_core_pmu(const char *name)
{
    return strcmp(name, "cpu") == 0 || strncmp(name, "cpu_", 4) == 0 || strncmp(name, "armv8", 5) == 0 ||
           strncmp(name, "armv9", 5) == 0;
}

static bool find_pmu(void)
{
    DIR *devices = opendir("/sys/bus/event_source/devices");
    const struct dirent *entry;
    bool found = false;
    while (devices && !found && (entry = readdir(devices)) != NULL)
        found = names_core_pmu(entry->d_name);
    if (devices)
        closedir(devices);
    return found;
}

static bool has_hypervisor(void)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[4096];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file))
        found = strncmp(line, "flags", 5) == 0 && strstr(line, " hypervisor");
    if (file)
        fclose(file);
    return found;
}

static bool is_in_container(void)
{
    return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0;
}

static bool is_software_refused(void)
{
    struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
                                          .size = sizeof attributes,
                                          .config = PERF_COUNT_SW_TASK_CLOCK,
                                          .disabled = 1,
                                          .exclude_kernel = 1,
                                          .exclude_hv = 1 };
    long descriptor = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (descriptor >= 0)
        close((int)descriptor);
    return descriptor < 0 && errno != EMFILE && errno != ENFILE;
}

void probe_obstacles_find(struct probe_obstacles *obstacles)
{
    *obstacles = (struct probe_obstacles){ .paranoid_level = PROBE_PARANOID_UNKNOWN };
    FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
    if (file && fscanf(file, "%d", &obstacles->paranoid_level) != 1)
        obstacles->paranoid_level = PROBE_PARANOID_UNKNOWN;
    if (file)
        fclose(file);
    read_status(obstacles);
    obstacles->has_pmu = find_pmu();
    obstacles->is_virtual = has_hypervisor();
    obstacles->is_container = is_in_container();
    obstacles->software_refused = is_software_refused();
}

/* ---- causes ---- */

struct texts {
    char *reason, *remedy;
    size_t reason_size, remedy_size;
};

static void write_texts(const struct texts *texts, const char *reason, const char *remedy)
{
    snprintf(texts->reason, texts->reason_size, "%s", reason);
    snprintf(texts->remedy, texts->remedy_size, "%s", remedy);
}

static const char seccomp_remedy[] =
    "permit the system call perf_event_open in the container's seccomp profile (docker "
    "run --security-opt seccomp=FILE, or =unconfined)";

static void explain_permission(const struct probe_obstacles *obstacles, const struct texts *texts)
{
    int level = obstacles->paranoid_level;
    if (level > 2 && !obstacles->has_capability) {
        write_texts(texts, "", "sysctl kernel.perf_event_paranoid=2, or the capability CAP_PERFMON for this program");
        snprintf(texts->reason, texts->reason_size, "perf_event_paranoid is %d: only privileged programs may count",
                 level);
    } else if (obstacles->has_seccomp && obstacles->software_refused) {
        write_texts(texts, "a seccomp filter does not permit perf_event_open", seccomp_remedy);
    } else if (level > 1 && !obstacles->has_capability && !obstacles->software_refused) {
        write_texts(texts, "", "sysctl kernel.perf_event_paranoid=1, or the capability CAP_PERFMON for this program");
        snprintf(texts->reason, texts->reason_size, "the kernel does not permit it at perf_event_paranoid %d", level);
    } else {
        write_texts(texts, "the kernel does not permit it: a security module, or the container",
                    "run outside the container, or give the program CAP_PERFMON and sysctl "
                    "kernel.perf_event_paranoid=1");
    }
}

static void explain_absence(const struct probe_obstacles *obstacles, bool is_software, const struct texts *texts)
{
    static const char elsewhere[] = "; software events (--counters=software) count everywhere";
    if (is_software) {
        write_texts(texts, "this kernel does not count it", "");
    } else if (obstacles->has_pmu) {
        write_texts(texts, "this machine's PMU cannot count it", "choose another event: prony events lists what opens");
    } else if (obstacles->is_virtual) {
        write_texts(texts, "this virtual machine has no PMU", "");
        snprintf(texts->remedy, texts->remedy_size,
                 "a host that gives its guests one (KVM: -cpu host,pmu=on), or bare "
                 "hardware%s",
                 elsewhere);
    } else {
        write_texts(texts, "this machine has no PMU that the kernel drives", "");
        snprintf(texts->remedy, texts->remedy_size, "other hardware, or a kernel with its PMU driver%s", elsewhere);
    }
}

static void explain_missing_call(const struct probe_obstacles *obstacles, const struct texts *texts)
{
    if (obstacles->has_seccomp)
        write_texts(texts, "there is no system call perf_event_open: a seccomp filter hides it", seccomp_remedy);
    else
        write_texts(texts, "there is no system call perf_event_open in this kernel",
                    "a kernel with CONFIG_PERF_EVENTS; gVisor and other user-space kernels have none");
}

static void explain_known(int errno_value, const struct texts *texts)
{
    static const struct {
        int errno_value;
        const char *reason, *remedy;
    } known[] = {
        { EOPNOTSUPP, "this machine's PMU cannot count it", "choose another event" },
        { EMFILE, "too many open files in this process", "raise ulimit -n, or ask for fewer counters" },
        { ENFILE, "too many open files on this machine", "raise sysctl fs.file-max" },
        { EBUSY, "another program has the PMU for itself", "stop it; sysctl kernel.nmi_watchdog=0 frees one counter" },
        { EINVAL, "the kernel does not take the event with these settings", "try it without its modifiers" },
        { ENOSPC, "the PMU has no counter left for it", "ask for fewer counters" },
        { ENOMEM, "the kernel has no memory for it", "ask for fewer counters" },
        { ESRCH, "its thread had ended", "" },
    };
    char text[128];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].errno_value != errno_value)
            continue;
        write_texts(texts, known[i].reason, known[i].remedy);
        return;
    }
    snprintf(text, sizeof text, "perf_event_open: %s", strerror(errno_value));
    write_texts(texts, text, "");
}

void probe_obstacles_explain(const struct probe_obstacles *obstacles, int errno_value, bool is_software, char *reason,
                             size_t reason_size, char *remedy, size_t remedy_size)
{
    const struct texts texts = { reason, remedy, reason_size, remedy_size };
    if (errno_value == EACCES || errno_value == EPERM)
        explain_permission(obstacles, &texts);
    else if (errno_value == ENOENT || errno_value == ENODEV || errno_value == ENXIO)
        explain_absence(obstacles, is_software, &texts);
    else if (errno_value == ENOSYS)
        explain_missing_call(obstacles, &texts);
    else
        explain_known(errno_value, &texts);
}
