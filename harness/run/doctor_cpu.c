/* doctor_cpu.c: the CPUs: their clock policy, who shares a core, how much of them this process may use. */
#include "harness/run/cgroup.h"
#include "harness/run/doctor_internal.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOVERNORS "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"

static void check_governor(struct doctor *doctor, struct store_check *check)
{
    const char *const *paths;
    size_t count = sysfs_glob(doctor->arena, doctor->root, GOVERNORS, &paths), good = 0, readable = 0;
    const char *other = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *governor = sysfs_read(doctor->arena, doctor->root, paths[i]);
        if (!governor)
            continue;
        readable++;
        if (str_equal(governor, "performance"))
            good++;
        else
            other = other ? other : governor;
    }
    const char *remedy = "echo performance | sudo tee " GOVERNORS;
    if (!readable)
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "no cpufreq here: the clock is the host's or the firmware's");
    else if (good == readable)
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "performance on %zu of %zu CPUs", good, readable);
    else
        doctor_say(doctor, check,
                   str_equal(other, "powersave") || str_equal(other, "conservative") ? DOCTOR_FAIL : DOCTOR_WARN,
                   remedy, "%s on %zu of %zu CPUs", other, readable - good, readable);
}

static void check_boost(struct doctor *doctor, struct store_check *check)
{
    static const char boost_path[] = "/sys/devices/system/cpu/cpufreq/boost";
    static const char turbo_path[] = "/sys/devices/system/cpu/intel_pstate/no_turbo";
    int64_t value;
    if (sysfs_read_i64(doctor->root, turbo_path, &value))
        doctor_say(doctor, check, value ? DOCTOR_PASS : DOCTOR_WARN,
                   "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo",
                   value ? "turbo is off" : "turbo is on");
    else if (sysfs_read_i64(doctor->root, boost_path, &value))
        doctor_say(doctor, check, value ? DOCTOR_WARN : DOCTOR_PASS,
                   "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost", value ? "boost is on" : "boost is off");
    else
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "neither intel_pstate/no_turbo nor cpufreq/boost is here");
}

static bool is_measured(const struct doctor *doctor, size_t cpu)
{
    size_t count = doctor->threads < doctor->readings->cpu_count ? doctor->threads : doctor->readings->cpu_count;
    for (size_t i = 0; i < count; i++)
        if (doctor->readings->cpus[i] == cpu)
            return true;
    return false;
}

/* What the other hardware threads of the measured cores did. */
struct siblings {
    size_t readable, shared; /* CPUs whose siblings are known; those whose sibling is measured, too */
    size_t busiest_cpu;
    double busiest; /* -1 = there are none; NaN = not watched */
};

static void look_at_sibling(const struct doctor *doctor, size_t cpu, size_t other, struct siblings *siblings)
{
    const struct doctor_readings *r = doctor->readings;
    if (other == cpu)
        return;
    if (is_measured(doctor, other)) {
        siblings->shared++;
        return;
    }
    double busy = other < r->busy_count ? r->busy_shares[other] : NAN;
    if (isnan(busy) || !(siblings->busiest >= busy)) {
        siblings->busiest = isnan(siblings->busiest) ? siblings->busiest : busy;
        siblings->busiest_cpu = other;
    }
}

static void find_siblings(const struct doctor *doctor, struct siblings *siblings)
{
    *siblings = (struct siblings){ .busiest = -1 };
    for (size_t i = 0; i < doctor->threads && i < doctor->readings->cpu_count; i++) {
        size_t cpu = doctor->readings->cpus[i];
        char path[96];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%zu/topology/thread_siblings_list", cpu);
        const char *text = sysfs_read(doctor->arena, doctor->root, path);
        siblings->readable += sysfs_count_list(text) > 0;
        while (text && *text) {
            char *end;
            unsigned long first = strtoul(text, &end, 10), last = first;
            if (end == text)
                break;
            if (*end == '-')
                last = strtoul(end + 1, &end, 10);
            for (unsigned long other = first; other <= last && other < 4096; other++)
                look_at_sibling(doctor, cpu, other, siblings);
            text = *end ? end + 1 : end;
        }
    }
}

static bool is_guest(struct doctor *doctor)
{
    const char *cpuinfo = sysfs_read(doctor->arena, doctor->root, "/proc/cpuinfo");
    const char *flags = cpuinfo ? sysfs_find_line(doctor->arena, cpuinfo, "flags") : NULL;
    return flags && strstr(arena_format(doctor->arena, " %s ", flags), " hypervisor ");
}

static void check_smt(struct doctor *doctor, struct store_check *check)
{
    static const char path[] = "/sys/devices/system/cpu/smt/active";
    static const char remedy[] = "echo off | sudo tee /sys/devices/system/cpu/smt/control";
    int64_t active;
    char busy[32];
    struct siblings siblings;
    if (!sysfs_read_i64(doctor->root, path, &active)) {
        doctor_cannot_read(doctor, check, path, NULL);
        return;
    }
    find_siblings(doctor, &siblings);
    if (!active && is_guest(doctor))
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "a guest does not see which of its CPUs share a core");
    else if (!active)
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "every CPU has its core for itself");
    else if (!siblings.readable)
        doctor_say(doctor, check, DOCTOR_UNKNOWN, remedy, "active, but the pairs are not known");
    else if (siblings.shared)
        doctor_say(doctor, check, DOCTOR_WARN, "Measure with at most as many threads as cores.",
                   "%zu of %zu measured CPUs share their core with another one that is measured", siblings.shared,
                   doctor->threads);
    else if (isnan(siblings.busiest))
        doctor_say(doctor, check, DOCTOR_UNKNOWN, "prony doctor --seconds 3", "active, the siblings were not watched");
    else if (siblings.busiest < 0)
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "the measured CPUs have their cores for themselves");
    else
        doctor_say(doctor, check, doctor_grade(siblings.busiest, 0.05, 0.25), remedy,
                   "the busiest sibling, CPU %zu, worked %s of the time", siblings.busiest_cpu,
                   doctor_percent(busy, sizeof busy, siblings.busiest));
}

/* ---- what this process may use ---- */

/* CPUs of time a second that a group may use; INFINITY = no limit; NAN = it does not say. */
static double read_quota(struct doctor *doctor, const char *directory, bool version2)
{
    double quota, period;
    if (version2) {
        const char *text =
            sysfs_read(doctor->arena, doctor->root, arena_format(doctor->arena, "%s/cpu.max", directory));
        if (text && str_starts(text, "max"))
            return INFINITY;
        return text && sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : NAN;
    }
    int64_t q, p;
    if (!sysfs_read_i64(doctor->root, arena_format(doctor->arena, "%s/cpu.cfs_quota_us", directory), &q) ||
        !sysfs_read_i64(doctor->root, arena_format(doctor->arena, "%s/cpu.cfs_period_us", directory), &p) || p <= 0)
        return NAN;
    return q < 0 ? INFINITY : (double)q / (double)p;
}

/* The tightest limit from the group up to the root; groups that a container does not see are skipped. */
static double find_quota(struct doctor *doctor, const char *mount, const char *group, bool version2)
{
    double tightest = NAN;
    char *path = arena_strdup(doctor->arena, group);
    for (;;) {
        double quota = read_quota(doctor, arena_format(doctor->arena, "%s%s", mount, path), version2);
        if (!isnan(quota) && !(tightest <= quota))
            tightest = quota;
        char *slash = strrchr(path, '/');
        if (!slash)
            return tightest;
        *slash = 0;
    }
}

static void check_quota(struct doctor *doctor, struct store_check *check)
{
    static const char *const mounts[] = { "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup",
                                          "/sys/fs/cgroup/unified" };
    double tightest = NAN;
    const char *v1 = cgroup_find(doctor->arena, doctor->root, "cpu");
    const char *v2 = cgroup_find(doctor->arena, doctor->root, "");
    for (size_t i = 0; i < 4; i++) {
        const char *group = i < 2 ? v1 : v2;
        double quota = group ? find_quota(doctor, mounts[i], str_equal(group, "/") ? "" : group, i >= 2) : NAN;
        if (!isnan(quota) && !(tightest <= quota))
            tightest = quota;
    }
    /* The root of version 2 has no cpu.max and cannot be limited. */
    if (isnan(tightest) && v2 && !v1 && str_equal(v2, "/"))
        tightest = INFINITY;
    if (isnan(tightest))
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "no cpu controller of control groups can be read");
    else if (isinf(tightest))
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "no limit");
    else
        doctor_say(
            doctor, check, tightest < (double)doctor->threads ? DOCTOR_FAIL : DOCTOR_PASS,
            "Give the container more CPU time (docker run --cpus=N, limits.cpu of Kubernetes), or use fewer threads.",
            "%.2f CPUs of time a second for %zu threads", tightest, doctor->threads);
}

static void check_cpuset(struct doctor *doctor, struct store_check *check)
{
    int online = sysfs_count_list(sysfs_read(doctor->arena, doctor->root, "/sys/devices/system/cpu/online"));
    size_t allowed = doctor->readings->cpu_count;
    const char *remedy = "taskset -pc 0-%d $$  # or the container's --cpuset-cpus";
    if (online < 1 || allowed == 0) {
        doctor_cannot_read(doctor, check, "/sys/devices/system/cpu/online", NULL);
        return;
    }
    remedy = arena_format(doctor->arena, "taskset -pc 0-%d $$  # or the container's --cpuset-cpus", online - 1);
    enum doctor_verdict verdict = allowed < doctor->threads  ? DOCTOR_FAIL
                                  : allowed < (size_t)online ? DOCTOR_WARN
                                                             : DOCTOR_PASS;
    if (doctor->options->threads > 0 && verdict == DOCTOR_WARN)
        verdict = DOCTOR_PASS; /* enough for what will be measured */
    doctor_say(doctor, check, verdict, remedy, "%zu of %d CPUs may be used, for %zu threads", allowed, online,
               doctor->threads);
}

static void check_guest(struct doctor *doctor, struct store_check *check)
{
    const char *cpuinfo = sysfs_read(doctor->arena, doctor->root, "/proc/cpuinfo");
    const char *flags = cpuinfo ? sysfs_find_line(doctor->arena, cpuinfo, "flags") : NULL;
    const char *type = sysfs_read(doctor->arena, doctor->root, "/sys/hypervisor/type");
    const char *product = sysfs_read(doctor->arena, doctor->root, "/sys/class/dmi/id/product_name");
    if (type || is_guest(doctor))
        doctor_say(doctor, check, DOCTOR_WARN, "Measure on metal, or on a host with dedicated cores.",
                   "a guest%s%s%s%s", type ? " of " : "", type ? type : "", product ? ", " : "",
                   product ? product : "");
    else if (!flags) /* other architectures do not say */
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "this CPU does not tell whether a hypervisor is there");
    else
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "no hypervisor");
}

const struct doctor_row doctor_cpu_rows[] = {
    { "governor", "A governor that saves power raises the clock late, in the middle of a measurement.",
      check_governor },
    { "boost", "How high the clock is boosted depends on heat and on what other cores do.", check_boost },
    { "smt", "A busy sibling takes up to half of a core away, and no counter of time shows it.", check_smt },
    { "cpu_quota", "A control group that used up its quota is stopped for the rest of the period.", check_quota },
    { "cpuset", "More threads than CPUs take turns, and barriers wait for the one that has none.", check_cpuset },
    { "hypervisor", "Neighbours and the host's scheduler are in the numbers and cannot be seen from here.",
      check_guest },
    { NULL, NULL, NULL },
};
