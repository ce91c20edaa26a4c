/* store_profiles_test.c: profiles come out as they went in; damage is named; a full disk loses only what did not fit.
 */
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

struct fixture {
    char directory[64], path[96];
    struct store *store;
    int64_t run;
};

static int set_up(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    const struct store_run run = { .plan = "quick", .command = "prony run quick", .fingerprint = "abcd" };
    struct error error;
    strcpy(fixture->directory, "/tmp/prony-profiles-XXXXXX");
    if (!mkdtemp(fixture->directory))
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/test.db", fixture->directory);
    *state = fixture;
    return store_open(&fixture->store, fixture->path, false, &error) ||
           store_run_begin(fixture->store, &run, &fixture->run, &error);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    const char *suffixes[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        char *path = mem_format("%s%s", fixture->path, suffixes[i]);
        unlink(path);
        free(path);
    }
    int result = rmdir(fixture->directory);
    free(fixture);
    return result;
}

/* functions leaves below main; names of many bytes are hard to compress. */
static struct stacks *make_stacks(int functions)
{
    struct stacks *stacks = stacks_create();
    const struct stacks_frame root = { .function = "main", .object = "prony-engine", .file = "main.c", .line = 12 };
    uint32_t parent = stacks_add_node(stacks, 0, stacks_add_frame(stacks, &root));
    for (int i = 0; i < functions; i++) {
        char name[64];
        snprintf(name, sizeof name, "function_%d_%x", i, (unsigned)i * 2654435761u);
        const struct stacks_frame frame = { .function = name, .object = "libengine.so", .file = "" };
        stacks_add_weight(stacks, stacks_add_node(stacks, parent, stacks_add_frame(stacks, &frame)),
                          (uint64_t)(functions - i) * 1000, 1);
    }
    return stacks;
}

static const struct store_profile cpu = { .suite = "generate",
                                          .name = "decode/tiny",
                                          .title = "decode/tiny",
                                          .kind = "cpu",
                                          .event = "cpu-clock",
                                          .unit = "ns",
                                          .frequency_hz = 499,
                                          .duration_ns = 5000000000,
                                          .sample_count = 2490,
                                          .lost_count = 3,
                                          .truncated_count = 1,
                                          .note = "user frames only" };

static int64_t add(struct fixture *fixture, const struct store_profile *profile, int functions)
{
    struct stacks *stacks = make_stacks(functions);
    struct error error;
    int64_t id;
    if (store_profile_add(fixture->store, fixture->run, profile, stacks, &id, &error))
        fail_msg("%s", error.text);
    stacks_release(stacks);
    return id;
}

static int64_t query(struct fixture *fixture, const char *sql)
{
    int64_t value;
    assert_int_equal(store_query_int(fixture->store, sql, &value, NULL), 0);
    return value;
}

static void test_round_trip(void **state)
{
    struct fixture *fixture = *state;
    const struct store_profile command = { .title = "ls -l", .kind = "allocations", .event = "malloc", .unit = "B" };
    int64_t first = add(fixture, &cpu, 300), second = add(fixture, &command, 0);
    struct arena arena = { 0 };
    struct store_profile_row *rows, one;
    size_t count;
    assert_int_equal(store_profiles(fixture->store, fixture->run, &arena, &rows, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_true(rows[0].id == first && rows[1].id == second && rows[0].run_id == fixture->run);
    const struct store_profile *profile = &rows[0].profile;
    assert_string_equal(profile->suite, "generate");
    assert_string_equal(profile->name, "decode/tiny");
    assert_string_equal(profile->kind, "cpu");
    assert_string_equal(profile->event, "cpu-clock");
    assert_string_equal(profile->unit, "ns");
    assert_string_equal(profile->note, "user frames only");
    assert_true(profile->frequency_hz == 499 && profile->duration_ns == 5000000000);
    assert_true(profile->sample_count == 2490 && profile->lost_count == 3 && profile->truncated_count == 1);
    profile = &rows[1].profile;
    assert_true(!profile->suite && !profile->name && !profile->note && profile->frequency_hz == 0);
    assert_int_equal(store_profile_find(fixture->store, second, &arena, &one, NULL), 0);
    assert_string_equal(one.profile.title, "ls -l");
    arena_release(&arena);

    struct stacks *stacks = make_stacks(300), *back;
    struct str a = { 0 }, b = { 0 };
    assert_int_equal(store_profile_stacks(fixture->store, first, &back, NULL), 0);
    stacks_encode(stacks, &a);
    stacks_encode(back, &b);
    assert_int_equal(a.length, b.length);
    assert_memory_equal(a.data, b.data, a.length);
    str_release(&a);
    str_release(&b);
    stacks_release(stacks);
    stacks_release(back);
    /* The hundred functions with most weight are rows. */
    assert_int_equal(query(fixture, "SELECT count(*) FROM profile_function WHERE profile_id = 1"), 100);
    assert_int_equal(query(fixture, "SELECT count(*) FROM profile_function WHERE rank = 1 AND flat = 300000 AND "
                                    "cumulative = 300000 AND function LIKE 'function_0_%'"),
                     1);
    assert_int_equal(query(fixture, "SELECT count(*) FROM profiles WHERE suite = 'generate' AND run = 1"), 1);
    assert_true(query(fixture, "SELECT length(stacks) < size_bytes FROM profile WHERE id = 1"));
}

static void fails(struct fixture *fixture, int64_t id, int expected, const char *reason)
{
    struct stacks *stacks;
    struct error error;
    assert_int_equal(store_profile_stacks(fixture->store, id, &stacks, &error), expected);
    assert_null(stacks);
    if (!strstr(error.text, reason) || !strstr(error.text, fixture->path))
        fail_msg("'%s' does not say '%s'", error.text, reason);
}

static void test_damage(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = add(fixture, &cpu, 10);
    fails(fixture, id + 1, ERROR_USAGE, "no profile 2");
    struct arena arena = { 0 };
    struct store_profile_row row;
    assert_int_equal(store_profile_find(fixture->store, 99, &arena, &row, NULL), ERROR_USAGE);
    static const struct {
        const char *sql, *reason;
    } cases[] = {
        { "UPDATE profile SET size_bytes = size_bytes + 1", "cannot be decompressed" },
        { "UPDATE profile SET size_bytes = size_bytes - 2", "cannot be decompressed" },
        { "UPDATE profile SET size_bytes = 1000000000000000", "cannot hold 1000000000000000" },
        { "UPDATE profile SET size_bytes = -1", "cannot hold -1" },
        { "UPDATE profile SET size_bytes = (SELECT size_bytes FROM saved), stacks = x'00'", "cannot be decompressed" },
        { "UPDATE profile SET stacks = x''", "cannot be decompressed" },
        { "UPDATE profile SET stacks = substr((SELECT stacks FROM saved), 1, 40)", "cannot be decompressed" },
        /* What zlib makes of "abc". */
        { "UPDATE profile SET size_bytes = 3, stacks = x'789c4b4c4a0600024d0127'", "no encoded stacks" },
    };
    assert_int_equal(store_execute(fixture->store, "CREATE TEMP TABLE saved AS SELECT * FROM profile", NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(store_execute(fixture->store, cases[i].sql, NULL), 0);
        fails(fixture, id, ERROR_FORMAT, cases[i].reason);
    }
}

static void test_full_disk(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(store_execute(fixture->store, "PRAGMA max_page_count = 60", NULL), 0);
    struct stacks *stacks = make_stacks(20000);
    struct error error;
    int64_t id = 7;
    assert_int_not_equal(store_profile_add(fixture->store, fixture->run, &cpu, stacks, &id, &error), 0);
    assert_non_null(strstr(error.text, "the disk is full; everything stored before is safe"));
    assert_int_equal(id, 7);
    assert_int_equal(query(fixture, "SELECT count(*) FROM profile"), 0);
    assert_int_equal(query(fixture, "SELECT count(*) FROM profile_function"), 0);
    assert_int_equal(store_execute(fixture->store, "PRAGMA max_page_count = 100000", NULL), 0);
    assert_int_equal(store_profile_add(fixture->store, fixture->run, &cpu, stacks, NULL, &error), 0);
    stacks_release(stacks);
}

static void test_wrong_run(void **state)
{
    struct fixture *fixture = *state;
    struct stacks *stacks = make_stacks(1);
    struct error error;
    assert_int_not_equal(store_profile_add(fixture->store, 99, &cpu, stacks, NULL, &error), 0);
    assert_non_null(strstr(error.text, fixture->path));
    stacks_release(stacks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_run, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
