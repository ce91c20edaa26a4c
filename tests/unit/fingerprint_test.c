/* fingerprint_test.c: the identity of a machine is stable, and changes when the machine does. */
#include "harness/run/fingerprint.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void put(const char *root, const char *path, const char *text)
{
    char *full = mem_format("%s%s", root, path);
    char *slash = strrchr(full, '/');
    *slash = 0;
    assert_int_equal(file_make_directories(full, NULL), 0);
    *slash = '/';
    assert_int_equal(file_write(full, text, strlen(text), NULL), 0);
    free(full);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

/* A machine made of files. */
static int make_root(void **state)
{
    char *root = mem_strdup("/tmp/prony-root-XXXXXX");
    assert_non_null(mkdtemp(root));
    put(root, "/proc/cpuinfo",
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: Test CPU\n"
        "stepping\t: 2\nmicrocode\t: 0x1\ncpu MHz\t\t: 2600.0\nflags\t\t: fpu avx2 hypervisor\n\n"
        "processor\t: 1\nvendor_id\t: GenuineIntel\ncpu MHz\t\t: 2601.0\n");
    put(root, "/sys/devices/system/cpu/cpu0/cache/index0/level", "1\n");
    put(root, "/sys/devices/system/cpu/cpu0/cache/index0/type", "Data\n");
    put(root, "/sys/devices/system/cpu/cpu0/cache/index0/size", "48K\n");
    put(root, "/sys/devices/system/cpu/smt/active", "0\n");
    put(root, "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    put(root, "/proc/sys/kernel/randomize_va_space", "2\n");
    put(root, "/sys/devices/system/cpu/vulnerabilities/meltdown", "Not affected\n");
    put(root, "/sys/devices/system/cpu/vulnerabilities/spectre_v2", "Mitigation: Retpolines\n");
    put(root, "/proc/loadavg", "0.50 0.40 0.30 1/100 1234\n");
    put(root, "/proc/meminfo", "MemTotal:        4000 kB\nMemAvailable:    3000 kB\n");
    put(root, "/proc/stat", "cpu  1 2 3 4 5 6 7 89 0 0\ncpu0 1 2 3\n");
    *state = root;
    return 0;
}

static int remove_root(void **state)
{
    nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

static void hash_of(const char *root, char hash[17])
{
    struct arena arena = { 0 };
    struct fingerprint fingerprint;
    fingerprint_collect(&fingerprint, root, &arena);
    memcpy(hash, fingerprint.hash, 17);
    fingerprint_release(&fingerprint);
    arena_release(&arena);
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
    const struct facts *identity = &fingerprint.identity, *condition = &fingerprint.condition;
    assert_fact(identity, "cpu_name", "Test CPU");
    assert_fact(identity, "cpu_model", "207"); /* not "Test CPU": "model name" starts alike */
    assert_fact(identity, "cpu_count", "2");
    assert_fact(identity, "hypervisor_flag", "yes");
    assert_fact(identity, "caches", "L1 Data 48K");
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
    assert_fact(condition, "governor", NULL);
    assert_int_equal(strlen(fingerprint.hash), 16);
    fingerprint_release(&fingerprint);
    arena_release(&arena);
}

static void test_jitter_does_not_count(void **state)
{
    const char *root = *state;
    char before[17], after[17];
    hash_of(root, before);
    put(root, "/proc/loadavg", "9.99 9 9 1/1 1\n");
    put(root, "/proc/meminfo", "MemTotal:        4000 kB\nMemAvailable:    1 kB\n");
    put(root, "/proc/stat", "cpu  9 9 9 9 9 9 9 9999 0 0\n");
    put(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
    put(root, "/proc/cpuinfo",
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: Test CPU\n"
        "stepping\t: 2\nmicrocode\t: 0x2\ncpu MHz\t\t: 3100.5\nflags\t\t: fpu avx2 hypervisor\n\n"
        "processor\t: 1\nvendor_id\t: GenuineIntel\ncpu MHz\t\t: 800.0\n");
    hash_of(root, after);
    assert_string_equal(before, after);
}

static void test_changes_count(void **state)
{
    static const char *const changes[][2] = {
        { "/proc/sys/kernel/randomize_va_space", "0\n" },
        { "/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n" },
        { "/sys/devices/system/cpu/vulnerabilities/spectre_v2", "Vulnerable\n" },
        { "/sys/devices/system/cpu/smt/active", "1\n" },
        { "/sys/devices/system/cpu/cpu0/cache/index0/size", "32K\n" },
        { "/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\n" },
    };
    char before[17], after[17];
    hash_of(*state, before);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        put(*state, changes[i][0], changes[i][1]);
        hash_of(*state, after);
        if (strcmp(before, after) == 0)
            fail_msg("%s changed, the fingerprint did not", changes[i][0]);
        memcpy(before, after, sizeof before);
    }
}

static void test_this_machine(void **state)
{
    (void)state;
    char first[17], second[17];
    hash_of("", first);
    hash_of("", second);
    assert_string_equal(first, second);
    struct arena arena = { 0 };
    struct facts build = { .arena = &arena };
    fingerprint_build(&build);
    assert_non_null(facts_find(build.items, build.count, "prony_version"));
    assert_non_null(facts_find(build.items, build.count, "prony_compiler"));
    facts_release(&build);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_facts, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_jitter_does_not_count, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_changes_count, make_root, remove_root),
        cmocka_unit_test(test_this_machine),
    };
    return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
