/* judgement_fixture.c: see judgement_fixture.h. */
#include "tests/support/judgement_fixture.h"
#include "harness/base/str.h"
#include <math.h>
#include <string.h>

enum { PAIRS = 12 };

/* What one case is to look like. */
struct plan {
    const char *suite, *name;
    double base_ns, percent; /* + = slower */
    double spread;           /* half of the interval, percent */
    enum judge_verdict verdict;
};

static const struct plan full[] = {
    { "generate", "decode/qwen2.5-0.5b/q4_0/ctx:512/threads:2", 41.2e6, 4.4, 0.9, JUDGE_REGRESSED },
    { "generate", "prefill/qwen2.5-0.5b/q4_0/tokens:512/threads:2", 1.92e9, 0.2, 0.5, JUDGE_EQUIVALENT },
    { "generate", "load/qwen2.5-0.5b/q4_0", 212e6, 7.9, 1.6, JUDGE_REGRESSED },
    { "kernels", "matmul/q4_0/avx512/m:64/n:896/k:896", 125.3e3, 5.1, 0.9, JUDGE_REGRESSED },
    { "kernels", "matmul/q8_0/avx512/m:64/n:896/k:896", 98.4e3, 0.1, 0.4, JUDGE_EQUIVALENT },
    { "kernels", "matvec/q4_0/avx512/rows:896/cols:4864", 61.7e3, 12.4, 1.1, JUDGE_REGRESSED },
    { "kernels", "matvec/q5_0/avx512/rows:896/cols:4864", 70.2e3, -9.6, 0.8, JUDGE_IMPROVED },
    { "kernels", "matvec/q8_0/avx512/rows:896/cols:4864", 88.9e3, -0.2, 0.5, JUDGE_EQUIVALENT },
    { "kernels", "softmax/f32/avx2/n:4096", 1.84e3, -31.0, 4.0, JUDGE_WRONG },
    { "kernels", "rmsnorm/f32/avx2/n:896", 214, 0.7, 1.9, JUDGE_UNDECIDED },
    { "kernels", "rope/f32/scalar/n:64", 96.1, 0, 0, JUDGE_FAILED },
    { "layers", "ffn/qwen2.5-0.5b/q4_0/batch:1", 1.31e6, 5.8, 1.2, JUDGE_REGRESSED },
    { "layers", "attention/qwen2.5-0.5b/q4_0/batch:1", 402e3, -0.1, 0.7, JUDGE_EQUIVALENT },
    { "tokenizer", "tokenize/qwen2.5-0.5b/english/bytes:4096", 93.2e3, -2.4, 0.6, JUDGE_IMPROVED },
    { "kernels", "matvec/q6_k/avx512/rows:896/cols:4864", 75.5e3, 0, 0, JUDGE_NEW },
};

static const struct plan clean[] = {
    { "kernels", "matmul/q8_0/avx512/m:64/n:896/k:896", 98.4e3, 0.1, 0.4, JUDGE_EQUIVALENT },
    { "kernels", "matvec/q8_0/avx512/rows:896/cols:4864", 88.9e3, -0.2, 0.5, JUDGE_EQUIVALENT },
    { "tokenizer", "tokenize/qwen2.5-0.5b/english/bytes:4096", 93.2e3, 0.3, 0.6, JUDGE_EQUIVALENT },
};

static const struct plan hostile[] = {
    { "<s>", "</script><b>bold</b>/'\"&", 1e3, 5, 1, JUDGE_REGRESSED },
    { "kernels", "| `cell` | [link](x) *a* _b_ <!-- --> ~~", 1e3, 6, 1, JUDGE_REGRESSED },
    { "kernels", "line\nbreak\r\ttab\x1b[31mred\x07", 1e3, 7, 1, JUDGE_REGRESSED },
    { "kernels", "\xff\xfe not UTF-8 \xc3", 1e3, 8, 1, JUDGE_REGRESSED },
    { "kernels", "::error file=x::y %0A 100% ,a:b", 1e3, 9, 1, JUDGE_REGRESSED },
    { "kernels", "=cmd|' /C calc'!A0,\"quote\"", 1e3, -9, 1, JUDGE_IMPROVED },
    { "kernels", "\xe2\x80\xaetxet\xe2\x80\xac ]]> <![CDATA[", 1e3, 10, 1, JUDGE_WRONG },
    { "kernels", "@name $(id) {a} ^b \\n two  blanks", 1e3, 11, 1, JUDGE_REGRESSED },
    { "kernels", "../../etc/passwd", 1e3, 12, 1, JUDGE_REGRESSED },
    { "kernels", "", 1e3, 13, 1, JUDGE_REGRESSED },
};

static double log_of(double percent)
{
    return log1p(percent / 100);
}

/* Numbers around 0 that repeat on every machine. */
static double wobble(unsigned seed)
{
    return (double)(seed * 2654435761u >> 8 & 1023) / 512 - 1;
}

static struct stats_summary summary_of(double median, size_t count, unsigned seed)
{
    double values[PAIRS];
    for (size_t i = 0; i < count; i++)
        values[i] = median * (1 + 0.004 * wobble(seed + (unsigned)i));
    return stats_summarize(values, count, 0.95);
}

static struct store_case *case_of(const struct plan *plan, double median, unsigned seed, int samples,
                                  struct arena *arena)
{
    struct store_case *item = arena_alloc(arena, sizeof *item);
    *item = (struct store_case){ .suite = plan->suite, .name = plan->name, .sample_count = (size_t)samples };
    item->real_time_ns = arena_array(arena, (size_t)samples, sizeof(double));
    item->cpu_time_ns = arena_array(arena, (size_t)samples, sizeof(double));
    item->iterations = arena_array(arena, (size_t)samples, sizeof(int64_t));
    item->rounds = arena_array(arena, (size_t)samples, sizeof(int));
    item->processes = arena_array(arena, (size_t)samples, sizeof(int));
    for (int i = 0; i < samples; i++) {
        item->real_time_ns[i] = median * (1 + 0.004 * wobble(seed + (unsigned)i));
        item->cpu_time_ns[i] = 0.998 * item->real_time_ns[i];
        item->iterations[i] = median > 1e8 ? 1 : (int64_t)(1e8 / median) + 1;
        item->rounds[i] = item->processes[i] = i;
    }
    struct store_series *series = arena_alloc(arena, sizeof *series);
    *series = (struct store_series){ .name = "bytes_per_second", .unit = "B/s", .count = (size_t)samples };
    series->values = arena_array(arena, (size_t)samples, sizeof(double));
    series->processes = item->processes;
    for (int i = 0; i < samples; i++)
        series->values[i] = 4e9 / median / (1 + 0.004 * wobble(seed + (unsigned)i)) * 1e3;
    item->metrics = series;
    item->metric_count = 1;
    return item;
}

static struct compare_metric metric_of(const char *name, const char *unit, double base, double percent, double spread,
                                       enum judge_verdict verdict)
{
    struct compare_metric metric = { .name = name,
                                     .unit = unit,
                                     .pairs = PAIRS,
                                     .effect = log_of(percent),
                                     .interval = { log_of(percent - spread), log_of(percent + spread), 0.95 },
                                     .p = verdict == JUDGE_REGRESSED || verdict == JUDGE_IMPROVED ? 0.0005 : 0.31,
                                     .floor = log_of(1),
                                     .noise = log_of(0.6),
                                     .detectable = log_of(0.4 + spread),
                                     .verdict = verdict };
    metric.q = fmin(1, 2.5 * metric.p);
    metric.base = summary_of(base, PAIRS, 1);
    metric.candidate = summary_of(base * (1 + percent / 100), PAIRS, 7);
    return metric;
}

static void add_counters(struct compare_case *item, const struct plan *plan, struct arena *arena)
{
    struct compare_metric *metrics = arena_array(arena, 5, sizeof *metrics);
    double base = 40 * plan->base_ns;
    bool changed = plan->verdict == JUDGE_REGRESSED || plan->verdict == JUDGE_IMPROVED;
    metrics[0] = metric_of("instructions", "", base, changed ? plan->percent * 0.9 : 0, 0,
                           !changed            ? JUDGE_EQUIVALENT
                           : plan->percent > 0 ? JUDGE_REGRESSED
                                               : JUDGE_IMPROVED);
    metrics[0].pass = STORE_PASS_CALLGRIND;
    metrics[0].exact = true;
    metrics[1] = metric_of("llc_misses", "", base / 900, changed ? plan->percent * 2.5 : 1, 8, plan->verdict);
    metrics[1].pass = STORE_PASS_COUNTERS;
    metrics[2] = metric_of("bytes_per_second", "B/s", 4e12 / plan->base_ns, 100 * (1 / (1 + plan->percent / 100) - 1),
                           plan->spread, changed ? plan->verdict : JUDGE_EQUIVALENT);
    metrics[2].higher_is_better = true;
    metrics[3] = metric_of("peak_rss_bytes", "B", 6.1e8, 0.02, 0.1, JUDGE_EQUIVALENT);
    metrics[3].pass = STORE_PASS_MEMORY;
    item->metrics = metrics;
    item->metric_count = 4;
}

static void fill_case(struct compare_case *item, const struct plan *plan, unsigned seed, int samples,
                      struct arena *arena)
{
    *item = (struct compare_case){ .suite = plan->suite,
                                   .name = plan->name,
                                   .verdict = plan->verdict,
                                   .output = COMPARE_OUTPUT_SAME,
                                   .output_error_base = NAN,
                                   .output_error_candidate = NAN };
    enum judge_verdict time = plan->verdict == JUDGE_WRONG ? JUDGE_IMPROVED : plan->verdict;
    double ratio = 1 + plan->percent / 100;
    if (plan->verdict != JUDGE_NEW)
        item->base = case_of(plan, plan->base_ns, seed, samples, arena);
    if (plan->verdict != JUDGE_FAILED)
        item->candidate = case_of(plan, plan->base_ns * ratio, seed + 40, samples, arena);
    item->time = metric_of("real_time", "ns", plan->base_ns, plan->percent, plan->spread, time);
    item->cpu = metric_of("cpu_time", "ns", plan->base_ns * 0.998, plan->percent, plan->spread, time);
    if (plan->verdict == JUDGE_NEW || plan->verdict == JUDGE_FAILED) {
        bool is_new = plan->verdict == JUDGE_NEW;
        memset(is_new ? &item->time.base : &item->time.candidate, 0, sizeof item->time.base);
        memset(is_new ? &item->cpu.base : &item->cpu.candidate, 0, sizeof item->cpu.base);
        item->time.effect = item->time.p = item->time.q = item->cpu.effect = item->cpu.p = item->cpu.q = NAN;
        item->time.interval = item->cpu.interval = (struct stats_interval){ NAN, NAN, 0 };
        item->time.pairs = item->cpu.pairs = 0;
        item->time.detectable = item->cpu.detectable = INFINITY;
        item->output = COMPARE_OUTPUT_UNKNOWN;
        item->reason = is_new ? "not on the base" : "killed by signal 11 (12 times)";
        return;
    }
    add_counters(item, plan, arena);
    if (plan->verdict == JUDGE_WRONG) {
        item->output = COMPARE_OUTPUT_DIFFERENT;
        item->output_error_base = 2.1e-7;
        item->output_error_candidate = 0.38;
        item->reason = "max_rel_error 2.1e-07 -> 0.38, allowed 1e-05";
    }
    if (plan->verdict == JUDGE_UNDECIDED)
        item->reason = item->time.reason = "the interval reaches beyond the floor; 8 more pairs should tell";
}

static void add_run(struct store_run_row *run, int64_t id, const char *commit, const char *branch, struct arena *arena)
{
    struct store_fact *build = arena_array(arena, 3, sizeof *build);
    struct store_fact *machine = arena_array(arena, 5, sizeof *machine);
    build[0] = (struct store_fact){ "git_commit", commit };
    build[1] = (struct store_fact){ "git_branch", branch };
    build[2] = (struct store_fact){ "git_dirty", "no" };
    machine[0] = (struct store_fact){ "cpu_name", "AMD EPYC 9R14" };
    machine[1] = (struct store_fact){ "cpu_model", "17" };
    machine[2] = (struct store_fact){ "cpu_count", "4" };
    machine[3] = (struct store_fact){ "architecture", "x86_64" };
    machine[4] = (struct store_fact){ "kernel", "Linux 6.1.0" };
    *run = (struct store_run_row){ .id = id,
                                   .uuid = id % 2 ? "01234567-89ab-cdef-0123-456789abcdef"
                                                  : "fedcba98-7654-3210-fedc-ba9876543210",
                                   .plan = "ab",
                                   .command = "prony ab main faster-q4",
                                   .status = "complete",
                                   .fingerprint = "4f2a90c1",
                                   .started_ns = 1795248930LL * 1000000000,
                                   .ended_ns = 1795249122LL * 1000000000,
                                   .seed = 42,
                                   .sample_count = 180,
                                   .case_count = 15,
                                   .build = build,
                                   .build_count = 3,
                                   .machine = machine,
                                   .machine_count = 5 };
}

static void count_verdicts(struct comparison *comparison)
{
    static const enum judge_verdict order[] = { JUDGE_WRONG,     JUDGE_FAILED,   JUDGE_REGRESSED,
                                                JUDGE_UNDECIDED, JUDGE_IMPROVED, JUDGE_EQUIVALENT };
    for (size_t i = 0; i < comparison->case_count; i++) {
        comparison->verdicts[comparison->cases[i].verdict]++;
        comparison->shared += comparison->cases[i].base && comparison->cases[i].candidate;
    }
    comparison->verdict = JUDGE_EQUIVALENT;
    for (size_t i = sizeof order / sizeof order[0]; i-- > 0;)
        if (comparison->verdicts[order[i]])
            comparison->verdict = order[i];
}

static void fill_comparison(struct comparison *comparison, const struct plan *plans, size_t count, struct arena *arena)
{
    *comparison =
        (struct comparison){ .base_name = "main", .candidate_name = "faster-q4", .paired = true, .case_count = count };
    add_run(&comparison->base, 41, "83aa1f2c5d0e9b7a61f4c2d8e3b5a79016f2c4d8", "main", arena);
    add_run(&comparison->candidate, 42, "5be0c94f7a3d2e18b6c5f4a39d8e7c6b5a4f3e2d", "faster-q4", arena);
    comparison->cases = arena_array(arena, count + 1, sizeof *comparison->cases);
    for (size_t i = 0; i < count; i++)
        fill_case(&comparison->cases[i], &plans[i], 100 * (unsigned)i, count > 100 ? 2 : PAIRS, arena);
    comparison->options = (struct compare_options){ .floor = log_of(1), .seed = 42 };
    count_verdicts(comparison);
}

static bool is_of(const struct compare_case *item, const char *suite, const char *operation)
{
    size_t length = strlen(operation);
    return str_equal(item->suite, suite) &&
           (length == 0 || (str_starts(item->name, operation) && item->name[length] == '/'));
}

static void add_group(struct comparison *comparison, const char *suite, const char *operation, double percent,
                      double spread, enum judge_verdict verdict, struct arena *arena)
{
    struct compare_group *group = &comparison->groups[comparison->group_count++];
    *group = (struct compare_group){ .suite = suite, .operation = operation };
    group->cases = arena_array(arena, comparison->case_count + 1, sizeof *group->cases);
    for (size_t i = 0; i < comparison->case_count; i++)
        if (is_of(&comparison->cases[i], suite, operation)) {
            group->cases[group->count++] = &comparison->cases[i];
            group->verdicts[comparison->cases[i].verdict]++;
        }
    group->time = metric_of("real_time", "ns", 1e6, percent, spread, verdict);
}

static void add_groups(struct comparison *comparison, struct arena *arena)
{
    comparison->groups = arena_array(arena, 16, sizeof *comparison->groups);
    add_group(comparison, "generate", "", 4.1, 0.7, JUDGE_REGRESSED, arena);
    add_group(comparison, "kernels", "", 0.8, 0.4, JUDGE_UNDECIDED, arena);
    add_group(comparison, "layers", "", 2.8, 0.6, JUDGE_REGRESSED, arena);
    add_group(comparison, "tokenizer", "", -2.4, 0.6, JUDGE_IMPROVED, arena);
    add_group(comparison, "kernels", "matmul", 2.6, 0.5, JUDGE_REGRESSED, arena);
    add_group(comparison, "kernels", "matvec", 0.5, 0.4, JUDGE_EQUIVALENT, arena);
}

static void add_attribution(struct comparison *comparison, struct arena *arena)
{
    static const char down[] = "matvec/q4_0/avx512vnni/rows:896/cols:4864";
    static const char up[] = "matvec/q4_0/avx512vnni/rows:4864/cols:896",
                      attention_kernel[] = "attention/f16/avx512/positions:512";
    static const struct compare_part parts[] = {
        { "ffn_down", 12.1e6, 13.52e6, 0.11689, 0.05638, COMPARE_PART_OPERATION, { 1.28e6, 1.57e6, 0.96 }, down, down },
        { "ffn_up", 8.9e6, 9.31e6, 0.11689, 0.05638, COMPARE_PART_OPERATION, { 0.21e6, 0.66e6, 0.96 }, up, up },
        { "attention",
          6.2e6,
          6.18e6,
          -0.001,
          NAN,
          COMPARE_PART_OPERATION,
          { -0.2e6, 0.11e6, 0.96 },
          attention_kernel,
          attention_kernel },
        { "output", 9.4e6, 9.41e6, NAN, NAN, COMPARE_PART_OPERATION, { -0.1e6, 0.13e6, 0.96 }, NULL, NULL },
        { "outside of operations", 0.1e6, 0.102e6, NAN, NAN, COMPARE_PART_OUTSIDE, { -9e3, 1e4, 0.96 }, NULL, NULL },
        { "norm", 0.7e6, 0.7e6, 0.002, NAN, COMPARE_PART_OPERATION, { -8e3, 9e3, 0.96 }, NULL, NULL },
    };
    struct compare_attribution *attribution = arena_alloc(arena, sizeof *attribution);
    attribution->whole = &comparison->cases[0];
    attribution->count = sizeof parts / sizeof parts[0];
    attribution->parts = arena_array(arena, attribution->count, sizeof *parts);
    memcpy(attribution->parts, parts, sizeof parts);
    attribution->pairs = 8;
    attribution->base_ns = comparison->cases[0].time.base.median;
    attribution->change_ns = 1.815e6;
    attribution->change = (struct stats_interval){ 1.5e6, 2.1e6, 0.95 };
    attribution->residual_ns = -7e3;
    attribution->residual = (struct stats_interval){ -3.4e5, 3.26e5, 0.95 };
    attribution->predicted_ns = 2.45e6;
    comparison->attributions = attribution;
    comparison->attribution_count = 1;
}

static void add_findings(struct gate *gate, struct comparison *comparison, struct arena *arena)
{
    struct gate_finding *findings = gate->findings;
    for (size_t i = 0; i < comparison->case_count; i++) {
        struct compare_case *item = &comparison->cases[i];
        if (item->verdict != JUDGE_REGRESSED && item->verdict != JUDGE_WRONG && item->verdict != JUDGE_FAILED)
            continue;
        struct gate_finding *finding = &findings[gate->count++];
        *finding = (struct gate_finding){ .kind = item->verdict == JUDGE_WRONG    ? GATE_OUTPUT
                                                  : item->verdict == JUDGE_FAILED ? GATE_FAILURE
                                                                                  : GATE_BUDGET,
                                          .status = GATE_REGRESSED,
                                          .suite = item->suite,
                                          .name = item->name,
                                          .source = item,
                                          .actual = item->time.effect,
                                          .limit = log_of(2),
                                          .relative = true };
        if (item->verdict == JUDGE_REGRESSED) {
            finding->metric = "real_time";
            finding->unit = "ns";
            finding->measure = &item->time;
            finding->text = arena_format(arena, "%s: real_time %+.1f %% [%+.1f, %+.1f], budget 2 %%", item->name,
                                         judge_percent(item->time.effect), judge_percent(item->time.interval.low),
                                         judge_percent(item->time.interval.high));
        } else {
            finding->text = arena_format(arena, "%s: %s", item->name, item->reason);
        }
        if (str_starts(item->name, "load/")) {
            finding->status = GATE_PASS;
            finding->acknowledged_by = "ada@example.org";
            finding->acknowledged_reason = "checksums every tensor now, see issue 118";
            finding->acknowledged_until = "2026-12-31";
            item->acknowledged = finding->acknowledged_reason;
        }
    }
}

static void add_targets(struct gate *gate)
{
    static const struct gate_finding targets[] = {
        { .kind = GATE_TARGET,
          .status = GATE_REGRESSED,
          .suite = "generate",
          .name = "load/qwen2.5-0.5b/q4_0",
          .metric = "load_ms",
          .unit = "ms",
          .actual = 228.7,
          .limit = 200,
          .comparator = "<",
          .tier = "usable",
          .text = "load/qwen2.5-0.5b/q4_0: load_ms 228.7 ms, target < 200 ms" },
        { .kind = GATE_TARGET,
          .status = GATE_PASS,
          .suite = "generate",
          .name = "decode/qwen2.5-0.5b/q4_0/ctx:512/threads:2",
          .metric = "tokens_per_second",
          .unit = "1/s",
          .actual = 23.3,
          .limit = 20,
          .comparator = ">=",
          .tier = "usable",
          .text = "decode/qwen2.5-0.5b/q4_0/ctx:512/threads:2: tokens_per_second 23.3, target >= 20" },
        { .kind = GATE_TARGET,
          .status = GATE_UNDECIDED,
          .suite = "generate",
          .name = NULL,
          .metric = "ttft_ms",
          .unit = "ms",
          .actual = NAN,
          .limit = 500,
          .comparator = "<",
          .tier = "competitive",
          .text = "generate: ttft_ms was not measured, target < 500 ms" },
    };
    memcpy(gate->findings + gate->count, targets, sizeof targets);
    gate->count += sizeof targets / sizeof targets[0];
    static const struct gate_tier tiers[GATE_TIER_COUNT] = { { "functional", 2, 2, 0, true },
                                                             { "usable", 1, 2, 0, false },
                                                             { "competitive", 0, 1, 1, false },
                                                             { "optimized", 0, 0, 0, false } };
    memcpy(gate->tiers, tiers, sizeof tiers);
}

static struct gate *gate_of(struct comparison *comparison, bool targets, struct arena *arena)
{
    struct gate *gate = arena_alloc(arena, sizeof *gate);
    size_t room = (comparison ? comparison->case_count : 0) + 4;
    *gate = (struct gate){ .status = GATE_REGRESSED, .judged = 15, .policy = "ci/nightly.policy" };
    gate->findings = arena_array(arena, room, sizeof *gate->findings);
    if (comparison)
        add_findings(gate, comparison, arena);
    if (targets)
        add_targets(gate);
    gate->warnings = arena_array(arena, 2, sizeof *gate->warnings);
    gate->warnings[0] = "acknowledgement of layers attention/* by ada@example.org expired on 2026-10-01";
    gate->warnings[1] = "ci/nightly.policy:12: [suite sampling] matches no case of this run";
    gate->warning_count = targets ? 2 : 0;
    return gate;
}

static void make_full(struct judgement *judgement, struct arena *arena)
{
    struct comparison *comparison = arena_alloc(arena, sizeof *comparison);
    fill_comparison(comparison, full, sizeof full / sizeof full[0], arena);
    add_groups(comparison, arena);
    add_attribution(comparison, arena);
    comparison->notes = arena_array(arena, 2, sizeof *comparison->notes);
    comparison->notes[0] = "12 of 180 samples waited for a CPU for more than 1 % of their time";
    comparison->notes[1] = "look 3 of 5: alpha is spent over all looks, q holds for this one";
    comparison->note_count = 2;
    judgement->title = "faster-q4 against main";
    judgement->comparisons = comparison;
    judgement->count = 1;
    judgement->gate = gate_of(comparison, true, arena);
}

static void make_unpaired(struct judgement *judgement, struct arena *arena)
{
    struct comparison *comparisons = arena_array(arena, 2, sizeof *comparisons);
    fill_comparison(&comparisons[0], full, sizeof full / sizeof full[0], arena);
    fill_comparison(&comparisons[1], clean, sizeof clean / sizeof clean[0], arena);
    comparisons[1].candidate_name = "latest";
    for (size_t i = 0; i < 2; i++) {
        comparisons[i].paired = false;
        comparisons[i].machines_differ = true;
        comparisons[i].machine_difference = "cpu_model: AMD EPYC 9R14 -> AMD EPYC 7R13";
        comparisons[i].options.floor = log_of(3);
    }
    judgement->title = "main, faster-q4, latest";
    judgement->comparisons = comparisons;
    judgement->count = 2;
}

static void make_many(struct judgement *judgement, struct arena *arena)
{
    enum { COUNT = 2000 };
    struct plan *plans = arena_array(arena, COUNT, sizeof *plans);
    struct comparison *comparison = arena_alloc(arena, sizeof *comparison);
    for (unsigned i = 0; i < COUNT; i++) {
        bool worse = i % 3 == 0, better = i % 50 == 1 && !worse;
        plans[i] = (struct plan){ .suite = i % 2 ? "kernels" : "a-suite-with-a-rather-long-name",
                                  .base_ns = 1e3 * (i + 1),
                                  .percent = worse    ? 2 + i % 50
                                             : better ? -3 - 0.01 * i
                                                      : 0.5 * wobble(i),
                                  .spread = 0.4,
                                  .verdict = worse    ? JUDGE_REGRESSED
                                             : better ? JUDGE_IMPROVED
                                                      : JUDGE_EQUIVALENT };
        plans[i].name =
            arena_format(arena, "operation_%u/format_with_a_long_name/instruction_set/rows:%u/cols:4864/threads:%u",
                         i % 7, i, i % 4);
    }
    fill_comparison(comparison, plans, COUNT, arena);
    judgement->title = "two thousand cases";
    judgement->comparisons = comparison;
    judgement->count = 1;
    judgement->gate = gate_of(comparison, false, arena);
}

static void make_plain(struct judgement *judgement, const struct plan *plans, size_t count, const char *title,
                       struct arena *arena)
{
    struct comparison *comparison = arena_alloc(arena, sizeof *comparison);
    fill_comparison(comparison, plans, count, arena);
    judgement->title = title;
    judgement->comparisons = comparison;
    judgement->count = 1;
}

static void make_hostile(struct judgement *judgement, struct arena *arena)
{
    static const char *notes[] = { "</details> <script>alert(1)</script> --> ]]> ::error::" };
    static const char *warnings[] = { "::warning::\n# heading\n| a |" };
    make_plain(judgement, hostile, sizeof hostile / sizeof hostile[0], "<title> --> ]]>\n::error:: %", arena);
    struct comparison *comparison = arena_alloc(arena, sizeof *comparison);
    *comparison = judgement->comparisons[0];
    comparison->base_name = "base\n| <x>";
    comparison->candidate_name = "</style>";
    comparison->notes = notes;
    comparison->note_count = 1;
    struct gate *gate = gate_of(comparison, false, arena);
    gate->warnings = warnings;
    gate->warning_count = 1;
    gate->policy = "<policy>";
    judgement->comparisons = comparison;
    judgement->gate = gate;
}

void judgement_fixture_make(enum judgement_fixture which, struct judgement *judgement, struct arena *arena)
{
    static const struct calibration calibration = { .comparisons = 4,
                                                    .tests = 120,
                                                    .alarms = 3,
                                                    .rate = 0.025,
                                                    .band = { 1, 12 },
                                                    .newest_ns = 1795200000LL * 1000000000 };
    *judgement = (struct judgement){ .title = "nothing", .calibration = &calibration };
    switch (which) {
    case JUDGEMENT_FIXTURE_FULL: make_full(judgement, arena); break;
    case JUDGEMENT_FIXTURE_CLEAN:
        make_plain(judgement, clean, sizeof clean / sizeof clean[0], "nothing changed", arena);
        break;
    case JUDGEMENT_FIXTURE_EMPTY: make_plain(judgement, NULL, 0, "nothing shared", arena); break;
    case JUDGEMENT_FIXTURE_NOTHING: break;
    case JUDGEMENT_FIXTURE_TARGETS:
        judgement->title = "targets of the release";
        judgement->gate = gate_of(NULL, true, arena);
        break;
    case JUDGEMENT_FIXTURE_UNPAIRED: make_unpaired(judgement, arena); break;
    case JUDGEMENT_FIXTURE_HOSTILE: make_hostile(judgement, arena); break;
    case JUDGEMENT_FIXTURE_MANY: make_many(judgement, arena); break;
    }
}
