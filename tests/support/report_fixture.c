/* report_fixture.c: made-up runs with the case names and counters that our suites use. */
#include "tests/support/report_fixture.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const double bandwidth = 12.4e9; /* B/s of one thread */

struct filler {
    struct store *store;
    const struct report_fixture *fixture;
    int64_t run_id;
    struct rng rng;
    struct error *error;
    int code;
};

/* One counter of a case; value is its true centre, time means that it grows when the sample is slow. */
struct counter {
    const char *name;
    double value;
    enum { FIXED, RATE, TIME } behaviour;
};

struct fake_case {
    const char *suite, *name;
    double time_ns, noise; /* relative sd */
    struct counter counters[8];
    size_t token_count; /* values_ns of time_ns each */
};

static double skewed(struct filler *filler, double noise)
{
    return exp(noise * fabs(rng_normal(&filler->rng)));
}

static void add_sample(struct filler *filler, const struct fake_case *fake, int round)
{
    struct store_metric metrics[COUNT(fake->counters) + 2];
    double values[256], slow = skewed(filler, fake->noise);
    struct store_sample sample = { .suite = fake->suite,
                                   .name = fake->name,
                                   .round = round,
                                   .process = round,
                                   .iterations = 100,
                                   .real_time_ns = fake->time_ns * slow,
                                   .cpu_time_ns = fake->time_ns * slow * 0.999,
                                   .label = "",
                                   .metrics = metrics,
                                   .values_ns = values };
    for (size_t i = 0; i < COUNT(fake->counters) && fake->counters[i].name; i++) {
        const struct counter *counter = &fake->counters[i];
        double factor = counter->behaviour == RATE ? 1 / slow : counter->behaviour == TIME ? slow : 1;
        metrics[sample.metric_count++] = (struct store_metric){
            .name = counter->name, .unit = "", .value = counter->value * factor, .state = STORE_OK
        };
    }
    bool contaminated = filler->fixture->problems && rng_uniform(&filler->rng) < 0.1;
    metrics[sample.metric_count++] = (struct store_metric){ .name = "run_delay_ns",
                                                            .unit = "ns",
                                                            .value = contaminated ? 0.04 * fake->time_ns * 100 : 1000,
                                                            .state = STORE_OK };
    metrics[sample.metric_count++] = (struct store_metric){ .name = "instructions",
                                                            .unit = "",
                                                            .value = NAN,
                                                            .state = STORE_UNSUPPORTED,
                                                            .reason = "perf_event_open: no hardware counters here" };
    for (; sample.value_count < fake->token_count && sample.value_count < COUNT(values); sample.value_count++)
        values[sample.value_count] =
            fake->time_ns * slow * skewed(filler, rng_uniform(&filler->rng) < 0.03 ? 0.3 : 0.02);
    if (!filler->code)
        filler->code = store_sample_add(filler->store, filler->run_id, &sample, 1, filler->error);
}

static void add_case(struct filler *filler, const struct fake_case *fake)
{
    for (int round = 0; round < filler->fixture->rounds; round++)
        add_sample(filler, fake, round);
}

static void add_problem(struct filler *filler, const char *suite, const char *name, enum store_status status,
                        const char *message)
{
    struct store_sample sample = { .suite = suite, .name = name, .status = status, .message = message };
    if (!filler->code)
        filler->code = store_sample_add(filler->store, filler->run_id, &sample, 1, filler->error);
}

/* ---- kernels ---- */

struct fake_isa {
    const char *name;
    double int_peak, float_peak; /* op/s */
};
static const struct fake_isa isas[] = {
    { "amx", 1500e9, 980e9 }, { "avx512vnni", 452e9, 113e9 }, { "avx2", 110e9, 56e9 }, { "scalar", 6e9, 5e9 }
};
static const struct {
    const char *name;
    double bits;
} formats[] = { { "q8_0", 8.5 }, { "q4_K", 4.5 }, { "q4_0", 4.5 }, { "q6_K", 6.5625 }, { "f16", 16 }, { "f32", 32 } };
static const int shapes[][2] = { { 4864, 896 }, { 896, 4864 }, { 896, 896 }, { 8192, 2048 } };

static void add_kernel(struct filler *filler, const char *name, double flops, double bytes, double rate, double roof)
{
    double limit = fmin(roof, bandwidth * flops / bytes);
    rate = fmin(rate, limit);
    struct fake_case fake = { .suite = "kernels",
                              .name = name,
                              .time_ns = 1e9 * flops / rate,
                              .noise = 0.012,
                              .counters = { { "flops_per_second", rate, RATE },
                                            { "bytes_per_second", rate * bytes / flops, RATE },
                                            { "intensity", flops / bytes, FIXED },
                                            { "percent_of_peak", 100 * rate / roof, RATE },
                                            { "percent_of_bandwidth", 100 * rate * bytes / flops / bandwidth, RATE },
                                            { "max_rel_error", 2.5e-7, FIXED } } };
    add_case(filler, &fake);
}

static void add_ceilings(struct filler *filler)
{
    static const struct {
        const char *name;
        double flops, bytes;
    } ceilings[] = { { "peak/f32/avx512", 113e9, 0 },
                     { "peak/int8/avx512vnni", 452e9, 0 },
                     { "peak/bf16/amx", 980e9, 0 },
                     { "peak/int8/amx", 1500e9, 0 },
                     { "peak/bandwidth/read/threads:1", 0, 12.4e9 },
                     { "peak/bandwidth/read/threads:2", 0, 21.0e9 } };
    for (size_t i = 0; i < COUNT(ceilings); i++) {
        struct fake_case fake = { .suite = "kernels", .name = ceilings[i].name, .time_ns = 1e6, .noise = 0.004 };
        fake.counters[0] = (struct counter){ ceilings[i].flops > 0 ? "flops_per_second" : "bytes_per_second",
                                             ceilings[i].flops + ceilings[i].bytes, RATE };
        add_case(filler, &fake);
    }
}

static void add_matrices(struct filler *filler)
{
    size_t format_count = filler->fixture->many ? COUNT(formats) : 2, shape_count = filler->fixture->many ? 4 : 1;
    for (size_t f = 0; f < format_count; f++)
        for (size_t s = 0; s < shape_count; s++)
            for (size_t i = 0; i < COUNT(isas); i++) {
                bool whole = formats[f].bits < 16;
                double rows = shapes[s][0], cols = shapes[s][1], count = 512,
                       roof = whole ? isas[i].int_peak : isas[i].float_peak;
                double weights = rows * cols * formats[f].bits / 8, skill = 0.5 + 0.4 * rng_uniform(&filler->rng);
                char name[128];
                if (i > 0) {
                    snprintf(name, sizeof name, "matvec/%s/%s/rows:%d/cols:%d", formats[f].name, isas[i].name,
                             shapes[s][0], shapes[s][1]);
                    add_kernel(filler, name, 2 * rows * cols, weights + 4 * (rows + cols),
                               skill * bandwidth * 2 * rows * cols / weights, roof);
                }
                snprintf(name, sizeof name, "matmul/%s/%s/rows:%d/cols:%d/count:512", formats[f].name, isas[i].name,
                         shapes[s][0], shapes[s][1]);
                add_kernel(filler, name, 2 * rows * cols * count, weights + 4 * count * (rows + cols), skill * roof,
                           roof);
            }
    add_kernel(filler, "attention/f16/avx512/heads:14/positions:1024/count:1", 3.7e6, 5.3e5, 31e9, 113e9);
    add_kernel(filler, "attention/f16/avx2/heads:14/positions:1024/count:1", 3.7e6, 5.3e5, 19e9, 56e9);
    add_kernel(filler, "rmsnorm/f32/avx512/cols:896", 3.6e3, 1.1e4, 3.3e9, 113e9);
    add_kernel(filler, "rope/f32/avx512/heads:14/head_size:64", 5.4e3, 7.2e3, 4.1e9, 113e9);
    add_kernel(filler, "silu_mul/f32/avx512/cols:4864", 4.9e4, 5.8e4, 6.1e9, 113e9);
}

/* ---- end to end ---- */

struct fake_model {
    const char *name;
    double weight_bytes, parameters;
};

static void add_decode(struct filler *filler, const struct fake_model *model, const char *format, int context,
                       int threads)
{
    double rate = bandwidth * pow(threads, 0.75) * 0.83 / (model->weight_bytes + 12e3 * context);
    char name[160];
    snprintf(name, sizeof name, "decode/%s/%s/ctx:%d/threads:%d", model->name, format, context, threads);
    struct fake_case fake = { .suite = "generate",
                              .name = name,
                              .time_ns = 1e9 / rate,
                              .noise = 0.015,
                              .token_count = 64,
                              .counters = { { "tokens_per_second", rate, RATE },
                                            { "token_p50_ms", 1.01e3 / rate, TIME },
                                            { "token_p90_ms", 1.04e3 / rate, TIME },
                                            { "token_p99_ms", 1.31e3 / rate, TIME },
                                            { "peak_rss_bytes", model->weight_bytes + 60e6, FIXED },
                                            { "allocations_per_token", 0, FIXED } } };
    add_case(filler, &fake);
}

static void add_prefill(struct filler *filler, const struct fake_model *model, const char *format, int tokens,
                        int threads)
{
    double rate = 290e9 * pow(threads, 0.9) / (2 * model->parameters) / (1 + 40.0 / tokens + tokens / 9000.0);
    char name[160];
    snprintf(name, sizeof name, "prefill/%s/%s/tokens:%d/threads:%d", model->name, format, tokens, threads);
    struct fake_case fake = { .suite = "generate",
                              .name = name,
                              .time_ns = 1e9 * tokens / rate,
                              .noise = 0.02,
                              .counters = { { "tokens_per_second", rate, RATE } } };
    add_case(filler, &fake);
}

static void add_model(struct filler *filler, const struct fake_model *model, const char *format)
{
    char name[160];
    snprintf(name, sizeof name, "load/%s/%s", model->name, format);
    struct fake_case load = { .suite = "generate", .name = name, .time_ns = 3.1e6, .noise = 0.08 };
    load.counters[0] = (struct counter){ "load_ms", 3.1, TIME };
    add_case(filler, &load);
    for (int threads = 1; threads <= 2; threads++) {
        snprintf(name, sizeof name, "ttft/%s/%s/prompt:128/threads:%d", model->name, format, threads);
        struct fake_case first = { .suite = "generate", .name = name, .time_ns = 0.46e9 / threads, .noise = 0.02 };
        first.counters[0] = (struct counter){ "ttft_ms", 460.0 / threads, TIME };
        add_case(filler, &first);
        static const int tokens[] = { 32, 128, 512, 1024 };
        for (size_t t = 0; t < (filler->fixture->many ? 4 : 3); t++)
            add_prefill(filler, model, format, tokens[t], threads);
        add_decode(filler, model, format, 128, threads);
        if (filler->fixture->many)
            add_decode(filler, model, format, 1024, threads);
    }
    static const struct {
        const char *part;
        double share;
    } parts[] = { { "norm", 0.01 }, { "rope", 0.01 }, { "attention", 0.23 }, { "ffn", 0.72 }, { "layer", 1 } };
    for (size_t p = 0; p < COUNT(parts); p++)
        for (int tokens = 1; tokens <= 512; tokens += 511) {
            snprintf(name, sizeof name, "%s/%s/%s/layer/tokens:%d/threads:1", parts[p].part, model->name, format,
                     tokens);
            struct fake_case layer = { .suite = "layers",
                                       .name = name,
                                       .time_ns = parts[p].share * 1.6e6 * (tokens > 1 ? 60 : 1),
                                       .noise = 0.015 };
            add_case(filler, &layer);
        }
}

static void add_small_suites(struct filler *filler)
{
    static const struct fake_case cases[] = {
        { "tokenizer", "encode/qwen2/short", 5200, 0.02, { { "bytes_per_second", 24e6, RATE } }, 0 },
        { "tokenizer", "encode/qwen2/long", 3.1e7, 0.02, { { "bytes_per_second", 33e6, RATE } }, 0 },
        { "tokenizer", "encode/llama-spm/long", 4.4e7, 0.02, { { "bytes_per_second", 21e6, RATE } }, 0 },
        { "tokenizer", "decode/qwen2/long", 2.2e6, 0.02, { { "bytes_per_second", 410e6, RATE } }, 0 },
        { "sampling", "greedy/vocab:152064", 21000, 0.01, { { NULL, 0, FIXED } }, 0 },
        { "sampling", "top_k:40/vocab:152064", 98000, 0.01, { { NULL, 0, FIXED } }, 0 },
        { "sampling", "top_p:0.95/vocab:152064", 2.9e6, 0.09, { { NULL, 0, FIXED } }, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        add_case(filler, &cases[i]);
}

static void add_problems(struct filler *filler)
{
    add_problem(filler, "kernels", "matmul/q5_K/amx/rows:4864/cols:896/count:512", STORE_SAMPLE_ERROR,
                "output differs from the scalar kernel: rel 3e-2 > 1e-3");
    add_problem(filler, "kernels", "matmul/bf16/amx/rows:4864/cols:896/count:512", STORE_SAMPLE_SKIPPED,
                "this CPU has no amx");
    for (int round = 0; round < 2; round++) {
        struct store_failure failure = { .suite = "tokenizer",
                                         .reason = "killed by signal 11 (Segmentation fault)",
                                         .stderr_tail = "tokenizer: loading vocabulary llama-bpe\n"
                                                        "tokenizer: merges: 280147\n",
                                         .round = round,
                                         .process = 100 + round };
        if (!filler->code)
            filler->code = store_failure_add(filler->store, filler->run_id, &failure, filler->error);
    }
    struct store_failure hang = {
        .suite = "sampling", .reason = "timed out after 60 s", .stderr_tail = "", .process = 102
    };
    if (!filler->code)
        filler->code = store_failure_add(filler->store, filler->run_id, &hang, filler->error);
}

static void add_hostile(struct filler *filler)
{
    static const char *const names[] = {
        "matvec/<script>alert(1)</script>/\"onmouseover=alert(1)/rows:8/cols:8",
        "matvec/`touch pwned`/$(reboot)/@DATA'\\n\\\"/rows:9/cols:9",
        "decode/<img src=x onerror=alert(1)>/q8_0|`x`|[a](b)/ctx:1/threads:1",
        "decode/模型-文件/q8_0/ctx:128/threads:1",
        "decode/\x1b[31mred\x1b]0;title\x07/\xff\xfe/ctx:9/threads:2",
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct fake_case fake = { .suite = i < 2 ? "kernels" : "generate",
                                  .name = names[i],
                                  .time_ns = 1e6,
                                  .noise = 0.01,
                                  .token_count = i < 2 ? 0 : 16,
                                  .counters = {
                                      { i < 2 ? "flops_per_second" : "tokens_per_second", i < 2 ? 9e9 : 31, RATE },
                                      { i < 2 ? "intensity" : "token_p50_ms", 3, FIXED } } };
        add_case(filler, &fake);
    }
    add_problem(filler, "kernels", "</td></table><h1>", STORE_SAMPLE_ERROR, "</p><script>alert(2)</script> & \x1b[2J");
}

/* ---- what explains the numbers ---- */

#define NO_PMU        "this machine has no PMU that counts it"
#define NO_PMU_REMEDY "use hardware, or a virtual machine with a PMU"

static void add_pass(struct filler *filler, struct store_sample *sample, enum store_pass pass, int process)
{
    sample->pass = pass;
    sample->process = process;
    sample->iterations = 1;
    sample->real_time_ns = sample->cpu_time_ns = 1e6;
    sample->label = "";
    if (!filler->code)
        filler->code = store_sample_add(filler->store, filler->run_id, sample, 1, filler->error);
}

static void add_counters(struct filler *filler, const char *suite, const char *name, double instructions)
{
    static double threads[2];
    threads[0] = 0.6 * instructions;
    threads[1] = 0.4 * instructions;
    struct store_metric metrics[] = {
        { .name = "instructions",
          .value = instructions,
          .running_share = 1,
          .thread_values = threads,
          .thread_count = 2 },
        { .name = "cycles",
          .value = instructions / 1.7,
          .state = STORE_SCALED,
          .reason = "it shared the hardware with others: extrapolated",
          .remedy = "ask for fewer counters",
          .running_share = 0.5 },
        { .name = "ipc",
          .value = 1.7,
          .state = STORE_SCALED,
          .reason = "it shared the hardware with others: extrapolated",
          .remedy = "ask for fewer counters" },
        { .name = "estimated_cycles",
          .value = instructions / 1.68,
          .state = STORE_APPROXIMATE,
          .reason = "thread CPU time times the clock measured by dependent adds" },
        { .name = "llc_misses", .state = STORE_UNSUPPORTED, .reason = NO_PMU, .remedy = NO_PMU_REMEDY },
        { .name = "dtlb_walks", .state = STORE_UNSUPPORTED, .reason = NO_PMU, .remedy = NO_PMU_REMEDY },
        { .name = "page_faults", .value = 12 },
    };
    for (size_t i = 0; i < COUNT(metrics); i++)
        metrics[i].unit = "";
    struct store_sample sample = { .suite = suite, .name = name, .metrics = metrics, .metric_count = COUNT(metrics) };
    for (int round = 0; round < filler->fixture->rounds; round++)
        add_pass(filler, &sample, STORE_PASS_COUNTERS, 200 + round);
    struct store_metric exact[] = { { .name = "callgrind_instructions", .unit = "", .value = instructions },
                                    { .name = "callgrind_branch_misses", .unit = "", .value = 17 } };
    struct store_sample counted = { .suite = suite, .name = name, .metrics = exact, .metric_count = COUNT(exact) };
    add_pass(filler, &counted, STORE_PASS_CALLGRIND, 300);
}

static void add_memory(struct filler *filler, const char *name, double bytes_per_operation)
{
    enum { POINTS = 17 };
    double operations[POINTS], values[POINTS];
    for (int i = 0; i < POINTS; i++) {
        operations[i] = 64 * i;
        values[i] = 530e6 + (bytes_per_operation > 0 ? bytes_per_operation * operations[i]
                                                     : 4e5 * (1 - exp(-operations[i] / 100)));
    }
    struct store_course course = {
        .name = "live_bytes", .unit = "B", .operations = operations, .values = values, .count = POINTS
    };
    struct store_metric metrics[] = {
        { .name = "heap_allocations_per_operation", .unit = "", .value = 3 },
        { .name = "heap_peak_bytes", .unit = "B", .value = 1.5e6 },
        { .name = "growth_bytes_per_operation", .unit = "B", .value = bytes_per_operation },
    };
    struct store_sample sample = { .suite = "generate",
                                   .name = name,
                                   .metrics = metrics,
                                   .metric_count = COUNT(metrics),
                                   .courses = &course,
                                   .course_count = 1 };
    add_pass(filler, &sample, STORE_PASS_MEMORY, 310);
}

static void add_spans(struct filler *filler, const char *name, double iteration_ns, double tokens)
{
    enum { LAYERS = 4 };
    static const struct {
        const char *operation;
        double share, bytes, flops;
    } operations[] = { { "attention_norm", 0.005, 1e4, 5e3 }, { "qkv", 0.05, 1.1e6, 2.0e6 },
                       { "attention", 0.02, 5e5, 1e6 },       { "attention_output", 0.03, 8.5e5, 1.6e6 },
                       { "gate_up", 0.08, 9.2e6, 1.7e7 },     { "down", 0.04, 4.6e6, 8.7e6 } };
    struct store_span spans[LAYERS * COUNT(operations) + 1];
    size_t count = 0;
    for (int layer = 0; layer < LAYERS; layer++)
        for (size_t i = 0; i < COUNT(operations); i++)
            spans[count++] = (struct store_span){ .operation = operations[i].operation,
                                                  .layer = layer,
                                                  .calls = 1,
                                                  .time_ns = iteration_ns * operations[i].share,
                                                  .bytes = operations[i].bytes,
                                                  .flops = operations[i].flops * tokens };
    spans[count++] = (struct store_span){
        .operation = "output", .layer = -1, .calls = 1, .time_ns = 0.07 * iteration_ns, .bytes = 1.4e8, .flops = 2.7e8
    };
    struct store_sample sample = { .suite = "generate",
                                   .name = name,
                                   .spans = spans,
                                   .span_count = count,
                                   .pass = STORE_PASS_SPANS,
                                   .process = 320,
                                   .iterations = 8,
                                   .real_time_ns = iteration_ns,
                                   .cpu_time_ns = iteration_ns,
                                   .label = "" };
    if (!filler->code)
        filler->code = store_sample_add(filler->store, filler->run_id, &sample, 1, filler->error);
}

static void add_checks(struct filler *filler)
{
    static const struct store_check checks[] = {
        { "governor", "fail", "powersave on 2 of 2 CPUs", "The clock follows the load: the first samples are slower.",
          "cpupower frequency-set -g performance" },
        { "detour", "warn", "4.1 % of 1 s lost in 212 gaps", "Something else runs on these CPUs.", NULL },
        { "temperature", "unknown", "no thermal zone here", "A hot CPU lowers its clock.", NULL },
        { "clocksource", "pass", "tsc", "Reading the time is cheap.", NULL },
        { "debug build", "pass", "optimized", "An unoptimized program measures itself.", NULL },
    };
    if (!filler->code)
        filler->code = store_checks_add(filler->store, filler->run_id, checks, COUNT(checks), filler->error);
}

static void add_profile(struct filler *filler, const char *name)
{
    static const struct {
        const char *path[4];
        uint64_t weight;
    } paths[] = { { { "main", "session_decode", "forward_run", "matvec_q8_0__avx512vnni" }, 620 },
                  { { "main", "session_decode", "forward_run", "attention_f16__avx512" }, 90 },
                  { { "main", "session_decode", "forward_run", "pool_barrier" }, 40 },
                  { { "main", "sampler_pick", NULL, NULL }, 14 } };
    struct stacks *stacks = stacks_create();
    for (size_t i = 0; i < COUNT(paths); i++) {
        const struct stacks_frame thread = { .function = "generate", .object = "", .file = "", .kind = STACKS_THREAD };
        uint32_t node = stacks_add_node(stacks, 0, stacks_add_frame(stacks, &thread));
        for (size_t f = 0; f < COUNT(paths[i].path) && paths[i].path[f]; f++) {
            const struct stacks_frame frame = { .function = paths[i].path[f], .object = "generate", .file = "" };
            node = stacks_add_node(stacks, node, stacks_add_frame(stacks, &frame));
        }
        stacks_add_weight(stacks, node, paths[i].weight * 2004008, paths[i].weight);
    }
    struct store_profile profile = { .suite = "generate",
                                     .name = name,
                                     .title = name,
                                     .kind = "cpu",
                                     .event = "cpu-clock",
                                     .unit = "ns",
                                     .frequency_hz = 499,
                                     .duration_ns = 1600000000,
                                     .sample_count = 764,
                                     .lost_count = 2,
                                     .truncated_count = 1,
                                     .note = "user frames only: perf_event_paranoid is 2" };
    if (!filler->code)
        filler->code = store_profile_add(filler->store, filler->run_id, &profile, stacks, NULL, filler->error);
    stacks_release(stacks);
}

static void add_explanations(struct filler *filler)
{
    static const char decode[] = "decode/qwen2.5-0.5b/q8_0/ctx:128/threads:1",
                      prefill[] = "prefill/qwen2.5-0.5b/q8_0/tokens:512/threads:1";
    add_checks(filler);
    add_counters(filler, "kernels", "matvec/q8_0/avx512vnni/rows:4864/cols:896", 1.3e6);
    add_counters(filler, "kernels", "matvec/q8_0/avx2/rows:4864/cols:896", 2.9e6);
    add_memory(filler, decode, 24576);
    add_memory(filler, prefill, 0);
    add_spans(filler, decode, 36e6, 1);
    add_spans(filler, prefill, 450e6, 512);
    add_profile(filler, decode);
}

static void add_foreign(struct filler *filler)
{
    static const char *const names[] = { "BM_Sort/1024", "BM_Sort/4096", "BM_Lookup<std::map<int, std::string>>/64" };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct fake_case fake = {
            .suite = "their_bench", .name = names[i], .time_ns = 1.7e4 * (double)(i + 1), .noise = 0.02
        };
        add_case(filler, &fake);
    }
}

static int begin(struct filler *filler)
{
    static const struct store_fact machine[] = { { "cpu_name", "Example Xeon 8481C CPU @ 2.70GHz" },
                                                 { "instruction_sets", "avx2 avx512 avx512vnni avx512bf16 amx" },
                                                 { "cpu_count", "2" },
                                                 { "kernel", "Linux 6.18.0" } };
    static const struct store_fact build[] = {
        { "prony_version", "0.1.0" },       { "git_commit", "81792cf6f2f5a27a3f6d5c5f0a0d6b1b7e0c9d11" },
        { "git_branch", "main" },           { "git_dirty", "no" },
        { "prony_compiler", "gcc 12.2.0" }, { "prony_flags", "-O2" }
    };
    static const struct store_fact environment[] = { { "load", "0.34" }, { "governor", "unknown: no cpufreq here" } };
    struct store_run run = { .plan = "quick",
                             .command = "prony run quick",
                             .seed = 42,
                             .fingerprint = "3f2a91c0",
                             .machine = machine,
                             .machine_count = COUNT(machine),
                             .build = build,
                             .build_count = COUNT(build),
                             .environment = environment,
                             .environment_count = COUNT(environment) };
    return store_run_begin(filler->store, &run, &filler->run_id, filler->error);
}

int report_fixture_fill(struct store *store, const struct report_fixture *fixture, int64_t *run_id, struct error *error)
{
    struct filler filler = { .store = store, .fixture = fixture, .error = error };
    rng_seed(&filler.rng, 7);
    filler.code = begin(&filler);
    *run_id = filler.run_id;
    if (fixture->no_suites) {
        add_foreign(&filler);
    } else {
        static const struct fake_model models[] = { { "qwen2.5-0.5b", 525e6, 0.49e9 },
                                                    { "llama-3.2-1b", 1310e6, 1.24e9 } };
        add_ceilings(&filler);
        add_matrices(&filler);
        add_model(&filler, &models[0], "q8_0");
        for (size_t m = 0; m < (fixture->many ? COUNT(models) : 0); m++)
            for (size_t f = m ? 0 : 1; f < 4; f++) {
                struct fake_model model = models[m];
                model.weight_bytes *= formats[f].bits / 8.5;
                add_model(&filler, &model, formats[f].name);
            }
        add_small_suites(&filler);
    }
    if (fixture->problems)
        add_problems(&filler);
    if (fixture->hostile)
        add_hostile(&filler);
    if (fixture->explained)
        add_explanations(&filler);
    return filler.code ? filler.code : store_run_end(store, filler.run_id, "complete", error);
}
