/* doctor_tools.c: can the probes work, and is this build one to measure with? */
#include "harness/run/doctor_internal.h"
#include "harness/base/str.h"
#include <errno.h>
#include <string.h>

static void check_build(struct doctor *doctor, struct store_check *check)
{
    const char *flags = doctor->readings->build_flags;
    const char *remedy = "make build";
    bool instrumented = flags && (strstr(flags, "-fsanitize") || strstr(flags, "--coverage"));
    if (!flags || !*flags || str_equal(flags, "unknown"))
        doctor_say(doctor, check, DOCTOR_UNKNOWN, remedy, "this prony does not know its flags");
    else if (instrumented || strstr(flags, "-O0") || !strstr(flags, "-O"))
        doctor_say(doctor, check, DOCTOR_FAIL, remedy, "%s", flags);
    else
        doctor_say(doctor, check, strstr(flags, "-O1") || strstr(flags, "-Og") ? DOCTOR_WARN : DOCTOR_PASS, remedy,
                   "%s", flags);
}

static const char seccomp_remedy[] = "Permit perf_event_open in the container's seccomp profile (docker run "
                                     "--security-opt seccomp=FILE, or =unconfined).";

static bool is_forbidden(int reason)
{
    return reason == EACCES || reason == EPERM;
}

/* The level says what the kernel's own check permits. Above 2 is a matter of the distribution: some kernels then
 * permit nothing, others what they permit at 2. And something else may forbid what the level permits. */
static void check_paranoid(struct doctor *doctor, struct store_check *check)
{
    static const char path[] = "/proc/sys/kernel/perf_event_paranoid",
                      remedy[] = "sudo sysctl kernel.perf_event_paranoid=1";
    const struct doctor_readings *r = doctor->readings;
    int64_t level;
    if (!sysfs_read_i64(doctor->root, path, &level))
        doctor_cannot_read(doctor, check, path, NULL);
    else if (is_forbidden(r->software_errno) && (r->privileged || level <= 2))
        doctor_say(doctor, check, DOCTOR_FAIL, seccomp_remedy, "%lld, but something else forbids perf_event_open (%s)",
                   (long long)level, strerror(r->software_errno));
    else if (r->privileged && !doctor->options->for_users)
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "%lld, but this user may do everything", (long long)level);
    else if (level > 2 && r->software_errno == 0)
        doctor_say(doctor, check, DOCTOR_WARN, remedy, "%lld; this kernel permits as much as at 2", (long long)level);
    else
        doctor_say(doctor, check,
                   level <= 1   ? DOCTOR_PASS
                   : level == 2 ? DOCTOR_WARN
                                : DOCTOR_FAIL,
                   remedy, "%lld", (long long)level);
}

/* Only a counter that was opened and counted is one (docs/METHOD.md). */
static void check_pmu(struct doctor *doctor, struct store_check *check)
{
    const struct doctor_readings *r = doctor->readings;
    if (r->pmu_errno == 0 && r->pmu_cycles > 0)
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "cycles can be counted");
    else if (r->pmu_errno == 0)
        doctor_say(doctor, check, DOCTOR_WARN, "prony run PLAN --counters=callgrind", "the counter of cycles stays 0");
    else if (is_forbidden(r->pmu_errno))
        doctor_say(doctor, check, DOCTOR_UNKNOWN,
                   r->privileged ? seccomp_remedy : "sudo sysctl kernel.perf_event_paranoid=1",
                   "not allowed to open a counter (%s)", strerror(r->pmu_errno));
    else if (r->pmu_errno == ENOENT || r->pmu_errno == EOPNOTSUPP || r->pmu_errno == ENODEV)
        doctor_say(doctor, check, DOCTOR_WARN, "prony run PLAN --counters=callgrind",
                   "this machine shows no hardware counters");
    else
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "opening a counter: %s", strerror(r->pmu_errno));
}

static void check_open_files(struct doctor *doctor, struct store_check *check)
{
    uint64_t limit = doctor->readings->open_files, needed = 64 + 16 * (uint64_t)doctor->threads;
    if (limit == 0)
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "the limit cannot be read");
    else
        doctor_say(doctor, check,
                   limit < needed ? DOCTOR_FAIL
                   : limit < 256  ? DOCTOR_WARN
                                  : DOCTOR_PASS,
                   "ulimit -n 4096", "%llu descriptors", (unsigned long long)limit);
}

static void check_tools(struct doctor *doctor, struct store_check *check)
{
    const char *missing = doctor->readings->tools_missing;
    if (!missing)
        doctor_say(doctor, check, DOCTOR_UNKNOWN, NULL, "PATH is not set");
    else if (*missing)
        doctor_say(doctor, check, DOCTOR_WARN, "sudo apt-get install valgrind gnuplot-nox", "missing: %s", missing);
    else
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "valgrind and gnuplot are here");
}

const struct doctor_row doctor_tool_rows[] = {
    { "build", "Code without optimization or with a sanitizer is not what users run.", check_build },
    { "perf_event_paranoid", "Above 1 counters and profiles see no kernel, above 2, on many systems, nothing at all.",
      check_paranoid },
    { "pmu", "Without hardware counters a time cannot be explained by cycles, misses and stalls.", check_pmu },
    { "open_files", "Counters take descriptors: a few for every thread.", check_open_files },
    { "tools", "Without valgrind there are no exact instruction counts, without gnuplot no charts.", check_tools },
    { NULL, NULL, NULL },
};
