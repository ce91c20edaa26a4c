/* store_machines_test.c: which runs are of one machine: databases of before and after an update of its software. */
#include "harness/store/store.h"
#include "harness/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char directory[64], path[96];
    struct store *store;
    struct arena arena;
    struct error error;
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->directory, "/tmp/prony-machines-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof f->path, "%s/p.db", f->directory);
    assert_int_equal(store_open(&f->store, f->path, false, &f->error), 0);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    arena_release(&f->arena);
    unlink(f->path);
    assert_int_equal(rmdir(f->directory), 0);
    free(f);
    return 0;
}

/* A run with one sample on such a machine. version: of the fingerprint, NULL = the facts are somebody else's. */
static int64_t add_run(struct fixture *f, const char *fingerprint, const char *version, const char *cpus,
                       const char *kernel)
{
    struct store_fact facts[5] = { { "cpu_count", cpus }, { "kernel", kernel }, { "cpu_name", "Zen" } };
    size_t count = 3;
    if (version)
        facts[count++] = (struct store_fact){ "fingerprint_version", version };
    if (str_equal(version, "3"))
        facts[count++] = (struct store_fact){ "microcode", "0x7" };
    const struct store_run run = {
        .plan = "p", .command = "c", .fingerprint = fingerprint, .machine = facts, .machine_count = count
    };
    const struct store_sample sample = { .suite = "s", .name = "a", .real_time_ns = 5, .cpu_time_ns = 5 };
    int64_t id;
    assert_int_equal(store_run_begin(f->store, &run, &id, &f->error), 0);
    assert_int_equal(store_sample_add(f->store, id, &sample, 1, &f->error), 0);
    assert_int_equal(store_run_end(f->store, id, "complete", &f->error), 0);
    return id;
}

static const char *machine_of(struct fixture *f, int64_t run)
{
    struct store_run_row row;
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)run);
    assert_int_equal(store_run_find(f->store, text, &f->arena, &row, &f->error), 0);
    return row.fingerprint;
}

/* A kernel of its own, facts of a newer prony: one machine. Another number of CPUs: two. */
static void test_same_hardware(void **state)
{
    struct fixture *f = *state;
    int64_t old = add_run(f, "aaaa000011112222", "2", "4", "Linux 6.1");
    int64_t updated = add_run(f, "bbbb000011112222", "2", "4", "Linux 6.6");
    int64_t newer = add_run(f, "cccc000011112222", "3", "4", "Linux 6.6");
    int64_t resized = add_run(f, "dddd000011112222", "3", "8", "Linux 6.6");
    assert_string_equal(machine_of(f, old), machine_of(f, updated));
    assert_string_equal(machine_of(f, old), machine_of(f, newer));
    assert_string_not_equal(machine_of(f, old), machine_of(f, resized));
    assert_int_equal(strlen(machine_of(f, old)), 16);
    struct store_point *points;
    size_t count;
    const char *unit;
    assert_int_equal(store_history(f->store, "s", "a", "real_time", &f->arena, &points, &count, &unit, &f->error), 0);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(points[i].fingerprint, machine_of(f, old));
    assert_string_equal(points[3].fingerprint, machine_of(f, resized));
    assert_string_equal(points[1].machine->fingerprint, "bbbb000011112222");
    assert_ptr_equal(points[1].machine->key, points[1].fingerprint);
    assert_int_equal(points[2].machine->fact_count, 5);
}

/* What other tools say, and what our first version knew: what they call themselves. */
static void test_foreign_facts(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(machine_of(f, add_run(f, "i-1", NULL, "4", "Linux 6.1")), "i-1");
    assert_string_equal(machine_of(f, add_run(f, "i-2", NULL, "4", "Linux 6.1")), "i-2");
}

static void expect_machine(struct fixture *f, const char *text, const char *expected)
{
    const char *key;
    if (store_machine_find(f->store, text, &f->arena, &key, &f->error) != 0)
        fail_msg("%s", f->error.text);
    assert_string_equal(key, expected);
}

static void test_find(void **state)
{
    struct fixture *f = *state;
    const char *none = NULL;
    assert_int_not_equal(store_machine_find(f->store, "aaaa", &f->arena, &none, &f->error), 0);
    const char *key = machine_of(f, add_run(f, "aaaa000011112222", "2", "4", "Linux 6.1"));
    add_run(f, "aaaa999911112222", "2", "4", "Linux 6.6");
    const char *other = machine_of(f, add_run(f, "aaaa555511112222", "2", "8", "Linux 6.6"));
    expect_machine(f, key, key);
    expect_machine(f, arena_format(&f->arena, "%.6s", key), key);
    expect_machine(f, "aaaa000011112222", key); /* as scripts of before have it */
    expect_machine(f, "aaaa9", key);
    expect_machine(f, "aaaa555511112222", other);
    assert_int_equal(store_machine_find(f->store, "aaaa", &f->arena, &none, &f->error), ERROR_USAGE);
    assert_non_null(strstr(f->error.text, "more than one machine"));
    assert_int_not_equal(store_machine_find(f->store, "zzzz", &f->arena, &none, &f->error), 0);
    assert_non_null(strstr(f->error.text, key));
    assert_non_null(strstr(f->error.text, "Zen"));
}

/* A/A data of before an update is data of the machine; and its sides are told from nights. */
static void test_comparisons(void **state)
{
    struct fixture *f = *state;
    int64_t base = add_run(f, "aaaa000011112222", "2", "4", "Linux 6.1");
    int64_t candidate = add_run(f, "aaaa000011112222", "2", "4", "Linux 6.1");
    int64_t night = add_run(f, "bbbb000011112222", "3", "4", "Linux 6.6");
    const struct store_comparison comparison = { .kind = "aa", .base_run = base, .candidate_run = candidate };
    struct store_comparison *list, one;
    struct store_point *points;
    const char *unit;
    size_t count;
    int64_t id;
    bool found;
    assert_int_equal(store_comparison_add(f->store, &comparison, &id, &f->error), 0);
    assert_int_equal(store_comparisons(f->store, "aa", machine_of(f, night), &f->arena, &list, &count, &f->error), 0);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].fingerprint, machine_of(f, night));
    assert_int_equal(store_comparisons(f->store, NULL, "bbbb000011112222", &f->arena, &list, &count, &f->error), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_comparison_of(f->store, base, candidate, &f->arena, &one, &found, &f->error), 0);
    assert_true(found);
    assert_string_equal(one.fingerprint, machine_of(f, night));
    assert_int_equal(store_history(f->store, "s", "a", "real_time", &f->arena, &points, &count, &unit, &f->error), 0);
    assert_int_equal(count, 3);
    assert_true(points[0].is_side && points[1].is_side && !points[2].is_side);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_hardware, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_foreign_facts, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_find, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_comparisons, open_fixture, close_fixture),
    };
    return cmocka_run_group_tests_name("store_machines", tests, NULL, NULL);
}
