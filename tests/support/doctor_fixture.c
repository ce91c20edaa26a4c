/* doctor_fixture.c: see doctor_fixture.h. */
#include "tests/support/doctor_fixture.h"
#include "tests/support/tree.h"
#include "harness/base/str.h"
#include <string.h>

static const char *const files[][2] = {
    { "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu avx2\n" },
    { "/proc/stat", "cpu  100 0 100 9000 10 0 0 5 0 0\ncpu0 25 0 25 2250 2 0 0 1 0 0\n" },
    { "/proc/pressure/cpu", "some avg10=0.10 avg60=0.20 avg300=0.30 total=1\n" },
    { "/proc/loadavg", "0.12 0.40 0.30 1/100 1234\n" },
    { "/proc/meminfo", "MemTotal:       66000000 kB\nMemAvailable:   60000000 kB\nSwapTotal:       8000000 kB\n"
                       "SwapFree:        8000000 kB\n" },
    { "/proc/self/cgroup", "0::/\n" },
    { "/proc/sys/kernel/nmi_watchdog", "0\n" },
    { "/proc/sys/kernel/numa_balancing", "0\n" },
    { "/proc/sys/kernel/perf_event_paranoid", "1\n" },
    { "/proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n" },
    { "/proc/sys/kernel/randomize_va_space", "2\n" },
    { "/sys/class/power_supply/AC/type", "Mains\n" },
    { "/sys/class/thermal/thermal_zone0/temp", "45000\n" },
    { "/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet acpi_pm\n" },
    { "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n" },
    { "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n" },
    { "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n" },
    { "/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "0\n" },
    { "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0,4\n" },
    { "/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1,5\n" },
    { "/sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "2,6\n" },
    { "/sys/devices/system/cpu/cpu3/topology/thread_siblings_list", "3,7\n" },
    { "/sys/devices/system/cpu/cpufreq/boost", "0\n" },
    { "/sys/devices/system/cpu/online", "0-3\n" },
    { "/sys/devices/system/cpu/smt/active", "0\n" },
    { "/sys/devices/system/cpu/vulnerabilities/meltdown", "Not affected\n" },
    { "/sys/devices/system/cpu/vulnerabilities/spectre_v2", "Mitigation: Retpolines\n" },
    { "/sys/devices/system/node/online", "0-1\n" },
    { "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n" },
};

static void make_readings(struct doctor_fixture *f)
{
    for (size_t i = 0; i < 100; i++)
        f->clock_hz[i] = 3.5e9 + 1e6 * (double)(i % 3);
    for (size_t i = 0; i < 12; i++) {
        f->a_ns[i] = 1e7 + 1e3 * (double)(i % 5);
        f->b_ns[i] = 1e7 + 1e3 * (double)((i + 2) % 5);
    }
    for (size_t i = 0; i < 4; i++) {
        f->cpus[i] = (i + 1) % 4; /* the core of CPU 0 comes last */
        f->detours[i] = (struct doctor_detour){
            .cpu = f->cpus[i], .watched_ns = 1000000000, .lost_ns = 500000, .longest_ns = 4000, .gap_count = 250
        };
    }
    f->readings = (struct doctor_readings){ .cpus = f->cpus,
                                            .cpu_count = 4,
                                            .pmu_cycles = 1000000,
                                            .open_files = 1024,
                                            .tools_missing = "",
                                            .build_flags = "release: -O2 -fPIC",
                                            .watched_s = 3,
                                            .clock_hz = f->clock_hz,
                                            .clock_count = 100,
                                            .detours = f->detours,
                                            .detour_count = 4,
                                            .a_ns = f->a_ns,
                                            .b_ns = f->b_ns,
                                            .same_count = 12,
                                            .busy_shares = f->busy,
                                            .busy_count = 8,
                                            .steal_share = 0.0001 };
}

void doctor_fixture_make(struct doctor_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->root = tree_make();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        tree_put(fixture->root, files[i][0], files[i][1]);
    make_readings(fixture);
    fixture->options = (struct doctor_options){
        .root = fixture->root, .seconds = 3, .model_bytes = 4000000000, .readings = &fixture->readings
    };
}

void doctor_fixture_release(struct doctor_fixture *fixture)
{
    tree_release(fixture->root);
    arena_release(&fixture->arena);
}

const struct store_check *doctor_fixture_check(struct doctor_fixture *fixture, const char *name)
{
    struct doctor_report report;
    doctor_check(&fixture->options, &fixture->arena, &report);
    for (size_t i = 0; i < report.count; i++)
        if (str_equal(report.checks[i].name, name))
            return &report.checks[i];
    return NULL;
}
