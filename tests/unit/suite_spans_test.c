/* Sums of spans: every moment belongs to one operation, to waiting, or to nobody; and the file for trace viewers. */
/* suites are programs: nothing to link with */
#include "suites/common/spans.c"
#include "suites/common/trace.c"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { LAYERS = 2, SPANS = 32 };

static void open_trace(struct engine_trace *trace, size_t threads, size_t spans)
{
    struct error error;
    if (engine_trace_open(trace, threads, spans, &error))
        fail_msg("%s", error.text);
}

static void add(struct engine_trace *trace, size_t thread, int operation, int layer, int64_t start_ns, int64_t end_ns)
{
    struct engine_span span = { .start_ns = start_ns,
                                .end_ns = end_ns,
                                .bytes = operation == OPERATION_WAIT ? 0 : 10,
                                .flops = operation == OPERATION_WAIT ? 0 : 100,
                                .rows = 1,
                                .layer = (int16_t)layer,
                                .operation = (uint16_t)operation };
    engine_lane_add(&trace->lanes[thread], &span);
}

static const struct span_total *total(const struct span_sums *sums, int operation, int layer)
{
    return &sums->totals[(size_t)operation * (sums->layers + 1) + (size_t)(layer + 1)];
}

static double sum_of_times(const struct span_sums *sums)
{
    double sum = 0;
    for (size_t i = 0; i < sums->count; i++)
        sum += sums->totals[sums->order[i]].time_ns;
    return sum;
}

/* Two threads that share an operation, one that lags, and a barrier at which both wait for a moment. */
static void test_moments_are_divided(void **state)
{
    struct engine_trace trace;
    struct span_sums sums;
    (void)state;
    open_trace(&trace, 2, SPANS);
    span_sums_open(&sums, LAYERS, 2);
    add(&trace, 0, OPERATION_QKV, 0, 0, 100);    /* 0-60 alone, 60-100 beside the other's rope */
    add(&trace, 0, OPERATION_WAIT, 0, 100, 210); /* until 200 the other works */
    add(&trace, 0, OPERATION_DOWN, 0, 210, 300);
    add(&trace, 1, OPERATION_WAIT, -1, 0, 60);
    add(&trace, 1, OPERATION_ROPE, 0, 60, 200);
    add(&trace, 1, OPERATION_WAIT, 0, 200, 220);
    add(&trace, 1, OPERATION_DOWN, 0, 220, 300);
    assert_true(span_sums_add(&sums, &trace));
    assert_true(total(&sums, OPERATION_QKV, 0)->time_ns == 60 + 20);
    assert_true(total(&sums, OPERATION_ROPE, 0)->time_ns == 20 + 100);
    assert_true(total(&sums, OPERATION_WAIT, 0)->time_ns == 10);
    assert_true(total(&sums, OPERATION_WAIT, -1)->time_ns == 0);
    assert_true(total(&sums, OPERATION_DOWN, 0)->time_ns == 90);
    assert_true(total(&sums, OPERATION_DOWN, 0)->bytes == 20);
    assert_true(total(&sums, OPERATION_DOWN, 0)->flops == 200);
    assert_true(total(&sums, OPERATION_DOWN, 0)->calls == 1);
    assert_true(sum_of_times(&sums) == 300);
    assert_true(sums.threads_ns == 600);
    assert_true(sums.waiting_ns == 110 + 60 + 20);
    span_sums_release(&sums);
    engine_trace_close(&trace);
}

/* Slices of q, k and v and their rotations alternate: one call of each. A gap between two calls of the engine is
 * nobody's. */
static void test_calls_and_gaps(void **state)
{
    struct engine_trace trace;
    struct span_sums sums;
    (void)state;
    open_trace(&trace, 1, SPANS);
    span_sums_open(&sums, LAYERS, 1);
    for (int call = 0; call < 2; call++) {
        int64_t now_ns = 1000 * call;
        add(&trace, 0, OPERATION_EMBED, -1, now_ns, now_ns + 10);
        for (int layer = 0; layer < LAYERS; layer++, now_ns += 40) {
            for (int64_t slice = 0; slice < 2; slice++) {
                add(&trace, 0, OPERATION_QKV, layer, now_ns + 10 + 20 * slice, now_ns + 20 + 20 * slice);
                add(&trace, 0, OPERATION_ROPE, layer, now_ns + 20 + 20 * slice, now_ns + 30 + 20 * slice);
            }
        }
    }
    assert_true(span_sums_add(&sums, &trace));
    assert_true(total(&sums, OPERATION_EMBED, -1)->calls == 2);
    assert_true(total(&sums, OPERATION_QKV, 1)->calls == 2);
    assert_true(total(&sums, OPERATION_ROPE, 0)->calls == 2);
    assert_true(total(&sums, OPERATION_ROPE, 0)->time_ns == 40);
    assert_true(sum_of_times(&sums) == 2 * (10 + 40 * LAYERS));
    /* In the order of execution, and again after a clear. */
    assert_int_equal(sums.count, 1 + 2 * LAYERS);
    assert_int_equal(sums.order[0] / (LAYERS + 1), OPERATION_EMBED);
    assert_int_equal(sums.order[1] / (LAYERS + 1), OPERATION_QKV);
    span_sums_clear(&sums);
    assert_true(span_sums_add(&sums, &trace));
    assert_true(total(&sums, OPERATION_EMBED, -1)->calls == 2);
    span_sums_release(&sums);
    engine_trace_close(&trace);
}

static void test_refuses_what_is_incomplete(void **state)
{
    struct engine_trace trace;
    struct span_sums sums;
    (void)state;
    open_trace(&trace, 2, 1);
    span_sums_open(&sums, LAYERS, 2);
    assert_true(span_sums_add(&sums, &trace)); /* nothing happened */
    assert_int_equal(sums.count, 0);
    add(&trace, 1, OPERATION_QKV, 0, 0, 100);
    assert_true(span_sums_add(&sums, &trace)); /* a thread that did nothing */
    assert_true(sum_of_times(&sums) == 100);
    add(&trace, 1, OPERATION_DOWN, 0, 100, 200);
    assert_int_equal(trace.lanes[1].dropped, 1);
    assert_false(span_sums_add(&sums, &trace));
    assert_true(sum_of_times(&sums) == 100);
    span_sums_release(&sums);
    engine_trace_close(&trace);
}

/* Whatever threads do, no nanosecond is lost and none is counted twice. */
static void test_random_threads(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 50; round++) {
        struct engine_trace trace;
        struct span_sums sums;
        int64_t end_ns = 0;
        open_trace(&trace, 5, 64);
        span_sums_open(&sums, LAYERS, 5);
        for (size_t t = 0; t < 5; t++) {
            int64_t now_ns = 0;
            for (int i = 0; i < 40; i++) {
                int64_t duration_ns = rand() % 50;
                add(&trace, t, rand() % OPERATION_COUNT, rand() % (LAYERS + 1) - 1, now_ns, now_ns + duration_ns);
                now_ns += duration_ns;
            }
            end_ns = now_ns > end_ns ? now_ns : end_ns;
        }
        assert_true(span_sums_add(&sums, &trace));
        assert_true(fabs(sum_of_times(&sums) - (double)end_ns) < 1e-6);
        span_sums_release(&sums);
        engine_trace_close(&trace);
    }
}

/* ---- the file ---- */

static json_t *write_and_read(const struct suite_trace *trace)
{
    char path[] = "/tmp/prony-trace-XXXXXX";
    struct error error;
    json_error_t reason;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    if (suite_trace_write(trace, path, &error))
        fail_msg("%s", error.text);
    json_t *root = json_load_file(path, 0, &reason);
    if (!root)
        fail_msg("line %d: %s", reason.line, reason.text);
    unlink(path);
    return root;
}

static double value(const json_t *event, const char *key)
{
    const json_t *number = json_object_get(event, key);
    assert_true(json_is_number(number));
    return json_number_value(number);
}

/* On each thread events begin in order, and each lies within the last one that is open or behind it. */
static void check_nesting(const json_t *events)
{
    enum { DEEP = 8 };
    double ends[DEEP] = { 0 };
    int depth = 0, tid = -1;
    size_t index;
    json_t *event;
    json_array_foreach(events, index, event)
    {
        if (strcmp(json_string_value(json_object_get(event, "ph")), "X") != 0)
            continue;
        double start = value(event, "ts"), end = start + value(event, "dur");
        if ((int)value(event, "tid") != tid)
            depth = 0;
        tid = (int)value(event, "tid");
        while (depth > 0 && start >= ends[depth - 1] - 1e-6)
            depth--;
        assert_true(depth == 0 || end <= ends[depth - 1] + 1e-6);
        assert_true(depth < DEEP);
        ends[depth++] = end;
    }
}

static void test_trace_file(void **state)
{
    struct suite_trace file = { 0 };
    struct engine_trace trace;
    (void)state;
    open_trace(&trace, 2, SPANS);
    for (size_t t = 0; t < 2; t++) {
        add(&trace, t, OPERATION_EMBED, -1, 5000000123, 5000000456);
        for (int layer = 0; layer < LAYERS; layer++) {
            int64_t now_ns = 5000000456 + 1000 * layer;
            add(&trace, t, OPERATION_QKV, layer, now_ns, now_ns + 700);
            add(&trace, t, OPERATION_WAIT, layer, now_ns + 700, now_ns + 1000);
        }
    }
    suite_trace_add(&file, "decode/\"a\\b\"\n", &trace);
    json_t *root = write_and_read(&file);
    const json_t *events = json_object_get(root, "traceEvents");
    assert_true(json_is_array(events));
    /* Names of the process and of two threads; on each an iteration, the embedding, layers with two spans each. */
    assert_int_equal(json_array_size(events), 1 + 2 * (1 + 1 + 1 + 3 * LAYERS));
    const json_t *process = json_object_get(json_array_get(events, 0), "args");
    assert_string_equal(json_string_value(json_object_get(process, "name")), "decode/\"a\\b\"\n");
    const json_t *embed = json_array_get(events, 3);
    assert_string_equal(json_string_value(json_object_get(embed, "name")), "embed");
    assert_true(value(embed, "ts") == 0);
    assert_true(fabs(value(embed, "dur") - 0.333) < 1e-9);
    const json_t *work = json_object_get(embed, "args");
    assert_true(value(work, "layer") == -1 && value(work, "bytes") == 10 && value(work, "flops") == 100);
    assert_true(fabs(value(work, "GB/s") - 0.030) < 1e-9);
    check_nesting(events);
    json_decref(root);
    suite_trace_release(&file);
    engine_trace_close(&trace);
}

static void test_trace_limits(void **state)
{
    enum { MANY = SUITE_TRACE_EVENTS_MAX / 2 + 10 };
    struct suite_trace file = { 0 };
    struct engine_trace trace;
    struct error error;
    (void)state;
    json_t *root = write_and_read(&file);
    assert_int_equal(json_array_size(json_object_get(root, "traceEvents")), 0);
    json_decref(root);
    open_trace(&trace, 1, MANY);
    for (int64_t i = 0; i < MANY; i++)
        add(&trace, 0, i % 2 ? OPERATION_QKV : OPERATION_WAIT, -1, i, i + 1);
    suite_trace_add(&file, "a", &trace);
    suite_trace_add(&file, "b", &trace);
    assert_int_equal(file.event_count, SUITE_TRACE_EVENTS_MAX);
    assert_int_equal(file.dropped, 2 * (MANY + 1) - SUITE_TRACE_EVENTS_MAX);
    assert_true(suite_trace_write(&file, "/no/such/directory/trace.json", &error) != 0);
    assert_non_null(strstr(error.text, "/no/such/directory/trace.json"));
    /* A full disk is noticed. */
    if (access("/dev/full", W_OK) == 0)
        assert_true(suite_trace_write(&file, "/dev/full", &error) != 0);
    suite_trace_release(&file);
    engine_trace_close(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments_are_divided),
        cmocka_unit_test(test_calls_and_gaps),
        cmocka_unit_test(test_refuses_what_is_incomplete),
        cmocka_unit_test(test_random_threads),
        cmocka_unit_test(test_trace_file),
        cmocka_unit_test(test_trace_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
