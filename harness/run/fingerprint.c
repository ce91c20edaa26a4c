/* fingerprint.c: reads /proc and /sys. */
#include "harness/run/fingerprint.h"
#include "harness/run/build_info.h"
#include "harness/run/child.h"
#include "harness/base/clock.h"
#include "harness/base/cpu.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <glob.h>
#include <gnu/libc-version.h>
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

#define HASH_START 0xcbf29ce484222325u /* FNV-1a, 64 bits */

/* ---- reading small files ---- */

/* The text of root + path without the final newline, in the arena; NULL if it cannot be read. */
static const char *read_text(struct arena *arena, const char *root, const char *path)
{
    char *full = mem_format("%s%s", root, path);
    char *text = NULL;
    size_t size;
    const char *result = NULL;
    if (file_read(full, &text, &size, NULL) == 0) {
        while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' '))
            text[--size] = 0;
        result = arena_strdup(arena, text);
    }
    free(text);
    free(full);
    return result;
}

/* The value of the first "key : value" line of a text like /proc/cpuinfo, in the arena; NULL if there is none. */
static const char *find_line(struct arena *arena, const char *text, const char *key)
{
    size_t key_length = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        if (strncmp(line, key, key_length) != 0)
            continue;
        const char *p = line + key_length;
        p += strspn(p, " \t");
        if (*p != ':')
            continue;
        p++;
        p += strspn(p, " \t");
        return arena_strndup(arena, p, strcspn(p, "\n"));
    }
    return NULL;
}

/* "always [madvise] never" -> "madvise". */
static const char *selected_word(struct arena *arena, const char *text)
{
    const char *open = text ? strchr(text, '[') : NULL;
    const char *close = open ? strchr(open, ']') : NULL;
    return close ? arena_strndup(arena, open + 1, (size_t)(close - open - 1)) : NULL;
}

/* ---- identity ---- */

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
    const char *text = read_text(facts->arena, root, "/proc/cpuinfo");
    if (!text)
        return;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        facts_add(facts, keys[i][0], find_line(facts->arena, text, keys[i][1]));
    const char *flags = find_line(facts->arena, text, "flags");
    if (!flags)
        flags = find_line(facts->arena, text, "Features");
    if (flags) {
        facts_addf(facts, "cpu_flags_hash", "%016llx", (unsigned long long)hash_text(HASH_START, flags));
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

static void add_caches(struct facts *facts, const char *root)
{
    struct str list = { 0 };
    for (int index = 0; index < 16; index++) {
        const char *parts[3];
        static const char *const files[3] = { "level", "type", "size" };
        for (int i = 0; i < 3; i++) {
            char path[96];
            snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, files[i]);
            parts[i] = read_text(facts->arena, root, path);
        }
        if (parts[0] && parts[1] && parts[2])
            str_appendf(&list, "%sL%s %s %s", list.length ? ", " : "", parts[0], parts[1], parts[2]);
    }
    if (list.length)
        facts_add(facts, "caches", str_text(&list));
    str_release(&list);
}

static void add_mitigations(struct facts *facts, const char *root)
{
    uint64_t hash = HASH_START;
    int mitigated = 0, vulnerable = 0;
    glob_t found;
    char *pattern = mem_format("%s/sys/devices/system/cpu/vulnerabilities/*", root);
    if (glob(pattern, 0, NULL, &found) == 0) { /* sorted by name */
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *text = read_text(facts->arena, "", found.gl_pathv[i]);
            if (!text)
                continue;
            mitigated += str_starts(text, "Mitigation");
            vulnerable += str_starts(text, "Vulnerable");
            const char *name = strrchr(found.gl_pathv[i], '/') + 1;
            hash = hash_text(hash_text(hash_text(hash, name), "="), text);
        }
        facts_addf(facts, "mitigations", "%d of %zu mitigated, %d vulnerable, hash %016llx", mitigated, found.gl_pathc,
                   vulnerable, (unsigned long long)hash);
        globfree(&found);
    }
    free(pattern);
}

static void add_system(struct facts *facts, const char *root)
{
    struct utsname name;
    if (uname(&name) == 0) {
        facts_add(facts, "architecture", name.machine);
        facts_addf(facts, "kernel", "%s %s", name.sysname, name.release);
    }
    facts_addf(facts, "libc", "glibc %s", gnu_get_libc_version());
    facts_add(facts, "hypervisor", read_text(facts->arena, root, "/sys/hypervisor/type"));
    facts_add(facts, "machine_product", read_text(facts->arena, root, "/sys/class/dmi/id/product_name"));
    facts_add(facts, "smt_active", read_text(facts->arena, root, "/sys/devices/system/cpu/smt/active"));
    const char *thp = read_text(facts->arena, root, "/sys/kernel/mm/transparent_hugepage/enabled");
    facts_add(facts, "transparent_hugepages", selected_word(facts->arena, thp));
    facts_add(facts, "aslr", read_text(facts->arena, root, "/proc/sys/kernel/randomize_va_space"));
    struct cpu_info cpu;
    char features[128];
    cpu_detect(&cpu);
    facts_add(facts, "instruction_sets", cpu_feature_names(cpu.features, features, sizeof features));
}

/* ---- condition ---- */

/* Each of the chain's adds needs the one before it, so one takes a cycle whatever the CPU's width: additions per
 * second are cycles per second, also where the counter of cycles is hidden. An estimate, hence the name. */
static double estimate_clock_hz(void)
{
#if defined(__x86_64__)
    double best = 0;
    for (int trial = 0; trial < 5; trial++) {
        const uint64_t blocks = 200000;
        uint64_t value = 1, left = blocks;
        int64_t start = clock_wall_ns();
        __asm__ volatile("1:\n\t"
                         "add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\t"
                         "add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\t"
                         "add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\t"
                         "add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\t"
                         "dec %1\n\tjnz 1b"
                         : "+r"(value), "+r"(left)
                         :
                         : "cc");
        double seconds = (double)(clock_wall_ns() - start) / 1e9;
        double hz = seconds > 0 ? (double)blocks * 16 / seconds : 0;
        best = hz > best ? hz : best;
    }
    return best;
#else
    return 0;
#endif
}

static void add_memory(struct facts *facts, const char *root)
{
    static const char *const keys[][2] = { { "memory_total", "MemTotal" },
                                           { "memory_available", "MemAvailable" },
                                           { "swap_free", "SwapFree" } };
    const char *text = read_text(facts->arena, root, "/proc/meminfo");
    for (size_t i = 0; text && i < sizeof keys / sizeof keys[0]; i++)
        facts_add(facts, keys[i][0], find_line(facts->arena, text, keys[i][1]));
}

static void add_steal(struct facts *facts, const char *root)
{
    const char *text = read_text(facts->arena, root, "/proc/stat");
    unsigned long long user, nice, system, idle, wait, irq, softirq, steal;
    if (text && sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq,
                       &softirq, &steal) == 8)
        facts_addf(facts, "steal_ticks", "%llu", steal);
}

static void add_condition(struct facts *facts, const char *root)
{
    const char *load = read_text(facts->arena, root, "/proc/loadavg");
    if (load)
        facts_add(facts, "load", arena_strndup(facts->arena, load, strcspn(load, " ")));
    const char *cpufreq = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    facts_add(facts, "governor", read_text(facts->arena, root, cpufreq));
    facts_add(facts, "boost", read_text(facts->arena, root, "/sys/devices/system/cpu/cpufreq/boost"));
    facts_add(facts, "turbo_disabled", read_text(facts->arena, root, "/sys/devices/system/cpu/intel_pstate/no_turbo"));
    facts_add(facts, "cgroup_cpu_limit", read_text(facts->arena, root, "/sys/fs/cgroup/cpu.max"));
    const char *pressure = read_text(facts->arena, root, "/proc/pressure/cpu");
    if (pressure)
        facts_add(facts, "cpu_pressure", arena_strndup(facts->arena, pressure, strcspn(pressure, "\n")));
    const char *cpuinfo = read_text(facts->arena, root, "/proc/cpuinfo");
    if (cpuinfo) {
        facts_add(facts, "microcode", find_line(facts->arena, cpuinfo, "microcode"));
        const char *mhz = find_line(facts->arena, cpuinfo, "cpu MHz");
        facts_add(facts, "cpuinfo_mhz", mhz);
    }
    facts_add(facts, "boot_id", read_text(facts->arena, root, "/proc/sys/kernel/random/boot_id"));
    char host[256];
    if (gethostname(host, sizeof host) == 0) {
        host[sizeof host - 1] = 0;
        facts_add(facts, "host", host);
    }
    add_memory(facts, root);
    add_steal(facts, root);
    double hz = estimate_clock_hz();
    if (hz > 0)
        facts_addf(facts, "clock_estimate_ghz", "%.3f", hz / 1e9);
}

void fingerprint_collect(struct fingerprint *fingerprint, const char *root, struct arena *arena)
{
    *fingerprint = (struct fingerprint){ .identity.arena = arena, .condition.arena = arena };
    add_cpu(&fingerprint->identity, root);
    add_caches(&fingerprint->identity, root);
    add_system(&fingerprint->identity, root);
    add_mitigations(&fingerprint->identity, root);
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < fingerprint->identity.count; i++) {
        const struct store_fact *fact = &fingerprint->identity.items[i];
        hash = hash_text(hash_text(hash_text(hash_text(hash, fact->name), "="), fact->value), "\n");
    }
    snprintf(fingerprint->hash, sizeof fingerprint->hash, "%016llx", (unsigned long long)hash);
    add_condition(&fingerprint->condition, root);
}

void fingerprint_release(struct fingerprint *fingerprint)
{
    facts_release(&fingerprint->identity);
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

void fingerprint_build(struct facts *facts)
{
    const char *const commit[] = { "git", "rev-parse", "HEAD", NULL };
    const char *const branch[] = { "git", "rev-parse", "--abbrev-ref", "HEAD", NULL };
    const char *const status[] = { "git", "status", "--porcelain", "--untracked-files=no", NULL };
    const char *hash = ask_git(facts->arena, commit);
    if (hash) {
        facts_add(facts, "git_commit", hash);
        facts_add(facts, "git_branch", ask_git(facts->arena, branch));
        const char *changes = ask_git(facts->arena, status);
        if (changes)
            facts_add(facts, "git_dirty", changes[0] ? "yes" : "no");
    }
    facts_add(facts, "prony_version", build_info_version());
    facts_add(facts, "prony_compiler", build_info_compiler());
    facts_add(facts, "prony_flags", build_info_flags());
}
