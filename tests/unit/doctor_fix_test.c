/* doctor_fix_test.c: settings are changed, written down before, and put back: twice, after a boot, without rights, on a
 * file system that is read-only, and when somebody else was there. */
#include "tests/support/doctor_fixture.h"
#include "tests/support/tree.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define CPU       "/sys/devices/system/cpu/"
#define GOVERNOR0 CPU "cpu0/cpufreq/scaling_governor"
#define GOVERNOR1 CPU "cpu1/cpufreq/scaling_governor"
#define THP       "/sys/kernel/mm/transparent_hugepage/enabled"
#define PARANOID  "/proc/sys/kernel/perf_event_paranoid"
#define BOOT      "/proc/sys/kernel/random/boot_id"

struct world {
    struct doctor_fixture fixture;
    char *state;
    struct doctor_change *changes;
    size_t count;
    struct error error;
};

/* Three checks warn, by four files. */
static int make_world(void **state)
{
    struct world *world = mem_alloc(sizeof *world);
    doctor_fixture_make(&world->fixture);
    world->state = mem_format("%s/var/lib/prony/doctor.json", world->fixture.root);
    tree_put(world->fixture.root, GOVERNOR0, "powersave\n");
    tree_put(world->fixture.root, GOVERNOR1, "schedutil\n");
    tree_put(world->fixture.root, THP, "[always] madvise never\n");
    tree_put(world->fixture.root, PARANOID, "4\n");
    *state = world;
    return 0;
}

static int remove_world(void **state)
{
    struct world *world = *state;
    doctor_fixture_release(&world->fixture);
    free(world->state);
    free(world);
    return 0;
}

static int fix(struct world *world)
{
    struct doctor_fixture *f = &world->fixture;
    struct doctor_report report;
    doctor_check(&f->options, &f->arena, &report);
    return doctor_fix(f->root, world->state, &report, &f->arena, &world->changes, &world->count, &world->error);
}

static int restore(struct world *world)
{
    struct doctor_fixture *f = &world->fixture;
    return doctor_restore(f->root, world->state, NULL, 0, &f->arena, &world->changes, &world->count, &world->error);
}

static void expect(struct world *world, const char *path, const char *text)
{
    char *now = tree_get(world->fixture.root, path);
    if (!str_equal(now, text))
        fail_msg("%s is '%s', expected '%s'", path, now ? now : "absent", text ? text : "absent");
    free(now);
}

static void expect_fixed(struct world *world)
{
    expect(world, GOVERNOR0, "performance\n");
    expect(world, GOVERNOR1, "performance\n");
    expect(world, THP, "madvise\n");
    expect(world, PARANOID, "1\n");
}

static void expect_before(struct world *world)
{
    expect(world, GOVERNOR0, "powersave\n");
    expect(world, GOVERNOR1, "schedutil\n");
    expect(world, THP, "always\n");
    expect(world, PARANOID, "4\n");
}

static void test_there_and_back(void **state)
{
    struct world *world = *state;
    struct doctor_report report;
    doctor_check(&world->fixture.options, &world->fixture.arena, &report);
    assert_int_equal(doctor_fixable(world->fixture.root, &report, &world->fixture.arena), 3);
    assert_int_equal(fix(world), 0);
    assert_int_equal(world->count, 4);
    for (size_t i = 0; i < world->count; i++)
        assert_int_equal(world->changes[i].state, DOCTOR_CHANGED);
    assert_string_equal(world->changes[0].check, "governor");
    assert_string_equal(world->changes[0].path, GOVERNOR0);
    assert_string_equal(world->changes[0].before, "powersave");
    assert_string_equal(world->changes[0].after, "performance");
    expect_fixed(world);
    expect(world, CPU "cpufreq/boost", "0\n"); /* passed: not touched */
    assert_string_equal(doctor_fixture_check(&world->fixture, "governor")->verdict, "pass");
    assert_int_equal(access(world->state, F_OK), 0);
    assert_int_equal(restore(world), 0);
    assert_int_equal(world->count, 4);
    expect_before(world);
    assert_int_not_equal(access(world->state, F_OK), 0);
    assert_int_equal(restore(world), 0); /* nothing left to do */
    assert_int_equal(world->count, 0);
}

static void test_twice(void **state)
{
    struct world *world = *state;
    assert_int_equal(fix(world), 0);
    assert_int_equal(fix(world), 0);
    assert_int_equal(world->count, 0);
    tree_put(world->fixture.root, GOVERNOR0, "ondemand\n"); /* a daemon was faster: changed once more */
    assert_int_equal(fix(world), 0);
    assert_int_equal(world->count, 1);
    assert_int_equal(restore(world), 0);
    expect_before(world); /* the oldest value, not the daemon's */
}

static void test_somebody_else(void **state)
{
    struct world *world = *state;
    assert_int_equal(fix(world), 0);
    tree_put(world->fixture.root, GOVERNOR0, "ondemand\n");
    tree_put(world->fixture.root, PARANOID, "4\n");
    assert_int_equal(restore(world), 0);
    expect(world, GOVERNOR0, "ondemand\n");
    expect(world, GOVERNOR1, "schedutil\n");
    size_t left = 0;
    for (size_t i = 0; i < world->count; i++) {
        left += world->changes[i].state == DOCTOR_LEFT;
        if (str_equal(world->changes[i].path, GOVERNOR0))
            assert_string_equal(world->changes[i].reason, "somebody set it to ondemand since");
        if (str_equal(world->changes[i].path, PARANOID))
            assert_string_equal(world->changes[i].reason, "it has its old value already");
    }
    assert_int_equal(left, 2);
    assert_int_not_equal(access(world->state, F_OK), 0);
}

static void test_after_a_boot(void **state)
{
    struct world *world = *state;
    assert_int_equal(fix(world), 0);
    tree_put(world->fixture.root, BOOT, "another\n");
    tree_put(world->fixture.root, THP, "[always] madvise never\n"); /* the boot's; the rest happens to be ours */
    assert_int_equal(restore(world), 0);
    assert_int_equal(world->count, 4);
    for (size_t i = 0; i < world->count; i++)
        assert_int_equal(world->changes[i].state, DOCTOR_LEFT);
    expect(world, GOVERNOR0, "performance\n");
    assert_int_not_equal(access(world->state, F_OK), 0);
    /* And a fix after a boot starts anew. */
    tree_put(world->fixture.root, GOVERNOR0, "powersave\n");
    assert_int_equal(fix(world), 0);
    tree_put(world->fixture.root, BOOT, "a third\n");
    tree_put(world->fixture.root, GOVERNOR0, "ondemand\n");
    assert_int_equal(fix(world), 0);
    assert_int_equal(restore(world), 0);
    expect(world, GOVERNOR0, "ondemand\n");
}

/* A part: what one call of --fix -- COMMAND changed. */
static void test_only_some(void **state)
{
    struct world *world = *state;
    struct doctor_fixture *f = &world->fixture;
    struct doctor_change *back;
    size_t count;
    tree_put(f->root, PARANOID, "1\n");
    assert_int_equal(fix(world), 0); /* an earlier --fix */
    tree_put(f->root, PARANOID, "4\n");
    assert_int_equal(fix(world), 0);
    assert_int_equal(world->count, 1);
    assert_int_equal(
        doctor_restore(f->root, world->state, world->changes, world->count, &f->arena, &back, &count, &world->error),
        0);
    assert_int_equal(count, 1);
    expect(world, PARANOID, "4\n");
    expect(world, GOVERNOR0, "performance\n"); /* the earlier one's stay */
    assert_int_equal(restore(world), 0);
    expect(world, GOVERNOR0, "powersave\n");
}

static void test_no_place_for_the_file(void **state)
{
    struct world *world = *state;
    tree_put(world->fixture.root, "/var/lib/prony", "a file where a directory must be\n");
    assert_int_not_equal(fix(world), 0);
    assert_int_not_equal(world->error.text[0], 0);
    expect(world, GOVERNOR0, "powersave\n"); /* nothing was changed */
    expect(world, THP, "[always] madvise never\n");
}

static void test_damaged_file(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"boot_id\": \"x\"}",
        "{\"boot_id\": \"x\", \"changes\": [{\"check\": \"a\", \"path\": \"/sys/x\", \"before\": \"1\"}]}",
        "{\"boot_id\": \"x\", \"changes\": [{\"check\": \"a\", \"path\": \"/etc/passwd\", \"before\": \"1\", \"after\": "
        "\"2\"}]}",
        "{\"boot_id\": \"x\", \"changes\": [{\"check\": \"a\", \"path\": \"/sys/../etc/passwd\", \"before\": \"1\", "
        "\"after\": \"2\"}]}",
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tree_put(world->fixture.root, "/var/lib/prony/doctor.json", texts[i]);
        if (restore(world) == 0 || fix(world) == 0)
            fail_msg("text %zu was taken: %s", i, texts[i]);
        assert_non_null(strstr(world->error.text, "doctor.json"));
        expect(world, GOVERNOR0, "powersave\n");
    }
}

/* ---- real refusals, each in a child that gave something up ---- */

static void in_child(struct world *world, void (*work)(struct world *world))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        work(world);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 77))
        fail_msg("the child ended with 0x%x", (unsigned)status);
    if (WEXITSTATUS(status) == 77)
        skip();
}

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            _exit(1);                                                       \
        }                                                                   \
    } while (0)

static void without_rights(struct world *world)
{
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        _exit(77);
    CHECK(fix(world) == 0);
    CHECK(world->count == 4);
    for (size_t i = 0; i < world->count; i++) {
        CHECK(world->changes[i].state == DOCTOR_REFUSED);
        CHECK(str_equal(world->changes[i].reason, strerror(EACCES)));
    }
    CHECK(str_equal(world->changes[0].command, "echo performance | sudo tee " GOVERNOR0));
    CHECK(access(world->state, F_OK) != 0); /* nothing was changed, nothing is remembered */
}

static void test_without_rights(void **state)
{
    struct world *world = *state;
    static const char *const paths[] = { GOVERNOR0, GOVERNOR1, THP, PARANOID };
    for (size_t i = 0; i < 4; i++) {
        char *full = mem_format("%s%s", world->fixture.root, paths[i]);
        assert_int_equal(chmod(full, 0444), 0);
        free(full);
    }
    assert_int_equal(chmod(world->fixture.root, 0755), 0);
    in_child(world, without_rights);
    expect(world, GOVERNOR0, "powersave\n");
}

/* /sys as in a container: root, but read-only. */
static void read_only(struct world *world)
{
    char *sys = mem_format("%s/sys", world->fixture.root);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(sys, sys, NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, sys, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0)
        _exit(77); /* not allowed to mount */
    CHECK(fix(world) == 0);
    CHECK(world->count == 4);
    for (size_t i = 0; i < world->count; i++) {
        bool is_proc = str_starts(world->changes[i].path, "/proc");
        CHECK(world->changes[i].state == (is_proc ? DOCTOR_CHANGED : DOCTOR_REFUSED));
        CHECK(is_proc || str_equal(world->changes[i].reason, strerror(EROFS)));
    }
    CHECK(restore(world) == 0);
    CHECK(world->count == 1); /* only what was changed */
    CHECK(access(world->state, F_OK) != 0);
    free(sys);
}

static void test_read_only(void **state)
{
    struct world *world = *state;
    in_child(world, read_only);
    expect(world, GOVERNOR0, "powersave\n");
    expect(world, PARANOID, "4\n");
}

/* Read-only only when it is to be put back: stays in the file, and the next call does it. */
static void read_only_later(struct world *world)
{
    CHECK(fix(world) == 0);
    char *sys = mem_format("%s/sys", world->fixture.root);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(sys, sys, NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, sys, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0)
        _exit(77);
    CHECK(restore(world) == 0);
    size_t refused = 0;
    for (size_t i = 0; i < world->count; i++)
        refused += world->changes[i].state == DOCTOR_REFUSED;
    CHECK(refused == 3);
    CHECK(str_equal(world->changes[0].command, "echo powersave | sudo tee " GOVERNOR0));
    CHECK(access(world->state, F_OK) == 0);
    CHECK(umount(sys) == 0);
    CHECK(restore(world) == 0);
    CHECK(world->count == 3);
    CHECK(access(world->state, F_OK) != 0);
    free(sys);
}

static void test_read_only_later(void **state)
{
    struct world *world = *state;
    in_child(world, read_only_later);
    expect_before(world);
}

static void test_clocksource(void **state)
{
    struct world *world = *state;
    static const char current[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    tree_put(world->fixture.root, current, "hpet\n");
    tree_put(world->fixture.root, "/sys/devices/system/clocksource/clocksource0/available_clocksource",
             "hpet acpi_pm\n");
    assert_int_equal(fix(world), 0);
    expect(world, current, "hpet\n"); /* there is no TSC to choose */
    tree_put(world->fixture.root, "/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet\n");
    assert_int_equal(fix(world), 0);
    expect(world, current, "tsc\n");
    assert_int_equal(restore(world), 0);
    expect(world, current, "hpet\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),  TEST(test_twice),       TEST(test_somebody_else),
        TEST(test_after_a_boot),    TEST(test_only_some),   TEST(test_damaged_file),
        TEST(test_without_rights),  TEST(test_read_only),   TEST(test_no_place_for_the_file),
        TEST(test_read_only_later), TEST(test_clocksource),
    };
    return cmocka_run_group_tests_name("doctor_fix", tests, NULL, NULL);
}
