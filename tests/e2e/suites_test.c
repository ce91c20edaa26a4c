/* suites_test.c: the suites that run models, as programs: their cases, their JSON, and what they say without a model.
 */
#include "harness/base/file.h"
#include "harness/base/str.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
    const char *bin;
    char directory[64], model[96], out[96], err[96];
};

/* Runs PROGRAM ARGUMENTS; stdout and stderr go to place->out and place->err. */
static int run(const struct place *place, const char *environment, const char *program, const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "env -u PRONY_MODELS %s '%s/%s' %s >'%s' 2>'%s'", environment, place->bin,
             program, arguments, place->out, place->err);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *read_text(const char *path)
{
    struct error error;
    char *text;
    size_t length;
    if (file_read(path, &text, &length, &error) != 0)
        fail_msg("%s", error.text);
    return text;
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    char arguments[256];
    place->bin = getenv("PRONY_BIN") != NULL ? getenv("PRONY_BIN") : "build/bin";
    strcpy(place->directory, "/tmp/prony-suites-XXXXXX");
    if (mkdtemp(place->directory) == NULL)
        return -1;
    snprintf(place->model, sizeof place->model, "%s/tiny-q4_K_M.gguf", place->directory);
    snprintf(place->out, sizeof place->out, "%s/out", place->directory);
    snprintf(place->err, sizeof place->err, "%s/err", place->directory);
    snprintf(arguments, sizeof arguments, "synth --shape tiny-qwen2 --format q4_K_M -o '%s'", place->model);
    *state = place;
    return run(place, "", "prony-engine", arguments);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place->directory);
    int status = system(command);
    free(place);
    return status;
}

/* The records of a successful run; every one must have run without an error. The caller decrefs. */
static json_t *run_json(const struct place *place, const char *program, const char *arguments)
{
    char all[512];
    snprintf(all, sizeof all, "--benchmark_format=json --benchmark_min_time=0.001s %s", arguments);
    int status = run(place, "", program, all);
    if (status != 0) {
        char *text = read_text(place->err);
        print_error("%s", text);
        free(text);
        fail_msg("%s %s: exit status %d", program, all, status);
    }
    json_error_t reason;
    json_t *root = json_load_file(place->out, 0, &reason);
    if (root == NULL)
        fail_msg("%s: line %d: %s", program, reason.line, reason.text);
    json_t *records = json_object_get(root, "benchmarks"), *record;
    assert_true(json_is_array(records));
    size_t index;
    json_array_foreach(records, index, record)
    {
        if (json_is_true(json_object_get(record, "error_occurred")))
            fail_msg("%s: %s", json_string_value(json_object_get(record, "name")),
                     json_string_value(json_object_get(record, "error_message")));
    }
    return root;
}

static const json_t *find_record(const json_t *root, const char *name)
{
    size_t index;
    json_t *record;
    json_array_foreach(json_object_get(root, "benchmarks"), index, record)
    {
        if (str_equal(json_string_value(json_object_get(record, "name")), name))
            return record;
    }
    fail_msg("there is no case %s", name);
    return NULL;
}

static double number(const json_t *record, const char *key)
{
    const json_t *value = json_object_get(record, key);
    if (!json_is_number(value))
        fail_msg("%s has no number %s", json_string_value(json_object_get(record, "name")), key);
    return json_number_value(value);
}

static void test_without_a_model(void **state)
{
    const struct place *place = *state;
    static const char *const programs[] = { "generate", "layers", "tokenizer" };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        assert_int_equal(run(place, "", programs[i], "--benchmark_list_tests"), 0);
        char *text = read_text(place->out);
        assert_string_equal(text, "");
        free(text);
        assert_int_equal(run(place, "", programs[i], ""), 2);
        text = read_text(place->err);
        assert_non_null(strstr(text, "--model=FILE"));
        assert_non_null(strstr(text, "prony-engine synth --shape"));
        free(text);
        assert_int_equal(run(place, "PRONY_MODELS=/nonexistent.gguf", programs[i], "--benchmark_list_tests"), 2);
        text = read_text(place->err);
        assert_non_null(strstr(text, "/nonexistent.gguf: cannot open"));
        free(text);
    }
}

static void test_wrong_flags(void **state)
{
    const struct place *place = *state;
    static const struct {
        const char *flag, *message;
    } wrong[] = {
        { "--threads=0", "'0' is not a number of threads" },
        { "--threads=", "the list is empty" },
        { "--threads=1,x", "'x' is not a number of threads" },
        { "--engine=nobody", "there is no engine 'nobody'" },
        { "--check=maybe", "'maybe' is neither 0 nor 1" },
        { "--kernels=avx9", "avx9" },
        { "--nonsense", "--nonsense" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments, "'--model=%s' %s", place->model, wrong[i].flag);
        assert_int_equal(run(place, "", "generate", arguments), 2);
        char *text = read_text(place->err);
        if (strstr(text, wrong[i].message) == NULL)
            fail_msg("%s: expected '%s' in: %s", wrong[i].flag, wrong[i].message, text);
        free(text);
    }
}

/* The names are compared over years: this list only ever grows. */
static void test_names(void **state)
{
    const struct place *place = *state;
    char environment[128];
    snprintf(environment, sizeof environment, "'PRONY_MODELS=%s'", place->model);
    assert_int_equal(run(place, environment, "generate", "--threads=1,3 --benchmark_list_tests"), 0);
    char *text = read_text(place->out);
    assert_string_equal(text, "load/tiny/q4_K_M\n"
                              "ttft/tiny/q4_K_M/prompt:128/threads:1\n"
                              "prefill/tiny/q4_K_M/tokens:32/threads:1\n"
                              "prefill/tiny/q4_K_M/tokens:128/threads:1\n"
                              "prefill/tiny/q4_K_M/tokens:512/threads:1\n"
                              "decode/tiny/q4_K_M/ctx:128/threads:1\n"
                              "ttft/tiny/q4_K_M/prompt:128/threads:3\n"
                              "prefill/tiny/q4_K_M/tokens:32/threads:3\n"
                              "prefill/tiny/q4_K_M/tokens:128/threads:3\n"
                              "prefill/tiny/q4_K_M/tokens:512/threads:3\n"
                              "decode/tiny/q4_K_M/ctx:128/threads:3\n");
    free(text);
    assert_int_equal(run(place, environment, "layers", "--threads=2 --benchmark_list_tests --benchmark_filter=ffn"), 0);
    text = read_text(place->out);
    assert_string_equal(text, "ffn/tiny/q4_K_M/layer/tokens:512/threads:2\n"
                              "ffn/tiny/q4_K_M/layer/tokens:1/threads:2\n");
    free(text);
    assert_int_equal(run(place, "", "sampling", "--benchmark_list_tests"), 0);
    text = read_text(place->out);
    assert_string_equal(text, "greedy/vocab:152064\n"
                              "temperature:0.8/vocab:152064\n"
                              "top_k:40/vocab:152064\n"
                              "top_p:0.95/vocab:152064\n"
                              "min_p:0.05/vocab:152064\n"
                              "repetition_penalty:1.1/vocab:152064\n"
                              "chain/vocab:152064\n");
    free(text);
}

static void test_generate(void **state)
{
    const struct place *place = *state;
    char arguments[256];
    snprintf(arguments, sizeof arguments, "'--model=%s' --threads=2", place->model);
    json_t *root = run_json(place, "generate", arguments);
    const json_t *record = find_record(root, "load/tiny/q4_K_M");
    assert_true(number(record, "load_ms") > 0);
    record = find_record(root, "ttft/tiny/q4_K_M/prompt:128/threads:2");
    assert_true(number(record, "ttft_ms") > 0);
    record = find_record(root, "prefill/tiny/q4_K_M/tokens:512/threads:2");
    assert_true(number(record, "tokens_per_second") > 0);
    record = find_record(root, "decode/tiny/q4_K_M/ctx:128/threads:2");
    assert_true(number(record, "tokens_per_second") > 0);
    assert_true(number(record, "token_p50_ms") > 0);
    assert_true(number(record, "peak_rss_bytes") > 1e5);
    assert_true(number(record, "threads") == 1); /* Google Benchmark's; the engine's are in the name */
    /* The chosen kernels are not the scalar ones, so the error is small but known. */
    assert_true(number(record, "max_rel_error") >= 0 && number(record, "max_rel_error") < 3e-2);
    const json_t *allocations = json_object_get(record, "allocations_per_token");
    assert_true(allocations == NULL || json_number_value(allocations) == 0); /* sanitizers cannot count them */
    const json_t *values = json_object_get(record, "prony_values_ns");
    assert_int_equal(json_array_size(values), (size_t)number(record, "iterations"));
    const json_t *context = json_object_get(root, "context");
    assert_string_equal(json_string_value(json_object_get(context, "prony_engine")), "native");
    assert_non_null(strstr(json_string_value(json_object_get(context, "prony_kernels")), "matvec_q"));
    json_decref(root);
}

static void test_layers(void **state)
{
    const struct place *place = *state;
    char arguments[256];
    snprintf(arguments, sizeof arguments, "'--model=%s' --threads=1", place->model);
    json_t *root = run_json(place, "layers", arguments);
    assert_int_equal(json_array_size(json_object_get(root, "benchmarks")), 12);
    const json_t *record = find_record(root, "layer/tiny/q4_K_M/layer/tokens:512/threads:1");
    assert_true(number(record, "flops_per_second") > 0);
    assert_true(number(record, "max_rel_error") < 3e-2);
    json_decref(root);
}

/* Times of the operations fit into the iteration; a token moves the weights once. Returns bytes. */
static double check_spans(const json_t *record, double ns_per_unit)
{
    const json_t *operations = json_object_get(json_object_get(record, "prony_spans"), "operations");
    double time_ns = 0, bytes = 0;
    size_t index;
    json_t *span;
    assert_true(json_array_size(operations) > 0);
    json_array_foreach(operations, index, span)
    {
        time_ns += json_number_value(json_object_get(span, "time_ns"));
        bytes += json_number_value(json_object_get(span, "bytes"));
        assert_true(json_number_value(json_object_get(span, "calls")) > 0);
    }
    assert_true(time_ns > 0 && time_ns <= number(record, "real_time") * ns_per_unit);
    return bytes;
}

static void test_spans(void **state)
{
    const struct place *place = *state;
    char arguments[512], trace[160];
    snprintf(trace, sizeof trace, "%s/trace.json", place->directory);
    snprintf(arguments, sizeof arguments, "'--model=%s' --threads=1,2 --check=0 '--trace=%s'", place->model, trace);
    json_t *root = run_json(place, "generate", arguments);
    const double one = check_spans(find_record(root, "decode/tiny/q4_K_M/ctx:128/threads:1"), 1e6);
    const double two = check_spans(find_record(root, "decode/tiny/q4_K_M/ctx:128/threads:2"), 1e6);
    assert_true(one > 100000 && two / one > 0.9 && two / one < 1.1); /* other numbers of tokens, other contexts */
    check_spans(find_record(root, "prefill/tiny/q4_K_M/tokens:512/threads:2"), 1e6);
    check_spans(find_record(root, "ttft/tiny/q4_K_M/prompt:128/threads:1"), 1e6);
    assert_null(json_object_get(find_record(root, "load/tiny/q4_K_M"), "prony_spans"));
    json_decref(root);
    json_error_t reason;
    json_t *events = json_load_file(trace, 0, &reason);
    assert_non_null(events);
    assert_true(json_array_size(json_object_get(events, "traceEvents")) > 300);
    json_decref(events);
    snprintf(arguments, sizeof arguments, "'--model=%s' --threads=1 --spans=1 --benchmark_filter=^layer/",
             place->model);
    root = run_json(place, "layers", arguments);
    check_spans(find_record(root, "layer/tiny/q4_K_M/layer/tokens:1/threads:1"), 1e3);
    json_decref(root);
}

static void test_spans_that_cannot_be(void **state)
{
    const struct place *place = *state;
    char arguments[512];
    snprintf(arguments, sizeof arguments, "'--model=%s' --spans=perhaps", place->model);
    assert_int_equal(run(place, "", "generate", arguments), 2);
    snprintf(arguments, sizeof arguments,
             "'--model=%s' --threads=1 --check=0 --benchmark_filter=decode --benchmark_min_time=1x "
             "--trace=/no/such/directory/t.json",
             place->model);
    assert_int_equal(run(place, "", "generate", arguments), 2);
    char *text = read_text(place->err);
    assert_non_null(strstr(text, "/no/such/directory/t.json"));
    free(text);
    /* The environment asks too, and a flag overrules it. */
    snprintf(arguments, sizeof arguments,
             "'--model=%s' --threads=1 --check=0 --benchmark_filter=decode --benchmark_min_time=1x "
             "--benchmark_format=json --spans=0",
             place->model);
    assert_int_equal(run(place, "PRONY_SPANS=1", "generate", arguments), 0);
    text = read_text(place->out);
    assert_null(strstr(text, "prony_spans"));
    free(text);
    *strstr(arguments, " --spans=0") = '\0';
    assert_int_equal(run(place, "PRONY_SPANS=1", "generate", arguments), 0);
    text = read_text(place->out);
    assert_non_null(strstr(text, "prony_spans"));
    free(text);
}

static void test_tokenizer(void **state)
{
    const struct place *place = *state;
    char arguments[256];
    snprintf(arguments, sizeof arguments, "'--model=%s' '--model=%s'", place->model, place->model);
    json_t *root = run_json(place, "tokenizer", arguments);
    /* Two files of one name have one vocabulary. */
    assert_int_equal(json_array_size(json_object_get(root, "benchmarks")), 4);
    static const char *const names[] = { "encode/tiny/short", "decode/tiny/short", "encode/tiny/long",
                                         "decode/tiny/long" };
    for (size_t i = 0; i < 4; i++) {
        const json_t *record = find_record(root, names[i]);
        assert_true(number(record, "bytes_per_second") > 0);
        assert_true(number(record, "tokens_per_second") > 0);
        assert_true(number(record, "ns_per_token") > 0);
    }
    json_decref(root);
}

static void test_sampling(void **state)
{
    const struct place *place = *state;
    json_t *root = run_json(place, "sampling", "'--benchmark_filter=greedy|top_k|chain'");
    assert_int_equal(json_array_size(json_object_get(root, "benchmarks")), 3);
    assert_true(number(find_record(root, "top_k:40/vocab:152064"), "real_time") > 0);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_model),
        cmocka_unit_test(test_wrong_flags),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_generate),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_sampling),
        cmocka_unit_test(test_tokenizer),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_spans_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
