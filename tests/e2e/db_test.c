/* db_test.c: prony import and prony db as their users call them: what they print, exit statuses, and that a failure
 * leaves the database as it was. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "tests/support/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* The fixture, by its absolute path: prony runs in the world's directory. */
static const char *input(char *buffer, size_t size, const char *words, const char *name)
{
    char here[1024];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(buffer, size, "%s %s/tests/imports/%s", words, here, name);
    return buffer;
}

static void shows(const struct world *world, const char *words, const char *text)
{
    struct child_result result;
    int status = world_prony(world, words, &result);
    if (status != 0 || !strstr(str_text(&result.output), text))
        fail_msg("prony %s: exit %d, '%s' is not in: %s%s", words, status, text, str_text(&result.output),
                 str_text(&result.errors));
    child_release(&result);
}

static void test_import(void **state)
{
    struct world *world = *state;
    char words[2048];
    shows(world, input(words, sizeof words, "import", "gbench.json"), "gbench, 1 new, 0 already there");
    shows(world, words, "gbench, 0 new, 1 already there");
    shows(world, input(words, sizeof words, "import", "data.js"), "github-action-benchmark, 3 new");
    shows(world, "list", "gbench");
    shows(world, "show 1", "BM_sum/64");
    world_write(world, "cut.json", "{\"results\": [{\"command\": \"x\", ");
    world_expect_error(world, "import cut.json", "cut.json: damaged or cut off: its JSON ends in an error: line 1");
    world_expect_error(world, "import", "which files?");
    world_expect_error(world, "import nothing.json", "nothing.json: No such file");
    assert_int_equal(world_query(world, "SELECT count(*) FROM run"), 4);
}

/* What cannot be read leaves no empty database behind. */
static void test_failed_import(void **state)
{
    struct world *world = *state;
    char words[2048];
    world_write(world, "cut.json", "{\"results\": [{\"command\": \"x\", ");
    world_write(world, "export.json", "{\"prony_export\": 1, \"schema\": 3}");
    world_write(world, "not.db", "no database");
    world_expect_error(world, "import --db new.db cut.json nothing.json", "nothing.json: No such file");
    world_expect_error(world, "import --db new.db export.json", "no \"tables\"");
    world_expect_error(world, input(words, sizeof words, "import --db new.db --date never", "gbench.json"),
                       "'never' is not a date");
    world_expect_error(world, input(words, sizeof words, "import --db new.db --join cut.json", "gbench.json"),
                       "damaged or cut off");
    world_expect_error(world, "db import --db new.db cut.json", "damaged or cut off");
    world_expect_error(world, "db merge --db new.db not.db", "not a prony database");
    char path[1200];
    snprintf(path, sizeof path, "%s/new.db", world->directory);
    assert_false(file_exists(path));
}

/* Twice as slow in every repetition: of one process it is no verdict, of eight processes it is. */
static void test_one_process(void **state)
{
    struct world *world = *state;
    struct child_result result;
    struct str join[2] = { { 0 } };
    for (int side = 0; side < 2; side++) {
        str_appendf(&join[side], "import --join");
        for (int file = 0; file < 8; file++) {
            struct str text = { 0 };
            char name[40];
            snprintf(name, sizeof name, "side%d_%d.txt", side, file);
            for (int i = 0; i < 10; i++)
                str_appendf(&text, "BenchmarkX-2 100 %d ns/op\n", (side + 1) * 1000 + (i * 7 + file * 3) % 11);
            world_write(world, name, str_text(&text));
            str_appendf(&join[side], " %s", name);
            str_release(&text);
        }
    }
    assert_int_equal(world_prony(world, "compare side0_0.txt side1_0.txt", &result), 3);
    assert_non_null(strstr(str_text(&result.output), "10 repetitions of one process a side"));
    assert_non_null(strstr(str_text(&result.output), "beyond the floor, but of one process a side"));
    child_release(&result);
    for (int side = 0; side < 2; side++) {
        shows(world, str_text(&join[side]), "_0.txt and 7 more  gobench, 1 new");
        str_release(&join[side]);
    }
    int64_t last = world_query(world, "SELECT max(id) FROM run");
    char words[64];
    snprintf(words, sizeof words, "compare %lld %lld", (long long)last - 1, (long long)last);
    assert_int_equal(world_prony(world, words, &result), 1);
    assert_non_null(strstr(str_text(&result.output), "8 processes a side"));
    child_release(&result);
}

static void test_export_and_merge(void **state)
{
    struct world *world = *state;
    char words[2048];
    world_expect(world, input(words, sizeof words, "import", "llama_bench.json"), 0);
    world_expect(world, "tag baseline commit:abc1234", 0);
    world_expect(world, "db export baseline --format json -o run.json", 0);
    shows(world, "db import run.json", "1 runs, 1 were here");
    shows(world, "db import --db copy.db run.json", "1 runs, 0 were here");
    shows(world, "show --db copy.db baseline", "pp512/qwen2_1B_Q8_0");
    world_expect(world, "db export --format sqlite -o whole.db", 0);
    shows(world, "db merge whole.db copy.db", "whole.db: 0 runs added, ");
    shows(world, "db check --db whole.db", "whole.db is sound");
    shows(world, "db export baseline --format csv", "real_time,1900000000,ns");
    shows(world, "db export baseline --format sql", "INSERT INTO \"run\" VALUES(");
    world_expect_error(world, "db export --format xml", "there is no format 'xml'");
    world_expect_error(world, "db export --format sqlite", "-o FILE");
    world_expect_error(world, "db merge nothing.db", "nothing.db: there is no such database");
    world_expect_error(world, "db merge run.json", "not a prony database");
    world_expect_error(world, "db fly", "there is no action 'fly'");
    world_expect_error(world, "db", "what is to be done?");
}

static void test_prune(void **state)
{
    struct world *world = *state;
    char words[2048];
    world_expect(world, input(words, sizeof words, "import", "gobench.txt"), 0);
    world_expect(world, input(words, sizeof words, "import", "pytest.json"), 0);
    world_expect(world, "tag baseline latest", 0);
    shows(world, "db prune --before 2030-01-01 --dry-run", "would be pruned");
    assert_int_equal(world_query(world, "SELECT count(*) FROM summary"), 0);
    shows(world, "db prune --before 2030-01-01", "tagged runs are kept");
    assert_int_equal(world_query(world, "SELECT count(*) FROM run WHERE pruned_ns IS NULL"), 1);
    shows(world, "show 'branch:main'", "pruned: its samples were thrown away on");
    struct child_result compared;
    world_prony(world, "compare 'branch:main' 'branch:main'", &compared);
    assert_non_null(strstr(str_text(&compared.output), "The run of the base was pruned: a median a case is left of"));
    child_release(&compared);
    shows(world, "db info", "runs (");
    shows(world, "db vacuum", "before, ");
    shows(world, "db check", "is sound");
    shows(world, "db prune --keep-days 1000000 --dry-run", "0 runs would be pruned");
    world_expect_error(world, "db prune", "what may go?");
    world_expect_error(world, "db prune --before soon", "'soon' is not a date");
}

/* What is broken is said, with exit status 2. */
static void test_damage(void **state)
{
    struct world *world = *state;
    char words[2048];
    world_expect(world, input(words, sizeof words, "import --db damaged.db", "pytest.json"), 0);
    char *path = mem_format("%s/damaged.db", world->directory), *data;
    size_t size;
    assert_int_equal(file_read(path, &data, &size, NULL), 0);
    assert_true(size > 8192);
    memset(data + size / 2, 0x55, size / 4);
    assert_int_equal(file_write(path, data, size, NULL), 0);
    free(data);
    struct child_result result;
    assert_int_equal(world_prony(world, "db check --db damaged.db", &result), 2);
    child_release(&result);
    assert_int_equal(world_prony(world, "db merge damaged.db", &result), 2);
    child_release(&result);
    free(path);
}

static void test_read_only(void **state)
{
    struct world *world = *state;
    if (geteuid() == 0)
        skip(); /* root may write everywhere */
    char words[2048];
    assert_int_equal(chmod(world->directory, 0500), 0);
    struct child_result result;
    int status = world_prony(world, input(words, sizeof words, "import --db ro.db", "pytest.json"), &result);
    assert_int_equal(chmod(world->directory, 0700), 0);
    child_release(&result);
    assert_int_equal(status, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import),      cmocka_unit_test(test_failed_import),
        cmocka_unit_test(test_one_process), cmocka_unit_test(test_export_and_merge),
        cmocka_unit_test(test_prune),       cmocka_unit_test(test_damage),
        cmocka_unit_test(test_read_only),
    };
    return cmocka_run_group_tests(tests, world_make, world_remove);
}
