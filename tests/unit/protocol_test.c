/* protocol_test.c: what suites print, well-formed and not. */
#include "harness/run/protocol.h"
#include "harness/base/str.h"
#include <math.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int parse(const char *text, struct arena *arena, struct protocol_output *output, struct error *error)
{
    return protocol_parse(text, strlen(text), arena, output, error);
}

static const struct store_metric *find_metric(const struct store_sample *sample, const char *name)
{
    for (size_t i = 0; i < sample->metric_count; i++)
        if (str_equal(sample->metrics[i].name, name))
            return &sample->metrics[i];
    fail_msg("there is no metric %s", name);
    return NULL;
}

/* As Google Benchmark 1.7 prints it, with the additions of our own library in the second record. */
static const char google[] =
    "{\n  \"context\": {\n    \"date\": \"2026-11-21T08:00:00+00:00\",\n    \"host_name\": \"vm\",\n"
    "    \"num_cpus\": 2,\n    \"caches\": [ { \"type\": \"Data\", \"level\": 1, \"size\": 32768, \"num_sharing\": 1 } ],\n"
    "    \"load_avg\": [0.5,0.25,0.1],\n    \"prony_clock_real_ns\": \"21\",\n    \"library_build_type\": \"debug\",\n    \"cpu_scaling_enabled\": false,\n"
    "    \"prony_engine\": \"native\"\n  },\n  \"benchmarks\": [\n"
    "    { \"name\": \"BM_sum/n:100\", \"family_index\": 0, \"run_name\": \"BM_sum/n:100\", \"run_type\": \"iteration\",\n"
    "      \"repetitions\": 2, \"repetition_index\": 1, \"threads\": 1, \"iterations\": 26, \"real_time\": 2.5e+00,\n"
    "      \"cpu_time\": 1.5e+00, \"time_unit\": \"us\", \"bytes_per_second\": 1.6e+10, \"label\": \"lab\" },\n"
    "    { \"name\": \"decode/m/q8_0/ctx:1/threads:2\", \"run_type\": \"iteration\", \"iterations\": 3, \"real_time\": 4,\n"
    "      \"cpu_time\": 8, \"time_unit\": \"ms\", \"threads\": 1, \"threads\": 2, \"percent_of_peak\": 45.5,\n"
    "      \"prony_values_ns\": [1.5, 2, null, 3e6], \"prony_run_delay_ns\": 12, \"prony_output_digest\": \"00ff\" },\n"
    "    { \"name\": \"BM_sum/n:100_mean\", \"run_type\": \"aggregate\", \"aggregate_name\": \"mean\", \"real_time\": 2 },\n"
    "    { \"name\": \"BM_sum_BigO\", \"cpu_coefficient\": 1, \"real_coefficient\": 1, \"big_o\": \"N\" },\n"
    "    { \"name\": \"BM_sum_RMS\", \"rms\": 1e-2 },\n"
    "    { \"name\": \"BM_err\", \"run_type\": \"iteration\", \"error_occurred\": true, \"error_message\": \"no file\",\n"
    "      \"iterations\": 0, \"real_time\": 0, \"cpu_time\": 0, \"time_unit\": \"ns\" },\n"
    "    { \"name\": \"BM_skip\", \"skipped\": true, \"skip_message\": \"no AMX\", \"iterations\": 0, \"real_time\": 0,\n"
    "      \"cpu_time\": 0, \"time_unit\": \"ns\" }\n  ]\n}\n";

static void test_google(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct protocol_output output;
    struct error error;
    if (parse(google, &arena, &output, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(output.sample_count, 4);
    const struct store_sample *sum = &output.samples[0], *decode = &output.samples[1];
    assert_string_equal(sum->name, "BM_sum/n:100");
    assert_true(sum->real_time_ns == 2500 && sum->cpu_time_ns == 1500);
    assert_int_equal(sum->iterations, 26);
    assert_int_equal(sum->repetition, 1);
    assert_string_equal(sum->label, "lab");
    assert_int_equal(sum->metric_count, 2); /* bytes_per_second and threads; nothing of the schema */
    assert_true(find_metric(sum, "bytes_per_second")->value == 1.6e10);
    assert_string_equal(find_metric(sum, "bytes_per_second")->unit, "B/s");

    assert_true(decode->real_time_ns == 4e6 && decode->cpu_time_ns == 8e6);
    assert_true(find_metric(decode, "threads")->value == 2); /* the counter, not the schema's key */
    assert_string_equal(find_metric(decode, "percent_of_peak")->unit, "%");
    assert_true(find_metric(decode, "run_delay_ns")->value == 12);
    assert_int_equal(decode->value_count, 3);
    assert_true(decode->values_ns[0] == 1.5 && decode->values_ns[2] == 3e6);
    assert_string_equal(decode->output_digest, "00ff");
    assert_null(sum->output_digest);

    assert_int_equal(output.samples[2].status, STORE_SAMPLE_ERROR);
    assert_string_equal(output.samples[2].message, "no file");
    assert_int_equal(output.samples[3].status, STORE_SAMPLE_SKIPPED);
    assert_string_equal(output.samples[3].message, "no AMX");

    assert_int_equal(output.context_count, 3); /* date, host, load and caches are no facts of the run */
    assert_string_equal(output.context[0].name, "library_build_type");
    assert_string_equal(output.context[1].value, "false");
    arena_release(&arena);
}

/* The library prints NaN bare and control characters raw. That is its bug, not a reason to lose the sample. */
static void test_bent_json(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct protocol_output output;
    struct error error;
    const char *text =
        "{\"benchmarks\": [{\"name\": \"a\", \"real_time\": 1, \"cpu_time\": 1, \"iterations\": 1,"
        "\"time_unit\": \"ns\", \"x\": NaN, \"y\": -Infinity, \"z\": inf, \"w\": -nan, \"label\": \"NaN \x01 \\\" inf\"}]}";
    if (parse(text, &arena, &output, &error) != 0)
        fail_msg("%s", error.text);
    const struct store_sample *sample = &output.samples[0];
    assert_string_equal(sample->label, "NaN \x01 \" inf");
    assert_int_equal(sample->metric_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(sample->metrics[i].state, STORE_NOT_COUNTED);
        assert_string_equal(sample->metrics[i].reason, "the program reported NaN or infinity");
    }
    arena_release(&arena);
}

#define RECORD(text) "{\"benchmarks\": [{" text "}]}"

/* A record without a usable time is an error of its case, never a number. */
static void test_bad_times(void **state)
{
    (void)state;
    static const char *const texts[] = {
        RECORD("\"name\": \"a\", \"cpu_time\": 1, \"iterations\": 1, \"time_unit\": \"ns\""),
        RECORD("\"name\": \"a\", \"real_time\": NaN, \"cpu_time\": 1, \"iterations\": 1, \"time_unit\": \"ns\""),
        RECORD("\"name\": \"a\", \"real_time\": -1, \"cpu_time\": 1, \"iterations\": 1, \"time_unit\": \"ns\""),
        RECORD("\"name\": \"a\", \"real_time\": \"1\", \"cpu_time\": 1, \"iterations\": 1, \"time_unit\": \"ns\""),
        RECORD("\"name\": \"a\", \"real_time\": 1, \"cpu_time\": 1, \"iterations\": 1, \"time_unit\": \"lightyears\""),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct arena arena = { 0 };
        struct protocol_output output;
        assert_int_equal(parse(texts[i], &arena, &output, NULL), 0);
        assert_int_equal(output.sample_count, 1);
        assert_int_equal(output.samples[0].status, STORE_SAMPLE_ERROR);
        assert_non_null(output.samples[0].message);
        arena_release(&arena);
    }
}

static void test_rubbish(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "", "printed nothing" },
        { " \n\t", "printed nothing" },
        { "hello", "output is not JSON: line 1" },
        { "{\"benchmarks\": []} and more", "output is not JSON" },
        { "warning: x\n{\"benchmarks\": []}", "output is not JSON: line 1" },
        { "{\"benchmarks\": [{\"name\": \"a\", \"real_ti", "output is not JSON" },
        { "[]", "no \"benchmarks\" list" },
        { "{}", "no \"benchmarks\" list" },
        { "{\"benchmarks\": {}}", "no \"benchmarks\" list" },
        { "{\"benchmarks\": [1]}", "not an object" },
        { RECORD("\"real_time\": 1"), "without a usable name" },
        { RECORD("\"name\": \"\""), "without a usable name" },
        { RECORD("\"name\": \"a\\nb\""), "without a usable name" },
        { RECORD("\"name\": \"a\", \"real_time\": 1, \"real_time\": 2"), "ambiguous" },
        { RECORD("\"name\": \"a\", \"real_time\": 1, \"prony_values_ns\": 5"), "prony_values_ns is not an array" },
        { RECORD("\"name\": \"a\", \"real_time\": 1, \"prony_values_ns\": [\"x\"]"), "prony_values_ns[0]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = { 0 };
        struct protocol_output output;
        struct error error = { 0 };
        if (parse(cases[i].text, &arena, &output, &error) == 0)
            fail_msg("accepted: %s", cases[i].text);
        if (!strstr(error.text, cases[i].expected))
            fail_msg("'%s' gives '%s'", cases[i].text, error.text);
        arena_release(&arena);
    }
}

#define GOOD "\"name\": \"a\", \"real_time\": 1, \"iterations\": 2, "

/* What our library adds: states with their reasons, threads, spans, courses, samples. */
static void test_prony_keys(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct protocol_output output;
    struct error error;
    const char *text = RECORD(
        GOOD
        "\"cycles\": 5, \"page-faults\": 3, \"run_delay_ns\": 1, \"prony_run_delay_ns\": 7, \"prony_peak_heap_bytes\": 9,"
        "\"prony_counters\": {\"cycles\": {\"value\": 100.5, \"state\": \"scaled\", \"running_share\": 0.5,"
        " \"reason\": \"took turns\", \"remedy\": \"fewer\", \"threads\": [60.5, 40, null]},"
        " \"page-faults\": {\"state\": \"ok\", \"running_share\": 1},"
        " \"energy\": {\"state\": \"unsupported\", \"unit\": \"J\", \"reason\": \"no RAPL\"}},"
        "\"prony_samples\": {\"count\": 8, \"p50_ns\": 1.5, \"max_ns\": null},"
        "\"prony_contaminated\": 1, \"prony_contamination\": \"preempted 3 times\", \"prony_clock_before_ghz\": 3.5,"
        "\"prony_spans\": {\"operations\": [{\"operation\": \"ffn_down\", \"layer\": 3, \"calls\": 1, \"time_ns\": 10.5,"
        " \"bytes\": 100, \"kernels\": \"matvec/q8_0\"}, {\"operation\": \"sample\", \"calls\": 2, \"time_ns\": 0}]},"
        "\"prony_courses\": {\"live_bytes\": {\"unit\": \"B\", \"operations\": [0, 10], \"values\": [5, null]},"
        " \"rss_bytes\": {\"operations\": [], \"values\": []}}");
    if (parse(text, &arena, &output, &error) != 0)
        fail_msg("%s", error.text);
    const struct store_sample *sample = &output.samples[0];
    const struct store_metric *cycles = find_metric(sample, "cycles");
    assert_true(cycles->value == 100.5 && cycles->state == STORE_SCALED && cycles->running_share == 0.5);
    assert_true(cycles->thread_count == 3 && cycles->thread_values[1] == 40 && isnan(cycles->thread_values[2]));
    assert_string_equal(cycles->reason, "took turns");
    assert_string_equal(cycles->remedy, "fewer");
    assert_true(find_metric(sample, "page-faults")->value == 3);
    assert_true(find_metric(sample, "run_delay_ns")->value == 7);
    const struct store_metric *energy = find_metric(sample, "energy");
    assert_true(energy->state == STORE_UNSUPPORTED && isnan(energy->value));
    assert_string_equal(energy->unit, "J");
    assert_true(find_metric(sample, "samples_p50_ns")->value == 1.5);
    assert_int_equal(find_metric(sample, "samples_max_ns")->state, STORE_NOT_COUNTED);
    assert_true(find_metric(sample, "contaminated")->value == 1);
    assert_string_equal(find_metric(sample, "contaminated")->reason, "preempted 3 times");
    assert_string_equal(find_metric(sample, "clock_before_ghz")->unit, "GHz");
    assert_int_equal(sample->metric_count, 10); /* each name once */
    for (size_t i = 0; i < sample->metric_count; i++)
        if (str_equal(sample->metrics[i].name, "cycles"))
            assert_int_equal(output.records[0].origins[i], PROTOCOL_COUNTER);
        else if (str_equal(sample->metrics[i].name, "peak_heap_bytes"))
            assert_int_equal(output.records[0].origins[i], PROTOCOL_LIBRARY);
    assert_true(output.records[0].has_counters && output.records[0].has_spans);

    assert_int_equal(sample->span_count, 2);
    assert_true(sample->spans[0].layer == 3 && sample->spans[0].bytes == 100 && isnan(sample->spans[0].flops));
    assert_string_equal(sample->spans[0].kernels, "matvec/q8_0");
    assert_true(sample->spans[1].layer == -1 && sample->spans[1].calls == 2);
    assert_int_equal(sample->course_count, 2);
    assert_true(sample->courses[0].count == 2 && isnan(sample->courses[0].values[1]));
    assert_string_equal(sample->courses[1].unit, "B");
    arena_release(&arena);
}

/* Every malformed key is refused with the case's and the key's name. */
static void test_bad_prony_keys(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { RECORD(GOOD "\"prony_counters\": 5"), "a: prony_counters is not an object" },
        { RECORD(GOOD "\"prony_counters\": {\"c\": 5}"), "a: prony_counters: 'c': is not an object" },
        { RECORD(GOOD "\"prony_counters\": {\"c\": {}}"), "'c': state is none of ok" },
        { RECORD(GOOD "\"prony_counters\": {\"c\": {\"state\": \"fine\", \"value\": 1}}"), "'c': state is none of" },
        { RECORD(GOOD "\"prony_counters\": {\"c\": {\"state\": \"ok\"}}"), "'c': has no value" },
        { RECORD(GOOD "\"prony_counters\": {\"c\": {\"state\": \"ok\", \"value\": \"1\"}}"), "'c': has no value" },
        { RECORD(GOOD "\"prony_counters\": {\"c\": {\"state\": \"ok\", \"value\": 1, \"running_share\": 2}}"),
          "'c': running_share" },
        { RECORD(GOOD "\"prony_counters\": {\"c\": {\"state\": \"ok\", \"value\": 1, \"threads\": 2}}"),
          "'c': threads" },
        { RECORD(GOOD "\"prony_counters\": {\"c\": {\"state\": \"ok\", \"value\": 1, \"threads\": [\"x\"]}}"),
          "'c': threads" },
        { RECORD(GOOD "\"prony_counters\": {\"c\": {\"state\": \"unsupported\", \"reason\": 1}}"), "'c': reason" },
        { RECORD(GOOD "\"prony_samples\": []"), "a: prony_samples is not an object" },
        { RECORD(GOOD "\"prony_samples\": {\"p50_ns\": \"x\"}"), "prony_samples: 'p50_ns' is not a number" },
        { RECORD(GOOD "\"prony_contaminated\": 2"), "a: prony_contaminated is neither" },
        { RECORD(GOOD "\"prony_contaminated\": 1, \"prony_contamination\": 1"), "a: prony_contamination is not" },
        { RECORD(GOOD "\"prony_spans\": []"), "a: prony_spans: operations is not a list" },
        { RECORD(GOOD "\"prony_spans\": {\"operations\": [1]}"), "prony_spans: operations[0]: operation" },
        { RECORD(GOOD "\"prony_spans\": {\"operations\": [{\"operation\": \"x\", \"time_ns\": 1}]}"), "[0]: calls" },
        { RECORD(GOOD "\"prony_spans\": {\"operations\": [{\"operation\": \"x\", \"calls\": 1, \"time_ns\": -1}]}"),
          "[0]: time_ns" },
        { RECORD(GOOD "\"prony_spans\": {\"operations\": [{\"operation\": \"x\", \"calls\": 1, \"time_ns\": 1, "
                      "\"layer\": -2}]}"),
          "[0]: layer" },
        { RECORD(GOOD "\"prony_spans\": {\"operations\": [{\"operation\": \"x\", \"calls\": 1, \"time_ns\": 1, "
                      "\"bytes\": \"many\"}]}"),
          "[0]: bytes" },
        { RECORD(GOOD "\"prony_courses\": 1"), "a: prony_courses is not an object" },
        { RECORD(GOOD "\"prony_courses\": {\"m\": {\"operations\": [1], \"values\": []}}"),
          "prony_courses: 'm': oper" },
        { RECORD(GOOD "\"prony_courses\": {\"m\": {\"operations\": [1], \"values\": [\"x\"]}}"),
          "'m' holds something" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = { 0 };
        struct protocol_output output;
        struct error error = { 0 };
        if (parse(cases[i].text, &arena, &output, &error) == 0)
            fail_msg("accepted: %s", cases[i].text);
        if (!strstr(error.text, cases[i].expected) || !str_starts(error.text, "a: "))
            fail_msg("'%s' gives '%s'", cases[i].text, error.text);
        arena_release(&arena);
    }
}

static void test_list(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    const char *const *names;
    size_t count;
    const char *text = "b\na/n:1\r\n\nb\nwith space\nlast";
    assert_int_equal(protocol_parse_list(text, strlen(text), &arena, &names, &count, NULL), 0);
    assert_int_equal(count, 4);
    assert_string_equal(names[0], "b");
    assert_string_equal(names[1], "a/n:1");
    assert_string_equal(names[2], "with space");
    assert_string_equal(names[3], "last");
    assert_int_equal(protocol_parse_list("", 0, &arena, &names, &count, NULL), 0);
    assert_int_equal(count, 0);
    const char *bad[] = { "--benchmark_list_tests=true\n", "a\n\x1b[1mb\n", "  usage: x\n" };
    for (size_t i = 0; i < 3; i++) {
        struct error error;
        assert_int_not_equal(protocol_parse_list(bad[i], strlen(bad[i]), &arena, &names, &count, &error), 0);
        assert_non_null(strstr(error.text, "not a list of cases"));
    }
    arena_release(&arena);
}

/* The filter must select exactly the names it was made from, whatever is in them. */
static void test_filter(void **state)
{
    (void)state;
    static const char *const names[] = { "a", "a.b", "f<int>(x)", "n[3]{2}", "q?*+|^$\\", "a/b:1", "ab" };
    enum { COUNT = sizeof names / sizeof names[0] };
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t width = 1; width <= 2; width++) {
            const char *chosen[2] = { names[i], names[(i + 1) % COUNT] };
            char *filter = protocol_filter(chosen, width);
            regex_t regex;
            assert_int_equal(regcomp(&regex, filter, REG_EXTENDED | REG_NOSUB), 0);
            for (size_t k = 0; k < COUNT; k++)
                assert_int_equal(regexec(&regex, names[k], 0, NULL, 0) == 0,
                                 k == i || (width == 2 && k == (i + 1) % COUNT));
            regfree(&regex);
            free(filter);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_google),     cmocka_unit_test(test_bent_json),      cmocka_unit_test(test_bad_times),
        cmocka_unit_test(test_rubbish),    cmocka_unit_test(test_list),           cmocka_unit_test(test_filter),
        cmocka_unit_test(test_prony_keys), cmocka_unit_test(test_bad_prony_keys),
    };
    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
