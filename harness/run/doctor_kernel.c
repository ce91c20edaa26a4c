/* doctor_kernel.c: settings of the system that change what is measured. */
#include "harness/run/doctor_internal.h"
#include "harness/base/str.h"
#include <string.h>

static void check_clocksource(struct doctor *doctor, struct store_check *check)
{
    static const char path[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    static const char *const fast[] = { "tsc", "arch_sys_counter" };                    /* read without the kernel */
    static const char *const slower[] = { "kvm-clock", "hyperv_clocksource_tsc_page" }; /* likewise, and corrected */
    const char *source = sysfs_read(doctor->arena, doctor->root, path);
    const char *others =
        sysfs_read(doctor->arena, doctor->root, "/sys/devices/system/clocksource/clocksource0/available_clocksource");
    if (!source || !*source) {
        doctor_cannot_read(doctor, check, path, NULL);
        return;
    }
    enum doctor_verdict verdict = DOCTOR_FAIL;
    for (size_t i = 0; i < 2; i++)
        verdict = str_equal(source, fast[i]) ? DOCTOR_PASS : str_equal(source, slower[i]) ? DOCTOR_WARN : verdict;
    bool has_tsc = others && strstr(others, "tsc") && strstr(arena_format(doctor->arena, " %s ", others), " tsc ");
    doctor_say(doctor, check, verdict,
               has_tsc ? "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource"
                       : "Boot with clocksource=tsc tsc=reliable (only where the host keeps the TSCs in step).",
               "%s", source);
}

static void check_thp(struct doctor *doctor, struct store_check *check)
{
    static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
    const char *mode = sysfs_selected_word(doctor->arena, sysfs_read(doctor->arena, doctor->root, path));
    if (!mode || !*mode)
        doctor_cannot_read(doctor, check, path, NULL);
    else
        doctor_say(doctor, check, str_equal(mode, "always") ? DOCTOR_WARN : DOCTOR_PASS,
                   "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled", "%s", mode);
}

static void check_nmi_watchdog(struct doctor *doctor, struct store_check *check)
{
    static const char path[] = "/proc/sys/kernel/nmi_watchdog";
    int64_t value;
    if (!sysfs_read_i64(doctor->root, path, &value))
        doctor_cannot_read(doctor, check, path, NULL);
    else
        doctor_say(doctor, check, value ? DOCTOR_WARN : DOCTOR_PASS, "sudo sysctl kernel.nmi_watchdog=0",
                   value ? "on" : "off");
}

static void check_numa_balancing(struct doctor *doctor, struct store_check *check)
{
    static const char path[] = "/proc/sys/kernel/numa_balancing";
    int64_t value;
    int nodes = sysfs_count_list(sysfs_read(doctor->arena, doctor->root, "/sys/devices/system/node/online"));
    bool readable = sysfs_read_i64(doctor->root, path, &value);
    if (nodes == 1)
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "one node");
    else if (!readable)
        doctor_cannot_read(doctor, check, path, NULL);
    else if (!nodes)
        doctor_say(doctor, check, value ? DOCTOR_UNKNOWN : DOCTOR_PASS, "sudo sysctl kernel.numa_balancing=0",
                   value ? "on; how many nodes there are is not known" : "off");
    else
        doctor_say(doctor, check, value ? DOCTOR_WARN : DOCTOR_PASS, "sudo sysctl kernel.numa_balancing=0",
                   value ? "on, with %d nodes" : "off, with %d nodes", nodes);
}

static void check_aslr(struct doctor *doctor, struct store_check *check)
{
    static const char path[] = "/proc/sys/kernel/randomize_va_space";
    int64_t value;
    if (!sysfs_read_i64(doctor->root, path, &value))
        doctor_cannot_read(doctor, check, path, NULL);
    else
        doctor_say(doctor, check, value == 2 ? DOCTOR_PASS : DOCTOR_WARN, "sudo sysctl kernel.randomize_va_space=2",
                   value == 2   ? "on: every process gets another layout"
                   : value == 1 ? "without the heap"
                                : "off: every process gets the same layout");
}

static void check_mitigations(struct doctor *doctor, struct store_check *check)
{
    const char *const *paths;
    size_t count = sysfs_glob(doctor->arena, doctor->root, "/sys/devices/system/cpu/vulnerabilities/*", &paths);
    size_t readable = 0, mitigated = 0, vulnerable = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text = sysfs_read(doctor->arena, doctor->root, paths[i]);
        readable += text != NULL;
        mitigated += text && str_starts(text, "Mitigation");
        vulnerable += text && str_starts(text, "Vulnerable");
    }
    if (!readable)
        doctor_cannot_read(doctor, check, "/sys/devices/system/cpu/vulnerabilities", NULL);
    else /* neither is wrong: it must only be the same in runs that are compared, which say where it is not */
        doctor_say(doctor, check, DOCTOR_PASS, NULL, "%zu mitigated, %zu vulnerable, of %zu", mitigated, vulnerable,
                   readable);
}

const struct doctor_row doctor_kernel_rows[] = {
    { "clocksource", "Other clocks than the TSC cost up to microseconds a reading, which short cases feel.",
      check_clocksource },
    { "transparent_hugepages",
      "With \"always\", which memory gets huge pages depends on what ran before; speed and faults differ many times.",
      check_thp },
    { "nmi_watchdog", "It interrupts every CPU and occupies a hardware counter.", check_nmi_watchdog },
    { "numa_balancing", "The kernel unmaps pages to see who uses them, in the middle of a measurement.",
      check_numa_balancing },
    { "aslr", "With a fixed layout all samples share the luck of one layout, and their interval hides that.",
      check_aslr },
    { "mitigations", "They cost time at system calls and indirect branches; runs with others compare with a warning.",
      check_mitigations },
    { NULL, NULL, NULL },
};
