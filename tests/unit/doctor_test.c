/* doctor_test.c: every check passes, warns, fails and does not know where it should, on machines made of files and
 * readings. */
#include "tests/support/doctor_fixture.h"
#include "tests/support/tree.h"
#include "harness/base/str.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CPU "/sys/devices/system/cpu/"

/* ---- what readings may say ---- */

static void see_nothing(struct doctor_fixture *f)
{
    f->readings.watched_s = 0;
    f->readings.clock_count = f->readings.detour_count = f->readings.same_count = f->readings.busy_count = 0;
    f->readings.steal_share = NAN;
    f->readings.throttle_increase = -1;
}

static void differ(struct doctor_fixture *f, double share)
{
    for (size_t i = 0; i < 12; i++)
        f->b_ns[i] *= 1 + share;
}

static void differ_little(struct doctor_fixture *f)
{
    differ(f, 0.02);
}

static void differ_much(struct doctor_fixture *f)
{
    differ(f, -0.2);
}

static void lose_little(struct doctor_fixture *f)
{
    f->detours[2].lost_ns = 20000000;
}

static void lose_much(struct doctor_fixture *f)
{
    f->detours[2].lost_ns = 283000000;
    f->detours[2].longest_ns = 12000000;
}

static void boost_little(struct doctor_fixture *f)
{
    for (size_t i = 0; i < 20; i++)
        f->clock_hz[i] *= 1.02;
}

static void boost_much(struct doctor_fixture *f)
{
    for (size_t i = 0; i < 20; i++)
        f->clock_hz[i] *= 1.3;
}

static void no_clock(struct doctor_fixture *f)
{
    f->readings.clock_count = 0;
}

static void steal_little(struct doctor_fixture *f)
{
    f->readings.steal_share = 0.01;
}

static void steal_much(struct doctor_fixture *f)
{
    f->readings.steal_share = 0.3;
}

static void no_model(struct doctor_fixture *f)
{
    f->options.model_bytes = 0;
}

static void large_model(struct doctor_fixture *f)
{
    f->options.model_bytes = 55000000000;
}

static void huge_model(struct doctor_fixture *f)
{
    f->options.model_bytes = 70000000000;
}

static void throttle(struct doctor_fixture *f)
{
    f->readings.throttle_increase = 3;
}

static void work_on_sibling(struct doctor_fixture *f)
{
    f->busy[6] = 0.1;
}

static void work_hard_on_sibling(struct doctor_fixture *f)
{
    f->busy[6] = 0.9;
}

static void few_cpus(struct doctor_fixture *f)
{
    f->readings.cpu_count = 2;
}

static void few_cpus_are_enough(struct doctor_fixture *f)
{
    f->readings.cpu_count = 2;
    f->options.threads = 2;
}

static void many_threads(struct doctor_fixture *f)
{
    f->options.threads = 8;
}

static void debug_build(struct doctor_fixture *f)
{
    f->readings.build_flags = "debug: -O0 -g";
}

static void sanitizer_build(struct doctor_fixture *f)
{
    f->readings.build_flags = "asan: -O2 -fsanitize=address";
}

static void slow_build(struct doctor_fixture *f)
{
    f->readings.build_flags = "x: -O1";
}

static void strange_build(struct doctor_fixture *f)
{
    f->readings.build_flags = "unknown";
}

static void be_root(struct doctor_fixture *f)
{
    f->readings.privileged = true;
}

static void be_sudo(struct doctor_fixture *f)
{
    f->readings.privileged = true;
    f->options.for_users = true;
}

static void be_forbidden(struct doctor_fixture *f)
{
    f->readings.software_errno = EACCES;
}

static void be_root_under_seccomp(struct doctor_fixture *f)
{
    f->readings.privileged = true;
    f->readings.software_errno = EPERM;
    f->readings.pmu_errno = EPERM;
}

static void no_pmu(struct doctor_fixture *f)
{
    f->readings.pmu_errno = ENOENT;
}

static void forbidden_pmu(struct doctor_fixture *f)
{
    f->readings.pmu_errno = EACCES;
}

static void filtered_pmu(struct doctor_fixture *f)
{
    f->readings.pmu_errno = ENOSYS;
}

static void silent_pmu(struct doctor_fixture *f)
{
    f->readings.pmu_cycles = 0;
}

static void few_files(struct doctor_fixture *f)
{
    f->readings.open_files = 200;
}

static void no_files(struct doctor_fixture *f)
{
    f->readings.open_files = 32;
}

static void unlimited_unknown(struct doctor_fixture *f)
{
    f->readings.open_files = 0;
}

static void no_gnuplot(struct doctor_fixture *f)
{
    f->readings.tools_missing = "gnuplot";
}

static void no_path(struct doctor_fixture *f)
{
    f->readings.tools_missing = NULL;
}

/* ---- the table ---- */

/* A healthy machine, spoilt: path gets text, or is removed where text is NULL; readings are changed. */
static const struct variant {
    const char *check, *verdict, *path, *text;
    void (*change)(struct doctor_fixture *fixture);
    const char *seen; /* is part of what was seen */
} variants[] = {
    { "self_test", "warn", NULL, NULL, differ_little, "+2.00 %" },
    { "self_test", "fail", NULL, NULL, differ_much, "-20.0" },
    { "self_test", "unknown", NULL, NULL, see_nothing, "not watched" },
    { "detour", "warn", NULL, NULL, lose_little, "CPU 3 lost 2.0 % of 1.00 s" },
    { "detour", "fail", NULL, NULL, lose_much,
      "CPU 3 lost 28 % of 1.00 s in 250 gaps, the longest 12.0 ms (best CPU: 0.05 %)" },
    { "detour", "unknown", NULL, NULL, see_nothing, "not watched" },
    { "core_clock", "warn", NULL, NULL, boost_little, "2.0 % above" },
    { "core_clock", "fail", NULL, NULL, boost_much, "30 % above" },
    { "core_clock", "unknown", NULL, NULL, see_nothing, "not watched" },
    { "core_clock", "unknown", NULL, NULL, no_clock, "no way to read" },
    { "pressure", "warn", "/proc/pressure/cpu", "some avg10=5.00 avg60=1.00\n", NULL, "5.0 %" },
    { "pressure", "fail", "/proc/pressure/cpu", "some avg10=43.46 avg60=11.47\n", NULL, "43.5 %" },
    { "pressure", "unknown", "/proc/pressure", NULL, NULL, "there is no /proc/pressure/cpu" },
    { "load", "warn", "/proc/loadavg", "1.00 1 1 1/1 1\n", NULL, "1.00" },
    { "load", "fail", "/proc/loadavg", "3.00 1 1 1/1 1\n", NULL, "3.00 in the last minute on 4 CPUs" },
    { "load", "unknown", "/proc/loadavg", "none\n", NULL, "/proc/loadavg" },
    { "load", "unknown", CPU "online", NULL, NULL, "online" },
    { "steal", "warn", NULL, NULL, steal_little, "1.0 %" },
    { "steal", "fail", NULL, NULL, steal_much, "30 %" },
    { "steal", "unknown", NULL, NULL, see_nothing, "not watched" },
    { "steal", "unknown", "/proc/stat", "cpu 1 2 3 4 5 6 7 0 0 0\n", NULL, "not reported" },
    { "steal", "unknown", "/proc/stat", "cpu 1 2 3\n", NULL, "not what was expected" },
    { "memory", "warn", NULL, NULL, large_model, "for a model of" },
    { "memory", "fail", NULL, NULL, huge_model, "for a model of" },
    { "memory", "unknown", NULL, NULL, no_model, "no model" },
    { "memory", "unknown", "/proc/meminfo", "MemTotal: 1 kB\n", NULL, "/proc/meminfo" },
    { "swap", "warn", "/proc/meminfo", "MemTotal: 1000 kB\nSwapTotal: 1000 kB\nSwapFree: 900 kB\n", NULL, "in use" },
    { "swap", "fail", "/proc/meminfo", "MemTotal: 1000 kB\nSwapTotal: 1000 kB\nSwapFree: 100 kB\n", NULL, "in use" },
    { "swap", "pass", "/proc/meminfo", "MemTotal: 1000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", NULL, "none" },
    { "swap", "unknown", "/proc/meminfo", NULL, NULL, "there is no" },
    { "temperature", "warn", "/sys/class/thermal/thermal_zone1/temp", "85000\n", NULL, "85 degrees" },
    { "temperature", "fail", "/sys/class/hwmon/hwmon3/temp1_input", "99000\n", NULL, "99 degrees C (/sys/class/hwmon" },
    { "temperature", "unknown", "/sys/class/thermal/thermal_zone0/temp", "0\n", NULL, "no sensor" },
    { "throttling", "warn", CPU "cpu1/thermal_throttle/core_throttle_count", "7\n", NULL, "7 times since" },
    { "throttling", "fail", NULL, NULL, throttle, "3 times while watched" },
    { "throttling", "unknown", CPU "cpu0/thermal_throttle", NULL, NULL, "counts no" },
    { "power", "pass", "/sys/class/power_supply/mouse/type", "Battery\n", NULL, "battery" },
    { "power", "unknown", "/sys/class/power_supply", NULL, NULL, "there is no" },
    { "governor", "warn", CPU "cpu1/cpufreq/scaling_governor", "schedutil\n", NULL, "schedutil on 1 of 2 CPUs" },
    { "governor", "fail", CPU "cpu1/cpufreq/scaling_governor", "powersave\n", NULL, "powersave on 1 of 2 CPUs" },
    { "governor", "unknown", CPU "cpu*/cpufreq", NULL, NULL, "no cpufreq" },
    { "boost", "warn", CPU "cpufreq/boost", "1\n", NULL, "boost is on" },
    { "boost", "warn", CPU "intel_pstate/no_turbo", "0\n", NULL, "turbo is on" },
    { "boost", "pass", CPU "intel_pstate/no_turbo", "1\n", NULL, "turbo is off" },
    { "boost", "unknown", CPU "cpufreq", NULL, NULL, "neither" },
    { "smt", "pass", CPU "smt/active", "1\n", NULL, "worked 0.00 %" },
    { "smt", "warn", CPU "smt/active", "1\n", work_on_sibling, "CPU 6, worked 10 %" },
    { "smt", "fail", CPU "smt/active", "1\n", work_hard_on_sibling, "CPU 6, worked 90 %" },
    { "smt", "unknown", CPU "smt/active", "1\n", see_nothing, "not watched" },
    { "smt", "unknown", CPU "smt", NULL, NULL, "there is no" },
    { "smt", "unknown", "/proc/cpuinfo", "flags : fpu hypervisor\n", NULL, "a guest does not see" },
    { "cpu_quota", "fail", "/sys/fs/cgroup/cpu.max", "150000 100000\n", NULL,
      "1.50 CPUs of time a second for 4 threads" },
    { "cpu_quota", "pass", "/sys/fs/cgroup/cpu.max", "max 100000\n", NULL, "no limit" },
    { "cpu_quota", "pass", "/sys/fs/cgroup/cpu.max", "400000 100000\n", NULL, "4.00 CPUs" },
    { "cpu_quota", "fail", "/sys/fs/cgroup/cpu.max", "400000 100000\n", many_threads, "8 threads" },
    { "cpu_quota", "unknown", "/proc/self/cgroup", NULL, NULL, "no cpu controller" },
    { "cpuset", "warn", NULL, NULL, few_cpus, "2 of 4 CPUs" },
    { "cpuset", "pass", NULL, NULL, few_cpus_are_enough, "2 of 4 CPUs may be used, for 2 threads" },
    { "cpuset", "fail", NULL, NULL, many_threads, "for 8 threads" },
    { "cpuset", "unknown", CPU "online", NULL, NULL, "online" },
    { "hypervisor", "warn", "/proc/cpuinfo", "flags : fpu hypervisor avx\n", NULL, "a guest" },
    { "hypervisor", "warn", "/sys/hypervisor/type", "xen\n", NULL, "a guest of xen" },
    { "hypervisor", "unknown", "/proc/cpuinfo", "processor : 0\nFeatures : fp asimd\n", NULL, "does not tell" },
    { "clocksource", "warn", "/sys/devices/system/clocksource/clocksource0/current_clocksource", "kvm-clock\n", NULL,
      "kvm-clock" },
    { "clocksource", "fail", "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n", NULL,
      "hpet" },
    { "clocksource", "unknown", "/sys/devices/system/clocksource", NULL, NULL, "there is no" },
    { "transparent_hugepages", "warn", "/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n", NULL,
      "always" },
    { "transparent_hugepages", "pass", "/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n", NULL,
      "never" },
    { "transparent_hugepages", "unknown", "/sys/kernel/mm/transparent_hugepage", NULL, NULL, "there is no" },
    { "nmi_watchdog", "warn", "/proc/sys/kernel/nmi_watchdog", "1\n", NULL, "on" },
    { "nmi_watchdog", "unknown", "/proc/sys/kernel/nmi_watchdog", NULL, NULL, "there is no" },
    { "numa_balancing", "warn", "/proc/sys/kernel/numa_balancing", "1\n", NULL, "on, with 2 nodes" },
    { "numa_balancing", "pass", "/sys/devices/system/node/online", "0\n", NULL, "one node" },
    { "numa_balancing", "unknown", "/proc/sys/kernel/numa_balancing", NULL, NULL, "there is no" },
    { "aslr", "warn", "/proc/sys/kernel/randomize_va_space", "0\n", NULL, "off" },
    { "aslr", "unknown", "/proc/sys/kernel/randomize_va_space", NULL, NULL, "there is no" },
    { "mitigations", "unknown", CPU "vulnerabilities", NULL, NULL, "there is no" },
    { "build", "fail", NULL, NULL, debug_build, "-O0" },
    { "build", "fail", NULL, NULL, sanitizer_build, "-fsanitize" },
    { "build", "warn", NULL, NULL, slow_build, "-O1" },
    { "build", "unknown", NULL, NULL, strange_build, "does not know" },
    { "perf_event_paranoid", "warn", "/proc/sys/kernel/perf_event_paranoid", "2\n", NULL, "2" },
    { "perf_event_paranoid", "fail", "/proc/sys/kernel/perf_event_paranoid", "4\n", be_forbidden, "4" },
    { "perf_event_paranoid", "warn", "/proc/sys/kernel/perf_event_paranoid", "4\n", NULL, "as much as at 2" },
    { "perf_event_paranoid", "warn", "/proc/sys/kernel/perf_event_paranoid", "2\n", be_sudo, "2" },
    { "perf_event_paranoid", "fail", "/proc/sys/kernel/perf_event_paranoid", "2\n", be_root_under_seccomp,
      "something else forbids" },
    { "pmu", "unknown", NULL, NULL, be_root_under_seccomp, "not permitted" },
    { "perf_event_paranoid", "pass", "/proc/sys/kernel/perf_event_paranoid", "4\n", be_root, "may do everything" },
    { "perf_event_paranoid", "unknown", "/proc/sys/kernel/perf_event_paranoid", NULL, NULL, "there is no" },
    { "pmu", "warn", NULL, NULL, no_pmu, "no hardware counters" },
    { "pmu", "warn", NULL, NULL, silent_pmu, "stays 0" },
    { "pmu", "unknown", NULL, NULL, forbidden_pmu, "not allowed" },
    { "pmu", "unknown", NULL, NULL, filtered_pmu, "not implemented" },
    { "open_files", "warn", NULL, NULL, few_files, "200" },
    { "open_files", "fail", NULL, NULL, no_files, "32" },
    { "open_files", "unknown", NULL, NULL, unlimited_unknown, "cannot be read" },
    { "tools", "warn", NULL, NULL, no_gnuplot, "gnuplot" },
    { "tools", "unknown", NULL, NULL, no_path, "PATH" },
};
static const size_t variant_count = sizeof variants / sizeof variants[0];

static void test_healthy(void **state)
{
    (void)state;
    struct doctor_fixture f;
    struct doctor_report report;
    doctor_fixture_make(&f);
    doctor_check(&f.options, &f.arena, &report);
    for (size_t i = 0; i < report.count; i++) {
        const struct store_check *check = &report.checks[i];
        if (!str_equal(check->verdict, "pass"))
            fail_msg("%s is %s: %s", check->name, check->verdict, check->seen);
        assert_null(check->remedy); /* nothing to mend */
        assert_true(strlen(check->seen) > 0);
        assert_true(strlen(check->meaning) > 20);
    }
    assert_int_equal(doctor_count(&report, "pass"), report.count);
    assert_true(report.precision > 0 && report.precision < 0.01);
    doctor_fixture_release(&f);
}

static void test_variants(void **state)
{
    (void)state;
    for (size_t i = 0; i < variant_count; i++) {
        const struct variant *v = &variants[i];
        struct doctor_fixture f;
        doctor_fixture_make(&f);
        if (v->path && v->text)
            tree_put(f.root, v->path, v->text);
        else if (v->path)
            tree_drop(f.root, v->path);
        if (v->change)
            v->change(&f);
        const struct store_check *check = doctor_fixture_check(&f, v->check);
        assert_non_null(check);
        if (!str_equal(check->verdict, v->verdict) || !strstr(check->seen, v->seen))
            fail_msg("row %zu: %s is %s (%s), expected %s (%s)", i, v->check, check->verdict, check->seen, v->verdict,
                     v->seen);
        if ((str_equal(check->verdict, "warn") || str_equal(check->verdict, "fail")) && !check->remedy)
            fail_msg("%s is %s and nothing mends it", v->check, v->verdict);
        doctor_fixture_release(&f);
    }
}

static bool is_tested(const char *check, const char *verdict)
{
    for (size_t i = 0; i < variant_count; i++)
        if (str_equal(variants[i].check, check) && str_equal(variants[i].verdict, verdict))
            return true;
    return false;
}

/* Whoever adds a check adds its rows. Passing is test_healthy's. */
static void test_every_verdict_is_tested(void **state)
{
    (void)state;
    static const char *const never[][2] = {
        { "mitigations", "warn" },
        { "mitigations", "fail" },
        { "power", "warn" },
        { "boost", "fail" },
        { "cpu_quota", "warn" },
        { "hypervisor", "fail" },
        { "nmi_watchdog", "fail" },
        { "transparent_hugepages", "fail" },
        { "numa_balancing", "fail" },
        { "aslr", "fail" },
        { "pmu", "fail" },
        { "tools", "fail" },
        { "power", "fail" }, /* test_battery */
    };
    static const char *const verdicts[] = { "warn", "fail", "unknown" };
    struct doctor_fixture f;
    struct doctor_report report;
    doctor_fixture_make(&f);
    doctor_check(&f.options, &f.arena, &report);
    for (size_t i = 0; i < report.count; i++) {
        for (size_t v = 0; v < 3; v++) {
            bool needed = true;
            for (size_t k = 0; k < sizeof never / sizeof never[0]; k++)
                needed =
                    needed && !(str_equal(never[k][0], report.checks[i].name) && str_equal(never[k][1], verdicts[v]));
            if (needed && !is_tested(report.checks[i].name, verdicts[v]))
                fail_msg("no test makes %s %s", report.checks[i].name, verdicts[v]);
        }
    }
    doctor_fixture_release(&f);
}

static void test_battery(void **state)
{
    (void)state;
    struct doctor_fixture f;
    doctor_fixture_make(&f);
    tree_put(f.root, "/sys/class/power_supply/BAT0/type", "Battery\n");
    tree_put(f.root, "/sys/class/power_supply/BAT0/status", "Discharging\n");
    assert_string_equal(doctor_fixture_check(&f, "power")->verdict, "fail");
    tree_put(f.root, "/sys/class/power_supply/BAT0/status", "Charging\n");
    assert_string_equal(doctor_fixture_check(&f, "power")->seen, "on mains, with a battery");
    tree_put(f.root, "/sys/class/power_supply/BAT0/status", "Discharging\n");
    tree_put(f.root, "/sys/class/power_supply/BAT0/scope", "Device\n"); /* a keyboard */
    assert_string_equal(doctor_fixture_check(&f, "power")->verdict, "pass");
    doctor_fixture_release(&f);
}

/* The tightest of all groups from ours to the root counts, in both versions, also in a container that sees only its own
 * part of the tree. */
static void test_quota_of_groups(void **state)
{
    (void)state;
    struct doctor_fixture f;
    doctor_fixture_make(&f);
    tree_put(f.root, "/proc/self/cgroup", "0::/system.slice/ci.service\n");
    tree_put(f.root, "/sys/fs/cgroup/system.slice/ci.service/cpu.max", "max 100000\n");
    assert_string_equal(doctor_fixture_check(&f, "cpu_quota")->verdict, "pass");
    tree_put(f.root, "/sys/fs/cgroup/system.slice/cpu.max", "300000 100000\n");
    assert_string_equal(doctor_fixture_check(&f, "cpu_quota")->seen, "3.00 CPUs of time a second for 4 threads");
    tree_put(f.root, "/proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n0::/docker/abc\n");
    tree_drop(f.root, "/sys/fs/cgroup");
    assert_string_equal(doctor_fixture_check(&f, "cpu_quota")->verdict, "unknown");
    tree_put(f.root, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n");
    tree_put(f.root, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    assert_string_equal(doctor_fixture_check(&f, "cpu_quota")->verdict, "fail");
    tree_put(f.root, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    assert_string_equal(doctor_fixture_check(&f, "cpu_quota")->seen, "no limit");
    doctor_fixture_release(&f);
}

static void test_smt_pairs(void **state)
{
    (void)state;
    struct doctor_fixture f;
    doctor_fixture_make(&f);
    tree_put(f.root, CPU "smt/active", "1\n");
    tree_put(f.root, CPU "cpu1/topology/thread_siblings_list", "1-2\n");
    tree_put(f.root, CPU "cpu2/topology/thread_siblings_list", "1-2\n");
    assert_string_equal(doctor_fixture_check(&f, "smt")->verdict, "warn"); /* 1 and 2 are both measured */
    f.options.threads = 1;                                                 /* only 1 is */
    f.busy[2] = 0.5;
    assert_string_equal(doctor_fixture_check(&f, "smt")->verdict, "fail");
    f.busy[2] = NAN;
    assert_string_equal(doctor_fixture_check(&f, "smt")->verdict, "unknown");
    tree_drop(f.root, CPU "cpu*/topology");
    assert_string_equal(doctor_fixture_check(&f, "smt")->verdict, "unknown");
    doctor_fixture_release(&f);
}

static void test_order_and_precision(void **state)
{
    (void)state;
    static const char *const ranks[] = { "fail", "warn", "unknown", "pass" };
    struct doctor_fixture f;
    struct doctor_report report;
    doctor_fixture_make(&f);
    lose_much(&f);
    no_pmu(&f);
    no_model(&f);
    doctor_check(&f.options, &f.arena, &report);
    size_t rank = 0;
    for (size_t i = 0; i < report.count; i++) {
        while (rank < 4 && !str_equal(report.checks[i].verdict, ranks[rank]))
            rank++;
        assert_true(rank < 4);
    }
    assert_string_equal(report.checks[0].name, "detour");
    assert_string_equal(report.checks[1].name, "pmu");
    assert_true(fabs(report.precision - 0.283) < 1e-9); /* the worse of both */
    see_nothing(&f);
    doctor_check(&f.options, &f.arena, &report);
    assert_true(isnan(report.precision));
    doctor_fixture_release(&f);
}

/* ---- watching ---- */

struct script {
    const int64_t *times;
    size_t next;
};

static int64_t read_script(void *context)
{
    struct script *script = context;
    return script->times[script->next++];
}

static void test_detour_by_a_made_up_clock(void **state)
{
    (void)state;
    const int64_t times[] = { 1000, 1020, 1040, 4040, 4060, 5059, 6059, 6079, 20000 };
    struct script script = { .times = times };
    struct doctor_detour detour = doctor_watch_detour(read_script, &script, 10000, 1000);
    assert_int_equal(detour.gap_count, 3); /* 3000, 1000 and the last; 999 is none */
    assert_int_equal(detour.longest_ns, 20000 - 6079);
    assert_int_equal(detour.lost_ns, 3000 + 1000 + 20000 - 6079);
    assert_int_equal(detour.watched_ns, 19000);
    struct script still = { .times = times };
    detour = doctor_watch_detour(read_script, &still, 0, 1000);
    assert_int_equal(detour.gap_count, 0);
    assert_int_equal(still.next, 1);
}

/* This machine, whatever it is: all readings are there and fit together. */
static void test_look(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct doctor_options options = { .root = "", .seconds = 0.05 };
    struct doctor_readings r;
    doctor_look(&options, &arena, &r);
    assert_true(r.cpu_count > 0);
    assert_true(r.watched_s > 0);
    assert_true(r.detour_count > 0);
    for (size_t i = 0; i < r.detour_count; i++) {
        assert_true(r.detours[i].watched_ns > 0);
        assert_true(r.detours[i].lost_ns >= 0 && r.detours[i].lost_ns <= r.detours[i].watched_ns);
    }
    assert_true(r.same_count >= 6);
    for (size_t i = 0; i < r.same_count; i++)
        assert_true(r.a_ns[i] > 0 && r.b_ns[i] > 0);
    assert_true(r.pmu_errno || r.pmu_cycles < UINT64_MAX);
    options.seconds = 0;
    doctor_look(&options, &arena, &r);
    assert_true(r.watched_s == 0 && r.detour_count == 0 && r.same_count == 0 && r.clock_count == 0);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healthy),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_every_verdict_is_tested),
        cmocka_unit_test(test_battery),
        cmocka_unit_test(test_quota_of_groups),
        cmocka_unit_test(test_smt_pairs),
        cmocka_unit_test(test_order_and_precision),
        cmocka_unit_test(test_detour_by_a_made_up_clock),
        cmocka_unit_test(test_look),
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
