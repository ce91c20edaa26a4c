/* fingerprint_test.c: the identity of a machine is stable, and changes when the machine does. */
#include "harness/run/cgroup.h"
#include "harness/run/fingerprint.h"
#include "tests/support/tree.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char cpuinfo[] =
    "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: Test CPU\n"
    "stepping\t: 2\nmicrocode\t: 0x1\ncpu MHz\t\t: 2600.0\nflags\t\t: fpu avx2 hypervisor\n\n"
    "processor\t: 1\nvendor_id\t: GenuineIntel\ncpu MHz\t\t: 2601.0\n";

#define CPU "/sys/devices/system/cpu/"

static const char *const files[][2] = {
    { "/proc/cpuinfo", cpuinfo },
    { CPU "cpu0/cache/index0/level", "1\n" },
    { CPU "cpu0/cache/index0/type", "Data\n" },
    { CPU "cpu0/cache/index0/size", "48K\n" },
    { CPU "cpu0/cache/index3/level", "3\n" },
    { CPU "cpu0/cache/index3/type", "Unified\n" },
    { CPU "cpu0/cache/index3/size", "36864K\n" },
    { CPU "cpu0/cache/index3/shared_cpu_list", "0-1\n" },
    { CPU "cpu0/topology/physical_package_id", "0\n" },
    { CPU "cpu0/topology/core_id", "0\n" },
    { CPU "cpu1/topology/physical_package_id", "0\n" },
    { CPU "cpu1/topology/core_id", "1\n" },
    { CPU "smt/active", "0\n" },
    { CPU "vulnerabilities/meltdown", "Not affected\n" },
    { CPU "vulnerabilities/spectre_v2", "Mitigation: Retpolines\n" },
    { "/sys/devices/system/node/online", "0\n" },
    { "/sys/class/dmi/id/sys_vendor", "Test Inc.\n" },
    { "/sys/class/dmi/id/product_name", "Tester\n" },
    { "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n" },
    { "/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n" },
    { "/proc/sys/kernel/randomize_va_space", "2\n" },
    { "/proc/sys/kernel/hostname", "builder-7\n" },
    { "/proc/loadavg", "0.50 0.40 0.30 1/100 1234\n" },
    { "/proc/meminfo", "MemTotal:        4000 kB\nMemAvailable:    3000 kB\n" },
    { "/proc/stat", "cpu  1 2 3 4 5 6 7 89 0 0\ncpu0 1 2 3\n" },
};

static int make_root(void **state)
{
    char *root = tree_make();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        tree_put(root, files[i][0], files[i][1]);
    *state = root;
    return 0;
}

static int remove_root(void **state)
{
    tree_release(*state);
    return 0;
}

struct prints {
    char key[17], hash[17];
};

static struct prints prints_of(const char *root)
{
    struct arena arena = { 0 };
    struct fingerprint fingerprint;
    struct prints prints;
    fingerprint_collect(&fingerprint, root, &arena);
    memcpy(prints.key, fingerprint.key, 17);
    memcpy(prints.hash, fingerprint.hash, 17);
    fingerprint_release(&fingerprint);
    arena_release(&arena);
    return prints;
}

static void assert_fact(const struct facts *facts, const char *name, const char *expected)
{
    const char *value = facts_find(facts->items, facts->count, name);
    if (expected ? !value || strcmp(value, expected) != 0 : value != NULL)
        fail_msg("%s is '%s', expected '%s'", name, value ? value : "absent", expected ? expected : "absent");
}

static void test_facts(void **state)
{
    struct arena arena = { 0 };
    struct fingerprint fingerprint;
    fingerprint_collect(&fingerprint, *state, &arena);
    const struct facts *identity = &fingerprint.machine, *condition = &fingerprint.condition;
    assert_fact(identity, "cpu_name", "Test CPU");
    assert_fact(identity, "cpu_model", "207"); /* not "Test CPU": "model name" starts alike */
    assert_fact(identity, "cpu_count", "2");
    assert_fact(identity, "hypervisor_flag", "yes");
    assert_fact(identity, "caches", "L1 Data 48K, L3 Unified 36864K of 2 CPUs");
    assert_fact(identity, "cpu_cores", "2");
    assert_fact(identity, "cpu_sockets", "1");
    assert_fact(identity, "numa_nodes", "1");
    assert_fact(identity, "kernel", "Linux 6.1.0-13-amd64");
    assert_fact(identity, "machine_vendor", "Test Inc.");
    assert_fact(identity, "smt_active", "0");
    assert_fact(identity, "transparent_hugepages", "madvise");
    assert_fact(identity, "aslr", "2");
    assert_fact(identity, "cpu_part", NULL); /* an Arm fact: absent, not empty */
    assert_fact(identity, "load", NULL);
    assert_fact(condition, "load", "0.50");
    assert_fact(condition, "cpuinfo_mhz", "2600.0");
    assert_fact(condition, "memory_available", "3000 kB");
    assert_fact(condition, "swap_free", NULL);
    assert_fact(condition, "steal_ticks", "89");
    assert_fact(identity, "governor", NULL);
    assert_fact(identity, "microcode", "0x1");
    assert_fact(condition, "host", "builder-7");
    assert_fact(condition, "stream_triad_gbs", NULL); /* not of this machine */
    assert_int_equal(strlen(fingerprint.hash), 16);
    assert_int_equal(strlen(fingerprint.key), 16);
    assert_string_not_equal(fingerprint.hash, fingerprint.key);
    for (size_t i = 0; i < identity->count; i++) /* what is said to be hardware is what the key is made of */
        assert_int_equal(store_fact_is_hardware(identity->items[i].name), i < fingerprint.hardware_count);
    for (size_t i = 0; i < condition->count; i++)
        assert_false(store_fact_is_hardware(condition->items[i].name));
    fingerprint_release(&fingerprint);
    arena_release(&arena);
}

/* cpuinfo with one text replaced by another. */
static char *edit_cpuinfo(const char *from, const char *to)
{
    const char *found = strstr(cpuinfo, from);
    assert_non_null(found);
    return mem_format("%.*s%s%s", (int)(found - cpuinfo), cpuinfo, to, found + strlen(from));
}

/* A week later: nothing that counts has changed. Each alone, and all together. */
static void test_jitter_does_not_count(void **state)
{
    static const char *const changes[][2] = {
        { "/proc/loadavg", "9.99 9 9 1/1 1\n" },
        { "/proc/meminfo", "MemTotal:        3990 kB\nMemAvailable:    1 kB\nSwapFree: 9 kB\n" },
        { "/proc/stat", "cpu  9 9 9 9 9 9 9 9999 0 0\n" },
        { "/proc/pressure/cpu", "some avg10=99.00 avg60=9 avg300=9 total=9\n" },
        { "/proc/uptime", "999999.0 1.0\n" },
        { "/proc/sys/kernel/hostname", "builder-8\n" },
        { "/proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n" },
        { "/sys/class/thermal/thermal_zone0/temp", "91000\n" },
    };
    const char *root = *state;
    struct prints before = prints_of(root);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        tree_put(root, changes[i][0], changes[i][1]);
        struct prints after = prints_of(root);
        if (memcmp(&before, &after, sizeof before) != 0)
            fail_msg("%s changed the fingerprint", changes[i][0]);
    }
    static const char *const edits[][2] = { { "2600.0", "3100.5" }, { "2601.0", "800.0" } };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char *text = edit_cpuinfo(edits[i][0], edits[i][1]);
        tree_put(root, "/proc/cpuinfo", text);
        struct prints after = prints_of(root);
        if (memcmp(&before, &after, sizeof before) != 0)
            fail_msg("%s -> %s changed the fingerprint", edits[i][0], edits[i][1]);
        free(text);
    }
}

/* The change makes another row of the store, and another machine if it is one of hardware; the old value brings the old
 * one back. */
static void assert_another(const char *root, const char *path, const char *text, const char *what, bool hardware)
{
    char *old = tree_get(root, path);
    struct prints before = prints_of(root);
    tree_put(root, path, text);
    struct prints after = prints_of(root);
    if (strcmp(before.hash, after.hash) == 0)
        fail_msg("%s changed to %s, the fingerprint did not", path, what);
    if ((strcmp(before.key, after.key) != 0) != hardware)
        fail_msg("%s changed to %s: another machine or not?", path, what);
    if (old)
        tree_put(root, path, old);
    else
        tree_drop(root, path);
    struct prints again = prints_of(root);
    assert_memory_equal(&before, &again, sizeof before);
    free(old);
}

/* Each alone makes another machine. */
static void test_hardware_counts(void **state)
{
    static const char *const changes[][2] = {
        { CPU "smt/active", "1\n" },
        { CPU "cpu0/cache/index0/size", "32K\n" },
        { CPU "cpu0/cache/index3/shared_cpu_list", "0\n" },
        { CPU "cpu1/topology/core_id", "0\n" },
        { CPU "cpu1/topology/physical_package_id", "1\n" },
        { "/sys/devices/system/node/online", "0-1\n" },
        { "/sys/hypervisor/type", "xen\n" },
        { "/sys/class/dmi/id/sys_vendor", "Other Inc.\n" },
        { "/sys/class/dmi/id/product_name", "Faster\n" },
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        assert_another(*state, changes[i][0], changes[i][1], changes[i][1], true);
    static const char *const edits[][2] = {
        { "GenuineIntel", "AuthenticAMD" }, { "family\t: 6", "family\t: 7" },     { ": 207", ": 208" },
        { "Test CPU", "Other CPU" },        { "stepping\t: 2", "stepping\t: 3" }, { " hypervisor", "" },
        { "\nprocessor\t: 1\n", "\n" },
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char *text = edit_cpuinfo(edits[i][0], edits[i][1]);
        assert_another(*state, "/proc/cpuinfo", text, edits[i][1], true);
        free(text);
    }
}

/* The same machine the day after an update, or with another setting. */
static void test_software_is_environment(void **state)
{
    static const char *const changes[][2] = {
        { "/proc/sys/kernel/randomize_va_space", "0\n" },
        { "/proc/sys/kernel/osrelease", "6.6.2-1-amd64\n" },
        { "/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n" },
        { CPU "vulnerabilities/spectre_v2", "Vulnerable\n" },
        { CPU "vulnerabilities/retbleed", "Not affected\n" },
        { CPU "cpu0/cpufreq/scaling_governor", "powersave\n" },
        { CPU "cpufreq/boost", "1\n" },
        { CPU "intel_pstate/no_turbo", "1\n" },
        { "/sys/fs/cgroup/cpu.max", "100000 100000\n" },
        { "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n" },
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        assert_another(*state, changes[i][0], changes[i][1], changes[i][1], false);
    static const char *const edits[][2] = { { "fpu avx2", "fpu avx2 amd_lbr_v2" }, { "0x1", "0x2b" } };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char *text = edit_cpuinfo(edits[i][0], edits[i][1]);
        assert_another(*state, "/proc/cpuinfo", text, edits[i][1], false);
        free(text);
    }
}

static void test_this_machine(void **state)
{
    (void)state;
    struct prints first = prints_of(""), second = prints_of("");
    assert_string_equal(first.key, second.key);
    assert_string_equal(first.hash, second.hash);
    struct arena arena = { 0 };
    struct facts build = { .arena = &arena };
    fingerprint_build(&build, ".");
    assert_non_null(facts_find(build.items, build.count, "prony_version"));
    assert_non_null(facts_find(build.items, build.count, "prony_compiler"));
    facts_release(&build);
    arena_release(&arena);
}

/* What is measured is in the condition of the real machine. */
static void test_measured_condition(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct fingerprint fingerprint;
    double bandwidth;
    fingerprint_collect(&fingerprint, "", &arena);
    const char *text = facts_find(fingerprint.condition.items, fingerprint.condition.count, "stream_triad_gbs");
    assert_non_null(text);
    assert_true(str_parse_f64(text, &bandwidth) && bandwidth > 0.01 && bandwidth < 10000);
    fingerprint_release(&fingerprint);
    arena_release(&arena);
}

/* The peak of the group, of version 1 and 2, or of the nearest group above that can be read. */
static void test_cgroup_peak(void **state)
{
    const char *root = *state;
    struct arena arena = { 0 };
    int64_t bytes = 0;
    assert_false(cgroup_memory_peak(&arena, root, &bytes));
    tree_put(root, "/proc/self/cgroup", "4:memory:/user/me\n3:cpu,cpuacct:/\n0::/user.slice/job\n");
    assert_false(cgroup_memory_peak(&arena, root, &bytes));
    tree_put(root, "/sys/fs/cgroup/memory/memory.max_usage_in_bytes", "123456\n");
    assert_true(cgroup_memory_peak(&arena, root, &bytes));
    assert_int_equal(bytes, 123456);
    tree_put(root, "/sys/fs/cgroup/user.slice/job/memory.peak", "789\n");
    assert_true(cgroup_memory_peak(&arena, root, &bytes));
    assert_int_equal(bytes, 789);
    assert_string_equal(cgroup_find(&arena, root, "cpuacct"), "/");
    assert_null(cgroup_find(&arena, root, "pids"));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_facts, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_jitter_does_not_count, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_hardware_counts, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_software_is_environment, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_cgroup_peak, make_root, remove_root),
        cmocka_unit_test(test_this_machine),
        cmocka_unit_test(test_measured_condition),
    };
    return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
