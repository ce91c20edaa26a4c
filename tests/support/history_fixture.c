/* history_fixture.c: made-up runs of many days. Dates and uuids are set behind the store's back: it only knows now. */
#include "tests/support/history_fixture.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include "harness/store/store_internal.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char history_fixture_suite[] = "kernels";
const char history_fixture_steady[] = "matvec/q8_0/avx512vnni/rows:4864/cols:896";
const char history_fixture_regressed[] = "matmul/q4_0/avx512vnni/rows:4864/cols:896/count:512";
const char history_fixture_improved[] = "attention/f16/avx512/heads:14/positions:1024/count:1";
const char history_fixture_noisy[] = "rope/f32/avx512/heads:14/head_size:64";
const char history_fixture_new[] = "softmax/f32/avx512/cols:1024";
const char history_fixture_gone[] = "rmsnorm/f32/scalar/cols:896";

enum behaviour { STEADY, REGRESSED, IMPROVED, NOISY, NEW, GONE };
enum { TOKENS = 48, CASE_LIMIT = 2048, METRIC_LIMIT = 4 };
static const int64_t day_ns = 86400LL * 1000000000, last_day_ns = 1795161600LL * 1000000000; /* 2026-11-20, 08:00 */

struct fake {
    const char *suite, *name;
    double time_ns, noise;
    enum behaviour behaviour;
    double tokens; /* of an iteration; 0 = no rate */
    bool single;   /* the times of single tokens are kept */
    char text[96];
};

struct filler {
    struct store *store;
    const struct history_fixture *fixture;
    struct history_fixture_result *result;
    struct fake *cases;
    size_t case_count;
    struct rng rng;
    struct error *error;
    int code;
    int64_t run_id;
    int serial; /* of runs, for their uuids */
};

/* ---- cases ---- */

static void add_case(struct filler *filler, const struct fake *fake)
{
    filler->cases[filler->case_count++] = *fake;
}

static void choose_cases(struct filler *filler)
{
    static const struct fake kernels[] = {
        { .name = history_fixture_steady, .time_ns = 84e3, .noise = 0.008 },
        { .name = history_fixture_regressed, .time_ns = 7.1e6, .noise = 0.008, .behaviour = REGRESSED },
        { .name = history_fixture_improved, .time_ns = 118e3, .noise = 0.008, .behaviour = IMPROVED },
        { .name = history_fixture_noisy, .time_ns = 1310, .noise = 0.01, .behaviour = NOISY },
        { .name = history_fixture_gone, .time_ns = 960, .noise = 0.008, .behaviour = GONE },
        { .name = history_fixture_new, .time_ns = 2240, .noise = 0.008, .behaviour = NEW },
    };
    for (size_t i = 0; i < COUNT(kernels); i++) {
        struct fake fake = kernels[i];
        fake.suite = history_fixture_suite;
        add_case(filler, &fake);
    }
    for (int threads = 1; threads <= 4; threads *= 2) {
        struct fake decode = { .suite = "generate", .noise = 0.01, .tokens = 1, .single = true };
        decode.time_ns = 36e6 / pow(threads, 0.7);
        snprintf(decode.text, sizeof decode.text, "decode/qwen2.5-0.5b/q8_0/ctx:128/threads:%d", threads);
        add_case(filler, &decode);
        for (int tokens = 32; tokens <= 512; tokens *= 4) {
            struct fake prefill = { .suite = "generate", .noise = 0.01, .tokens = tokens };
            prefill.time_ns = 1e9 * tokens / (250 * pow(threads, 0.9) / (1 + 40.0 / tokens));
            snprintf(prefill.text, sizeof prefill.text, "prefill/qwen2.5-0.5b/q8_0/tokens:%d/threads:%d", tokens,
                     threads);
            add_case(filler, &prefill);
        }
    }
    add_case(filler,
             &(struct fake){ .suite = "tokenizer", .name = "encode/qwen2/long", .time_ns = 3.1e7, .noise = 0.02 });
    for (int i = 0; i < filler->fixture->filler_cases && filler->case_count < CASE_LIMIT; i++) {
        static const char *const suites[] = { "filler0", "filler1", "filler2", "filler3" };
        struct fake fake = { .suite = suites[i % 4], .time_ns = 1e4 * (1 + i), .noise = 0.01 };
        snprintf(fake.text, sizeof fake.text, "op%d/q8_0/size:%d", i % 7, i);
        add_case(filler, &fake);
    }
}

static const char *name_of(const struct fake *fake)
{
    return fake->name ? fake->name : fake->text;
}

/* The case's true time in run number `index` of `runs`; 0 = not measured there. */
static double level(struct filler *filler, const struct fake *fake, int index)
{
    int runs = filler->fixture->runs;
    switch (fake->behaviour) {
    case REGRESSED: return index >= 3 * runs / 5 && runs > 1 ? 1.06 * fake->time_ns : fake->time_ns;
    case IMPROVED: return index >= 3 * runs / 10 && runs > 1 ? 0.91 * fake->time_ns : fake->time_ns;
    case NOISY: return rng_uniform(&filler->rng) < 0.5 ? 1.04 * fake->time_ns : fake->time_ns;
    case NEW: return index >= 4 * runs / 5 ? fake->time_ns : 0;
    case GONE: return index < runs / 2 || runs == 1 ? fake->time_ns : 0;
    case STEADY: break;
    }
    return fake->time_ns;
}

/* ---- samples ---- */

struct bench { /* what one sample points to */
    struct store_metric metrics[METRIC_LIMIT];
    double values_ns[TOKENS];
};

static struct store_sample make_sample(struct filler *filler, const struct fake *fake, double true_ns, int process,
                                       struct bench *bench)
{
    double time_ns = true_ns * exp(fake->noise * rng_normal(&filler->rng));
    struct store_sample sample = { .suite = fake->suite,
                                   .name = name_of(fake),
                                   .round = process,
                                   .process = process,
                                   .iterations = 100,
                                   .real_time_ns = time_ns,
                                   .cpu_time_ns = 0.998 * time_ns,
                                   .label = "",
                                   .output_digest = "5eed",
                                   .metrics = bench->metrics };
    bench->metrics[sample.metric_count++] = (struct store_metric){
        .name = "run_delay_ns", .unit = "ns", .value = rng_uniform(&filler->rng) < 0.03 ? 4 * time_ns : 900
    };
    if (fake->tokens > 0)
        bench->metrics[sample.metric_count++] =
            (struct store_metric){ .name = "tokens_per_second", .unit = "1/s", .value = 1e9 * fake->tokens / time_ns };
    if (!fake->single)
        return sample;
    for (; sample.value_count < TOKENS; sample.value_count++)
        bench->values_ns[sample.value_count] =
            time_ns * exp(fabs(rng_normal(&filler->rng)) * (rng_uniform(&filler->rng) < 0.04 ? 0.3 : 0.02));
    sample.values_ns = bench->values_ns;
    return sample;
}

/* All cases as they were on day `index`; factor: of the time of the regressed case besides. */
static void add_samples(struct filler *filler, int index, double factor)
{
    size_t room = filler->case_count * (size_t)filler->fixture->processes, count = 0;
    struct store_sample *samples = calloc(room, sizeof *samples);
    struct bench *benches = calloc(room, sizeof *benches);
    for (int process = 0; process < filler->fixture->processes; process++)
        for (size_t c = 0; c < filler->case_count; c++) {
            const struct fake *fake = &filler->cases[c];
            double true_ns = level(filler, fake, index) * (fake->behaviour == REGRESSED ? factor : 1);
            if (true_ns > 0) {
                samples[count] = make_sample(filler, fake, true_ns, process, &benches[count]);
                count++;
            }
        }
    if (!filler->code)
        filler->code = store_sample_add(filler->store, filler->run_id, samples, count, filler->error);
    free(samples);
    free(benches);
}

/* ---- runs ---- */

struct setting {
    const char *branch, *plan, *fingerprint;
    unsigned commit; /* its number makes the hash */
    int64_t started_ns;
};

static void begin_run(struct filler *filler, const struct setting *setting)
{
    char hash[48];
    snprintf(hash, sizeof hash, "%08x5f1c9d0b7a33e2846c90d1f27ab85e63", setting->commit * 2654435761u);
    hash[40] = 0;
    bool usual = str_equal(setting->fingerprint, "3f2a91c0");
    const struct store_fact machine[] = {
        { "cpu_name", usual ? "Example Xeon 8481C CPU @ 2.70GHz" : "Example EPYC 9V74" },
        { "cpu_model", usual ? "6-143-8" : "25-17-1" },
        { "instruction_sets", "avx2 avx512 avx512vnni" },
        { "cpu_count", "4" },
        { "kernel", "Linux 6.18.0" },
    };
    const struct store_fact build[] = {
        { "prony_version", "0.1.0" },       { "git_commit", hash },
        { "git_branch", setting->branch },  { "git_dirty", "no" },
        { "prony_compiler", "gcc 12.2.0" }, { "prony_flags", "-O2" },
    };
    static const struct store_fact environment[] = { { "load", "0.34" }, { "machine_precision_percent", "0.8" } };
    struct store_run run = { .plan = setting->plan,
                             .command = "prony run",
                             .seed = 42,
                             .fingerprint = setting->fingerprint,
                             .machine = machine,
                             .machine_count = COUNT(machine),
                             .build = build,
                             .build_count = COUNT(build),
                             .environment = environment,
                             .environment_count = COUNT(environment) };
    if (!filler->code)
        filler->code = store_run_begin(filler->store, &run, &filler->run_id, filler->error);
}

static void end_run(struct filler *filler, const struct setting *setting, const char *status)
{
    char sql[320];
    if (!filler->code)
        filler->code = store_run_end(filler->store, filler->run_id, status, filler->error);
    int number = filler->serial++;
    snprintf(sql, sizeof sql,
             "UPDATE run SET started_ns = %lld, ended_ns = %lld, uuid = '%08x-0000-4000-8000-%012d' WHERE id = %lld",
             (long long)setting->started_ns, (long long)(setting->started_ns + 150LL * 1000000000),
             ((unsigned)number + 1) * 2246822519u, number, (long long)filler->run_id);
    if (!filler->code)
        filler->code = store_execute(filler->store, sql, filler->error);
}

static int64_t add_run(struct filler *filler, const struct setting *setting, int index, double factor)
{
    begin_run(filler, setting);
    add_samples(filler, index, factor);
    end_run(filler, setting, "complete");
    return filler->run_id;
}

/* ---- what explains the newest run ---- */

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

static void add_counters(struct filler *filler, const char *name)
{
    static const struct store_metric metrics[] = {
        { .name = "instructions", .unit = "", .value = 1.3e6, .running_share = 1 },
        { .name = "cycles",
          .unit = "",
          .value = 7.6e5,
          .state = STORE_SCALED,
          .reason = "it shared the hardware with others: extrapolated",
          .running_share = 0.5 },
        { .name = "llc_misses",
          .unit = "",
          .state = STORE_UNSUPPORTED,
          .reason = "this machine has no PMU that counts it",
          .remedy = "use hardware, or a virtual machine with a PMU" },
    };
    struct store_sample sample = {
        .suite = history_fixture_suite, .name = name, .metrics = metrics, .metric_count = COUNT(metrics)
    };
    add_pass(filler, &sample, STORE_PASS_COUNTERS, 200);
}

static void add_memory(struct filler *filler, const char *name)
{
    double operations[17], values[17];
    for (int i = 0; i < 17; i++) {
        operations[i] = 64 * i;
        values[i] = 530e6 + 24576.0 * operations[i];
    }
    const struct store_course course = {
        .name = "live_bytes", .unit = "B", .operations = operations, .values = values, .count = 17
    };
    static const struct store_metric metrics[] = {
        { .name = "heap_peak_bytes", .unit = "B", .value = 1.5e6 },
        { .name = "growth_bytes_per_operation", .unit = "B", .value = 24576 },
    };
    struct store_sample sample = { .suite = "generate",
                                   .name = name,
                                   .metrics = metrics,
                                   .metric_count = COUNT(metrics),
                                   .courses = &course,
                                   .course_count = 1 };
    add_pass(filler, &sample, STORE_PASS_MEMORY, 201);
}

static void add_profile(struct filler *filler, const char *name)
{
    static const char *const path[] = { "main", "session_decode", "matvec_q8_0__avx512vnni" };
    struct stacks *stacks = stacks_create();
    uint32_t node = 0;
    for (size_t i = 0; i < COUNT(path); i++) {
        const struct stacks_frame frame = { .function = path[i], .object = "generate", .file = "" };
        node = stacks_add_node(stacks, node, stacks_add_frame(stacks, &frame));
        stacks_add_weight(stacks, node, 2004008 * (10 + 300 * i), 10 + 300 * i);
    }
    const struct store_profile profile = { .suite = "generate",
                                           .name = name,
                                           .title = name,
                                           .kind = "cpu",
                                           .event = "cpu-clock",
                                           .unit = "ns",
                                           .frequency_hz = 499,
                                           .duration_ns = 1900000000,
                                           .sample_count = 930 };
    if (!filler->code)
        filler->code = store_profile_add(filler->store, filler->run_id, &profile, stacks, NULL, filler->error);
    stacks_release(stacks);
}

static void explain(struct filler *filler)
{
    static const struct store_check checks[] = {
        { "governor", "fail", "powersave on 4 of 4 CPUs", "The clock follows the load: the first samples are slower.",
          "cpupower frequency-set -g performance" },
        { "temperature", "unknown", "no thermal zone here", "A hot CPU lowers its clock.", NULL },
        { "clocksource", "pass", "tsc", "Reading the time is cheap.", NULL },
    };
    static const char decode[] = "decode/qwen2.5-0.5b/q8_0/ctx:128/threads:1";
    const struct store_failure failure = {
        .suite = "sampling", .reason = "timed out after 60 s", .stderr_tail = "sampling: top_p\n", .process = 300
    };
    add_counters(filler, history_fixture_steady);
    add_memory(filler, decode);
    add_profile(filler, decode);
    if (!filler->code)
        filler->code = store_checks_add(filler->store, filler->run_id, checks, COUNT(checks), filler->error);
    if (!filler->code)
        filler->code = store_failure_add(filler->store, filler->run_id, &failure, filler->error);
}

/* ---- all together ---- */

static void add_main(struct filler *filler)
{
    int runs = filler->fixture->runs;
    filler->result->regressed_at = 3 * runs / 5;
    filler->result->improved_at = 3 * runs / 10;
    for (int i = 0; i < runs; i++) {
        struct setting setting = { .branch = "main",
                                   .plan = "nightly",
                                   .fingerprint = "3f2a91c0",
                                   .commit = (unsigned)i + 1,
                                   .started_ns = last_day_ns - (runs - 1 - i) * day_ns };
        begin_run(filler, &setting);
        add_samples(filler, i, 1);
        if (filler->fixture->explained && i == runs - 1)
            explain(filler);
        end_run(filler, &setting, "complete");
        filler->result->newest_run = filler->run_id;
        if (i == 0)
            filler->result->first_run = filler->run_id;
        if (i == runs / 2)
            filler->result->baseline_run = filler->run_id;
    }
}

static void add_branches(struct filler *filler)
{
    int last = filler->fixture->runs - 1;
    const struct setting settings[] = {
        { "faster-attention", "nightly", "3f2a91c0", 1001, last_day_ns + 3600000000000 },
        { "new-tokenizer", "nightly", "3f2a91c0", 1002, last_day_ns - 2 * day_ns },
        { "main", "quick", "3f2a91c0", 1003, last_day_ns - day_ns / 2 },
        { "main", "nightly", "a4510c77", 1004, last_day_ns - day_ns },
    };
    for (size_t i = 0; i < COUNT(settings); i++)
        add_run(filler, &settings[i], last, i == 0 ? 0.97 : i == 3 ? 1.2 : 1);
    if (!filler->code)
        filler->code = store_tag_set(filler->store, STORE_BASELINE_TAG, filler->result->baseline_run, "the release 0.1",
                                     filler->error);
}

/* Both sides of one comparison; the candidate's regressed case takes `factor` times the time. */
static int64_t add_comparison(struct filler *filler, const char *kind, int number, double factor)
{
    int last = filler->fixture->runs - 1;
    bool same = str_equal(kind, "aa");
    struct setting base = { "main", kind, "3f2a91c0", 2001, last_day_ns - (number + 3) * day_ns / 4 },
                   candidate = { same ? "main" : "my-branch", kind, "3f2a91c0", same ? 2001 : 2002, base.started_ns };
    int64_t base_run = add_run(filler, &base, last, 1), candidate_run = add_run(filler, &candidate, last, factor);
    char sql[160];
    const struct store_comparison comparison = { .kind = kind,
                                                 .base_run = base_run,
                                                 .candidate_run = candidate_run,
                                                 .base_name = "main",
                                                 .candidate_name = same ? "main" : "my-branch",
                                                 .seed = 7,
                                                 .identical_binaries = same };
    int64_t id = 0;
    if (!filler->code)
        filler->code = store_comparison_add(filler->store, &comparison, &id, filler->error);
    snprintf(sql, sizeof sql, "UPDATE comparison SET created_ns = %lld WHERE id = %lld", (long long)base.started_ns,
             (long long)id);
    if (!filler->code)
        filler->code = store_execute(filler->store, sql, filler->error);
    if (!same) {
        filler->result->ab_base = base_run;
        filler->result->ab_candidate = candidate_run;
        filler->result->ab = id;
    }
    return id;
}

/* What A/A leaves: p-values as they are when nothing changed. */
static void add_outcomes(struct filler *filler, int64_t comparison_id)
{
    struct store_outcome *outcomes = calloc(filler->case_count, sizeof *outcomes);
    for (size_t i = 0; i < filler->case_count; i++) {
        double p = rng_uniform(&filler->rng), effect = 0.004 * rng_normal(&filler->rng);
        outcomes[i] = (struct store_outcome){ .suite = filler->cases[i].suite,
                                              .name = name_of(&filler->cases[i]),
                                              .metric = "real_time",
                                              .effect = effect,
                                              .low = effect - 0.006,
                                              .high = effect + 0.006,
                                              .p = p,
                                              .noise = filler->cases[i].noise,
                                              .pairs = filler->fixture->processes,
                                              .verdict = p < 0.01 ? "undecided" : "equivalent" };
    }
    if (!filler->code)
        filler->code = store_outcomes_add(filler->store, comparison_id, outcomes, filler->case_count, filler->error);
    free(outcomes);
}

int history_fixture_fill(struct store *store, const struct history_fixture *fixture,
                         struct history_fixture_result *result, struct error *error)
{
    struct history_fixture_result unused;
    struct filler filler = { .store = store, .fixture = fixture, .result = result ? result : &unused, .error = error };
    *filler.result = (struct history_fixture_result){ 0 };
    filler.cases = calloc(CASE_LIMIT + 64, sizeof *filler.cases);
    rng_seed(&filler.rng, 11);
    choose_cases(&filler);
    add_main(&filler);
    if (fixture->branches)
        add_branches(&filler);
    if (fixture->comparisons) {
        add_comparison(&filler, "ab", 0, 1.08);
        for (int i = 1; i <= 3; i++)
            add_outcomes(&filler, add_comparison(&filler, "aa", i, 1));
    }
    free(filler.cases);
    return filler.code;
}
