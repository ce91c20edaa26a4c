/* fingerprint.c: reads /proc and /sys. */
#include "harness/run/fingerprint.h"
#include "harness/run/ci_branch.h"
#include "harness/run/build_info.h"
#include "harness/run/bandwidth.h"
#include "harness/run/child.h"
#include "harness/run/sysfs.h"
#include "harness/base/core_clock.h"
#include "harness/base/cpu.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <gnu/libc-version.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

/* Another number whenever other facts are taken. That makes new rows in the store; which of them are one machine, is
 * told by the hardware facts that they share (harness/store/machines.c). */
#define FINGERPRINT_VERSION "3"

#define HASH_START 0xcbf29ce484222325u /* FNV-1a, 64 bits */

/* ---- hardware ---- */

static const char *find_cpu_flags(struct arena *arena, const char *cpuinfo)
{
    const char *flags = sysfs_find_line(arena, cpuinfo, "flags");
    return flags ? flags : sysfs_find_line(arena, cpuinfo, "Features");
}

static void add_cpu(struct facts *facts, const char *root)
{
    static const char *const keys[][2] = {
        { "cpu_vendor", "vendor_id" },
        { "cpu_name", "model name" },
        { "cpu_family", "cpu family" },
        { "cpu_model", "model" },
        { "cpu_stepping", "stepping" },
        { "cpu_implementer", "CPU implementer" },
        { "cpu_architecture", "CPU architecture" },
        { "cpu_part", "CPU part" },
        { "cpu_revision", "CPU revision" },
    };
    const char *text = sysfs_read(facts->arena, root, "/proc/cpuinfo");
    if (!text)
        return;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        facts_add(facts, keys[i][0], sysfs_find_line(facts->arena, text, keys[i][1]));
    const char *flags = find_cpu_flags(facts->arena, text);
    if (flags) {
        char *padded = mem_format(" %s ", flags);
        facts_add(facts, "hypervisor_flag", strstr(padded, " hypervisor ") ? "yes" : "no");
        free(padded);
    }
    int count = 0;
    for (const char *p = text; (p = strstr(p, "processor")) != NULL; p++)
        count += p == text || p[-1] == '\n';
    if (count > 0)
        facts_addf(facts, "cpu_count", "%d", count);
}

static const char *read_cache(struct facts *facts, const char *root, int index, const char *file)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, file);
    return sysfs_read(facts->arena, root, path);
}

/* Those that CPU 0 sees, and how many CPUs share each. */
static void add_caches(struct facts *facts, const char *root)
{
    struct str list = { 0 };
    for (int index = 0; index < 16; index++) {
        const char *level = read_cache(facts, root, index, "level"), *type = read_cache(facts, root, index, "type");
        const char *size = read_cache(facts, root, index, "size");
        if (!level || !type || !size)
            continue;
        str_appendf(&list, "%sL%s %s %s", list.length ? ", " : "", level, type, size);
        int sharing = sysfs_count_list(read_cache(facts, root, index, "shared_cpu_list"));
        if (sharing > 1)
            str_appendf(&list, " of %d CPUs", sharing);
    }
    if (list.length)
        facts_add(facts, "caches", str_text(&list));
    str_release(&list);
}

/* How many different texts the files of a pattern hold, package and core together where there are two. */
static size_t count_different(struct arena *arena, const char *root, const char *first, const char *second)
{
    const char *const *paths;
    size_t count = sysfs_glob(arena, root, "/sys/devices/system/cpu/cpu[0-9]*/topology", &paths), found = 0;
    const char **seen = arena_array(arena, count, sizeof *seen);
    for (size_t i = 0; i < count; i++) {
        const char *a = sysfs_read(arena, root, arena_format(arena, "%s/%s", paths[i], first));
        const char *b = second ? sysfs_read(arena, root, arena_format(arena, "%s/%s", paths[i], second)) : "";
        if (!a || !b)
            continue;
        const char *key = arena_format(arena, "%s:%s", a, b);
        size_t k = 0;
        while (k < found && !str_equal(seen[k], key))
            k++;
        if (k == found)
            seen[found++] = key;
    }
    return found;
}

static void add_topology(struct facts *facts, const char *root)
{
    size_t sockets = count_different(facts->arena, root, "physical_package_id", NULL);
    size_t cores = count_different(facts->arena, root, "physical_package_id", "core_id");
    if (cores)
        facts_addf(facts, "cpu_cores", "%zu", cores);
    if (sockets)
        facts_addf(facts, "cpu_sockets", "%zu", sockets);
    int nodes = sysfs_count_list(sysfs_read(facts->arena, root, "/sys/devices/system/node/online"));
    if (nodes)
        facts_addf(facts, "numa_nodes", "%d", nodes);
}

static void add_system(struct facts *facts, const char *root)
{
    struct utsname name;
    if (uname(&name) == 0)
        facts_add(facts, "architecture", name.machine);
    facts_add(facts, "hypervisor", sysfs_read(facts->arena, root, "/sys/hypervisor/type"));
    facts_add(facts, "machine_vendor", sysfs_read(facts->arena, root, "/sys/class/dmi/id/sys_vendor"));
    facts_add(facts, "machine_product", sysfs_read(facts->arena, root, "/sys/class/dmi/id/product_name"));
    facts_add(facts, "smt_active", sysfs_read(facts->arena, root, "/sys/devices/system/cpu/smt/active"));
    struct cpu_info cpu;
    char features[128];
    cpu_detect(&cpu);
    facts_add(facts, "instruction_sets", cpu_feature_names(cpu.features, features, sizeof features));
}

/* ---- environment ---- */

static void add_mitigations(struct facts *facts, const char *root)
{
    uint64_t hash = HASH_START;
    int mitigated = 0, vulnerable = 0;
    const char *const *paths;
    size_t count = sysfs_glob(facts->arena, root, "/sys/devices/system/cpu/vulnerabilities/*", &paths); /* sorted */
    for (size_t i = 0; i < count; i++) {
        const char *text = sysfs_read(facts->arena, root, paths[i]);
        if (!text)
            continue;
        mitigated += str_starts(text, "Mitigation");
        vulnerable += str_starts(text, "Vulnerable");
        const char *name = strrchr(paths[i], '/') + 1;
        hash = hash_text(hash_text(hash_text(hash, name), "="), text);
    }
    if (count)
        facts_addf(facts, "mitigations", "%d of %zu mitigated, %d vulnerable, hash %016llx", mitigated, count,
                   vulnerable, (unsigned long long)hash);
}

/* The kernel's names of CPU flags, of which each version knows more, and what firmware brings. */
static void add_cpu_software(struct facts *facts, const char *root)
{
    const char *text = sysfs_read(facts->arena, root, "/proc/cpuinfo");
    const char *flags = text ? find_cpu_flags(facts->arena, text) : NULL;
    if (flags)
        facts_addf(facts, "cpu_flags_hash", "%016llx", (unsigned long long)hash_text(HASH_START, flags));
    if (text)
        facts_add(facts, "microcode", sysfs_find_line(facts->arena, text, "microcode"));
}

static void add_software(struct facts *facts, const char *root)
{
    struct utsname name;
    if (uname(&name) == 0) {
        const char *release = sysfs_read(facts->arena, root, "/proc/sys/kernel/osrelease");
        facts_addf(facts, "kernel", "%s %s", name.sysname, release ? release : name.release);
    }
    facts_addf(facts, "libc", "glibc %s", gnu_get_libc_version());
    add_cpu_software(facts, root);
    add_mitigations(facts, root);
}

static void add_settings(struct facts *facts, const char *root)
{
    static const char *const files[][2] = {
        { "aslr", "/proc/sys/kernel/randomize_va_space" },
        { "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor" },
        { "boost", "/sys/devices/system/cpu/cpufreq/boost" },
        { "turbo_disabled", "/sys/devices/system/cpu/intel_pstate/no_turbo" },
        { "cgroup_cpu_limit", "/sys/fs/cgroup/cpu.max" },
        { "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource" },
    };
    const char *thp = sysfs_read(facts->arena, root, "/sys/kernel/mm/transparent_hugepage/enabled");
    facts_add(facts, "transparent_hugepages", sysfs_selected_word(facts->arena, thp));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        facts_add(facts, files[i][0], sysfs_read(facts->arena, root, files[i][1]));
}

/* ---- condition ---- */

static void add_memory(struct facts *facts, const char *root)
{
    static const char *const keys[][2] = { { "memory_total", "MemTotal" },
                                           { "memory_available", "MemAvailable" },
                                           { "swap_free", "SwapFree" } };
    const char *text = sysfs_read(facts->arena, root, "/proc/meminfo");
    for (size_t i = 0; text && i < sizeof keys / sizeof keys[0]; i++)
        facts_add(facts, keys[i][0], sysfs_find_line(facts->arena, text, keys[i][1]));
}

static void add_steal(struct facts *facts, const char *root)
{
    const char *text = sysfs_read(facts->arena, root, "/proc/stat");
    unsigned long long user, nice, system, idle, wait, irq, softirq, steal;
    if (text && sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq,
                       &softirq, &steal) == 8)
        facts_addf(facts, "steal_ticks", "%llu", steal);
}

/* What costs time is measured on the real machine only. */
static void add_measured(struct facts *facts)
{
    double hz = core_clock_read_hz(5, 3200000); /* an estimate, hence the name */
    if (hz > 0)
        facts_addf(facts, "clock_estimate_ghz", "%.3f", hz / 1e9);
    size_t array_bytes;
    int passes;
    char size[32];
    double bandwidth = bandwidth_measure(0.05, &array_bytes, &passes);
    if (!isnan(bandwidth)) {
        facts_addf(facts, "stream_triad_gbs", "%.2f", bandwidth / 1e9);
        facts_addf(facts, "stream_triad_setup", "one thread, 3 arrays of %s, best of %d",
                   str_bytes(size, sizeof size, (double)array_bytes), passes);
    }
}

/* The host's name tells a run that goes on from one that was killed (summary.c), so it is that of gethostname. */
static void add_host(struct facts *facts, const char *root)
{
    char host[256];
    if (*root) {
        facts_add(facts, "host", sysfs_read(facts->arena, root, "/proc/sys/kernel/hostname"));
    } else if (gethostname(host, sizeof host) == 0) {
        host[sizeof host - 1] = 0;
        facts_add(facts, "host", host);
    }
}

static void add_temperature(struct facts *facts, const char *root)
{
    const char *path;
    double degrees = sysfs_find_temperature(facts->arena, root, &path);
    if (!isnan(degrees))
        facts_addf(facts, "temperature_celsius", "%.0f", degrees);
}

static void add_condition(struct facts *facts, const char *root)
{
    const char *load = sysfs_read(facts->arena, root, "/proc/loadavg");
    if (load)
        facts_add(facts, "load", arena_strndup(facts->arena, load, strcspn(load, " ")));
    const char *pressure = sysfs_read(facts->arena, root, "/proc/pressure/cpu");
    if (pressure)
        facts_add(facts, "cpu_pressure", arena_strndup(facts->arena, pressure, strcspn(pressure, "\n")));
    const char *cpuinfo = sysfs_read(facts->arena, root, "/proc/cpuinfo");
    if (cpuinfo)
        facts_add(facts, "cpuinfo_mhz", sysfs_find_line(facts->arena, cpuinfo, "cpu MHz"));
    facts_add(facts, "boot_id", sysfs_read(facts->arena, root, "/proc/sys/kernel/random/boot_id"));
    add_host(facts, root);
    add_memory(facts, root);
    add_steal(facts, root);
    add_temperature(facts, root);
    if (!*root)
        add_measured(facts);
}

void fingerprint_collect(struct fingerprint *fingerprint, const char *root, struct arena *arena)
{
    *fingerprint = (struct fingerprint){ .machine.arena = arena, .condition.arena = arena };
    struct facts *machine = &fingerprint->machine;
    add_cpu(machine, root);
    add_topology(machine, root);
    add_caches(machine, root);
    add_system(machine, root);
    fingerprint->hardware_count = machine->count;
    facts_add(machine, "fingerprint_version", FINGERPRINT_VERSION);
    add_software(machine, root);
    add_settings(machine, root);
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < machine->count; i++) {
        const struct store_fact *fact = &machine->items[i];
        hash = hash_text(hash_text(hash_text(hash_text(hash, fact->name), "="), fact->value), "\n");
    }
    snprintf(fingerprint->hash, sizeof fingerprint->hash, "%016llx", (unsigned long long)hash);
    snprintf(fingerprint->key, sizeof fingerprint->key, "%s",
             store_machine_key(fingerprint->hash, machine->items, machine->count, arena));
    add_condition(&fingerprint->condition, root);
}

void fingerprint_release(struct fingerprint *fingerprint)
{
    facts_release(&fingerprint->machine);
    facts_release(&fingerprint->condition);
}

/* ---- build ---- */

/* What `git <arguments>` prints, without the final newline; NULL if it failed. In the arena. */
static const char *ask_git(struct arena *arena, const char *const *arguments)
{
    struct child_request request = {
        .arguments = arguments, .timeout_s = 10, .output_limit_bytes = 1 << 20, .interrupt_fd = -1
    };
    struct child_result result;
    const char *answer = NULL;
    if (child_run(&request, &result, NULL) == 0 && result.end == CHILD_EXITED && result.status == 0) {
        const char *text = str_text(&result.output);
        size_t length = strlen(text);
        while (length > 0 && text[length - 1] == '\n')
            length--;
        answer = arena_strndup(arena, text, length);
    }
    child_release(&result);
    return answer;
}

void fingerprint_build(struct facts *facts, const char *directory)
{
    const char *const commit[] = { "git", "-C", directory, "rev-parse", "HEAD", NULL };
    const char *const branch[] = { "git", "-C", directory, "rev-parse", "--abbrev-ref", "HEAD", NULL };
    const char *const status[] = { "git", "-C", directory, "status", "--porcelain", "--untracked-files=no", NULL };
    const char *hash = ask_git(facts->arena, commit);
    if (hash) {
        facts_add(facts, "git_commit", hash);
        const char *name = ask_git(facts->arena, branch);
        if (str_equal(name, "HEAD")) /* detached: on no branch that git knows */
            name = ci_branch(hash);
        facts_add(facts, "git_branch", name);
        const char *changes = ask_git(facts->arena, status);
        if (changes)
            facts_add(facts, "git_dirty", changes[0] ? "yes" : "no");
    }
    facts_add(facts, "prony_version", build_info_version());
    facts_add(facts, "prony_compiler", build_info_compiler());
    facts_add(facts, "prony_flags", build_info_flags());
}
