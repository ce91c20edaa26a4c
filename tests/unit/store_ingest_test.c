/* store_ingest_test.c: large groups of samples go in part by part, and come out whole or not at all. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* More samples than one statement takes, and the last part is not full. */
enum { CASES = 7, SAMPLES = 1301 };

struct fixture {
    char directory[64], path[96];
    struct store *store;
    int64_t run;
    struct arena arena;
    struct error error;
    char names[CASES][24];
    struct store_sample samples[SAMPLES];
    struct store_metric metrics[SAMPLES][3];
};

static double time_of(int index)
{
    return 1000 + index / 16.0;
}

/* Every case has a metric that is always there, one that only every third sample has, and one with a reason. */
static void make_samples(struct fixture *f)
{
    for (int c = 0; c < CASES; c++)
        snprintf(f->names[c], sizeof f->names[c], "case/%d", c);
    for (int i = 0; i < SAMPLES; i++) {
        f->metrics[i][0] = (struct store_metric){ .name = "speed", .unit = "1/s", .value = i };
        f->metrics[i][1] = (struct store_metric){ .name = "unlike", .unit = "", .value = -i };
        if (i % 2)
            f->metrics[i][1] = (struct store_metric){ .name = "cycles",
                                                      .unit = "",
                                                      .state = STORE_UNSUPPORTED,
                                                      .reason = "no counters",
                                                      .remedy = "another machine" };
        f->samples[i] = (struct store_sample){ .suite = "kernels",
                                               .name = f->names[i % CASES],
                                               .round = i / CASES,
                                               .process = i,
                                               .iterations = i + 1,
                                               .real_time_ns = time_of(i),
                                               .cpu_time_ns = i % 3 ? time_of(i) : NAN,
                                               .metrics = f->metrics[i],
                                               .metric_count = (size_t)(1 + (i % 3 == 0)),
                                               .label = i % 100 == 50 ? "labelled" : NULL };
    }
}

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    strcpy(f->directory, "/tmp/prony-ingest-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof f->path, "%s/p.db", f->directory);
    struct store_run run = { .plan = "quick", .command = "prony run", .seed = 1, .fingerprint = "m" };
    if (store_open(&f->store, f->path, false, &f->error) != 0 ||
        store_run_begin(f->store, &run, &f->run, &f->error) != 0)
        fail_msg("%s", f->error.text);
    make_samples(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    arena_release(&f->arena);
    unlink(f->path);
    assert_int_equal(rmdir(f->directory), 0);
    free(f);
    return 0;
}

static int64_t ask(struct fixture *f, const char *sql)
{
    int64_t value = -1;
    assert_int_equal(store_query_int(f->store, sql, &value, NULL), 0);
    return value;
}

static int add_all(struct fixture *f)
{
    return store_sample_add(f->store, f->run, f->samples, SAMPLES, &f->error);
}

static void check_case(const struct store_case *item, int c)
{
    size_t count = (size_t)((SAMPLES - c + CASES - 1) / CASES);
    assert_int_equal(item->sample_count, count);
    assert_string_equal(item->label, c == 50 % CASES ? "labelled" : item->label);
    assert_string_equal(item->metrics[0].name, "speed");
    for (size_t i = 0; i < count; i++) {
        int index = (int)i * CASES + c;
        assert_true(item->real_time_ns[i] == time_of(index));
        assert_true(index % 3 ? item->cpu_time_ns[i] == time_of(index) : isnan(item->cpu_time_ns[i]));
        assert_int_equal(item->processes[i], index);
        assert_true(item->metrics[0].values[i] == index);
    }
}

static void test_large_group(void **state)
{
    struct fixture *f = *state;
    struct store_case *cases;
    size_t count;
    for (int twice = 0; twice < 2; twice++)
        if (add_all(f) != 0)
            fail_msg("%s", f->error.text);
    assert_int_equal(ask(f, "SELECT count(*) FROM sample"), 2 * SAMPLES);
    assert_int_equal(ask(f, "DELETE FROM sample_value WHERE sample_id > (SELECT max(id) / 2 FROM sample)"), 0);
    assert_int_equal(ask(f, "DELETE FROM sample WHERE id > (SELECT max(id) / 2 FROM sample)"), 0);
    assert_int_equal(store_cases(f->store, f->run, &f->arena, &cases, &count, &f->error), 0);
    assert_int_equal(count, CASES);
    for (int c = 0; c < CASES; c++)
        check_case(&cases[c], c);
    assert_int_equal(ask(f, "SELECT count(*) FROM sample_values WHERE metric = 'unlike' AND value = 1 - sample"),
                     (SAMPLES + 5) / 6);
    assert_int_equal(ask(f, "SELECT count(*) FROM sample_values WHERE state = 'unsupported' AND value IS NULL AND "
                            "reason = 'no counters' AND remedy = 'another machine' AND metric = 'cycles'"),
                     (SAMPLES + 2) / 6);
    assert_int_equal(ask(f, "SELECT count(*) FROM samples WHERE label = 'labelled'"), (SAMPLES + 49) / 100);
}

/* The last sample of the last part is refused: no part stays. */
static void test_refused_at_the_end(void **state)
{
    struct fixture *f = *state;
    f->samples[SAMPLES - 1].real_time_ns = NAN;
    assert_int_equal(add_all(f), ERROR_NUMERIC);
    assert_int_equal(ask(f, "SELECT (SELECT count(*) FROM sample) + (SELECT count(*) FROM sample_value)"), 0);
    f->samples[SAMPLES - 1].real_time_ns = 1;
    assert_int_equal(add_all(f), 0);
    assert_int_equal(ask(f, "SELECT count(*) FROM sample"), SAMPLES);
}

static void test_metric_twice(void **state)
{
    struct fixture *f = *state;
    f->metrics[1000][1] = f->metrics[1000][0];
    f->samples[1000].metric_count = 2;
    assert_int_not_equal(add_all(f), 0);
    assert_non_null(strstr(f->error.text, "sample_value"));
    assert_int_equal(ask(f, "SELECT count(*) FROM sample"), 0);
}

/* Nothing is left to number a sample with. */
static void test_numbers_used_up(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(store_sample_add(f->store, f->run, f->samples, 1, &f->error), 0);
    assert_int_equal(ask(f, "UPDATE sample SET id = 9223372036854775807 - 1300"), 0);
    assert_int_equal(add_all(f), ERROR_FORMAT);
    assert_non_null(strstr(f->error.text, "9223372036854774507"));
    assert_int_equal(store_sample_add(f->store, f->run, f->samples, 1200, &f->error), 0);
}

/* A table of a stranger's file that has the name of the table that samples go in by. */
static void test_table_of_a_stranger(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "CREATE TABLE prony_incoming(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12)"), 0);
    assert_int_equal(add_all(f), ERROR_FORMAT);
    assert_non_null(strstr(f->error.text, "prony_incoming"));
    assert_int_equal(ask(f, "DROP TABLE prony_incoming"), 0);
    assert_int_equal(add_all(f), 0);
}

/* A group in which only one row has something that most have not, each alone, keeps it. */
static void test_rare_columns(void **state)
{
    struct fixture *f = *state;
    struct store_sample sample = f->samples[0];
    struct store_metric metric = { .name = "speed", .unit = "1/s", .value = 1 };
    sample.metrics = &metric;
    sample.metric_count = 1;
    sample.label = NULL;
    for (int i = 0; i < 6; i++) {
        struct store_sample row = sample;
        row.process = i;
        row.output_digest = i == 0 ? "digest" : NULL;
        row.label = i == 1 ? "label" : NULL;
        row.status = i == 2 ? STORE_SAMPLE_ERROR : STORE_SAMPLE_OK;
        row.message = i == 2 ? "message" : NULL;
        metric.remedy = i == 3 ? "remedy" : NULL;
        metric.reason = i == 4 ? "reason" : NULL;
        metric.running_share = i == 5 ? 0.5 : 0;
        assert_int_equal(store_sample_add(f->store, f->run, &row, 1, &f->error), 0);
    }
    assert_int_equal(ask(f, "SELECT count(*) FROM sample WHERE digest_id NOT NULL AND process = 0"), 1);
    assert_int_equal(ask(f, "SELECT count(*) FROM sample WHERE label_id NOT NULL AND process = 1"), 1);
    assert_int_equal(ask(f, "SELECT count(*) FROM sample WHERE message_id NOT NULL AND process = 2"), 1);
    assert_int_equal(ask(f, "SELECT sample_id FROM sample_value WHERE remedy_id NOT NULL"), 4);
    assert_int_equal(ask(f, "SELECT sample_id FROM sample_value WHERE reason_id NOT NULL"), 5);
    assert_int_equal(ask(f, "SELECT sample_id FROM sample_value WHERE running_share = 0.5"), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_large_group, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_metric_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers_used_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_table_of_a_stranger, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rare_columns, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
