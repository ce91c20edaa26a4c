/* store_checks_test.c: the doctor's verdicts come out of the database as they went in, and become one line. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const struct store_check examples[] = {
    { "detour", "fail", "12 % of 1 s lost", "Lost time is in the numbers.", "uptime" },
    { "boost", "warn", "on", "The clock depends on the weather.", NULL },
    { "load", "warn", "1.0", "Others compute.", "top" },
    { "governor", "unknown", "no cpufreq", "", NULL },
    { "clocksource", "pass", "tsc", "Reading the time is cheap.", NULL },
};

static void make_database(char *directory, struct store **store, int64_t *run_id)
{
    strcpy(directory, "/tmp/prony-checks-XXXXXX");
    assert_non_null(mkdtemp(directory));
    char *path = mem_format("%s/t.db", directory);
    struct error error;
    struct store_run run = { .plan = "quick", .command = "x", .fingerprint = "f" };
    if (store_open(store, path, false, &error) != 0 || store_run_begin(*store, &run, run_id, &error) != 0)
        fail_msg("%s", error.text);
    free(path);
}

static void remove_database(char *directory, struct store *store)
{
    static const char *const names[] = { "t.db", "t.db-wal", "t.db-shm" };
    store_close(store);
    for (size_t i = 0; i < 3; i++) {
        char *path = mem_format("%s/%s", directory, names[i]);
        unlink(path);
        free(path);
    }
    assert_int_equal(rmdir(directory), 0);
}

static void test_in_and_out(void **state)
{
    (void)state;
    char directory[64];
    struct store *store;
    struct error error;
    struct arena arena = { 0 };
    struct store_check *found;
    size_t count;
    int64_t run_id;
    make_database(directory, &store, &run_id);
    assert_int_equal(store_checks(store, run_id, &arena, &found, &count, &error), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_checks_add(store, run_id, examples, 3, &error), 0);
    assert_int_equal(store_checks_add(store, run_id, examples + 3, 2, &error), 0); /* more go behind them */
    assert_int_equal(store_checks(store, run_id, &arena, &found, &count, &error), 0);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(found[i].name, examples[i].name);
        assert_string_equal(found[i].verdict, examples[i].verdict);
        assert_string_equal(found[i].seen, examples[i].seen);
        assert_string_equal(found[i].meaning, examples[i].meaning);
        assert_true(str_equal(found[i].remedy, examples[i].remedy));
    }
    assert_int_equal(store_checks(store, run_id + 1, &arena, &found, &count, &error), 0);
    assert_int_equal(count, 0);
    arena_release(&arena);
    remove_database(directory, store);
}

static void test_refused(void **state)
{
    (void)state;
    char directory[64];
    struct store *store;
    struct error error;
    struct arena arena = { 0 };
    struct store_check *found;
    size_t count;
    int64_t run_id;
    const struct store_check wrong[] = { { "load", "pass", "0", "", NULL }, { "smt", "fine", "", "", NULL } };
    make_database(directory, &store, &run_id);
    assert_int_not_equal(store_checks_add(store, run_id, wrong, 2, &error), 0); /* no such verdict: none goes in */
    assert_int_not_equal(store_checks_add(store, run_id + 9, examples, 1, &error), 0); /* no such run */
    const struct store_fact fact = { "a", "b" };
    const struct store_failure failure = { .suite = "s", .reason = "r" };
    assert_int_not_equal(store_run_facts_add(store, run_id + 9, &fact, 1, &error), 0);
    assert_int_not_equal(store_failure_add(store, run_id + 9, &failure, &error), 0);
    assert_int_equal(store_checks(store, run_id, &arena, &found, &count, &error), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_execute(store, "DROP VIEW checks; DROP TABLE run_check", &error), 0);
    assert_int_equal(store_checks(store, run_id, &arena, &found, &count, &error), 0); /* as in version 1 */
    assert_int_equal(count, 0);
    arena_release(&arena);
    remove_database(directory, store);
}

static void test_line(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    assert_string_equal(store_checks_line(examples, 5, &arena),
                        "1 fail (detour), 2 warn (boost, load), 1 unknown, 1 pass");
    assert_string_equal(store_checks_line(examples + 4, 1, &arena), "1 pass");
    assert_null(store_checks_line(NULL, 0, &arena));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_and_out),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests_name("store_checks", tests, NULL, NULL);
}
