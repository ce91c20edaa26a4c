/* site_store.c: a made-up database to time `prony report --site` with.
 *
 *     site_store DATABASE CASES RUNS SAMPLES
 *
 * Nights of one branch and machine: RUNS runs of CASES cases in ten suites, SAMPLES processes each, with 1 % of noise
 * between nights and 1 % within. Every twentieth case got 5 % slower half-way, every thirtieth 4 % faster in the newest
 * night. */
#include "harness/base/rng.h"
#include "harness/store/store.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct made {
    struct store *store;
    size_t cases, runs, samples;
    struct error error;
};

static double level_of(const struct made *made, size_t index, size_t run)
{
    double step = index % 20 == 3 && run >= made->runs / 2   ? 0.05
                  : index % 30 == 7 && run + 1 == made->runs ? -0.04
                                                             : 0;
    return 2e3 * (1 + (double)(index % 97)) * exp(step);
}

static int add_case(struct made *made, int64_t run_id, size_t index, size_t run)
{
    static const char *const formats[] = { "q4_0", "q8_0", "f16", "q6_K" };
    char suite[32], name[96];
    struct rng rng;
    struct store_sample *samples = calloc(made->samples, sizeof *samples);
    rng_seed(&rng, rng_mix((uint64_t)index, (uint64_t)run));
    snprintf(suite, sizeof suite, "suite_%zu", index * 10 / made->cases);
    snprintf(name, sizeof name, "matvec/%s/avx2/rows:%zu/columns:%zu", formats[index % 4], 64 * (index + 1),
             32 * (index % 7 + 1));
    double night = level_of(made, index, run) * exp(0.01 * rng_normal(&rng));
    for (size_t i = 0; samples && i < made->samples; i++) {
        double time_ns = night * exp(0.01 * rng_normal(&rng));
        samples[i] = (struct store_sample){ .suite = suite,
                                            .name = name,
                                            .round = (int)i,
                                            .process = (int)(i * made->cases + index),
                                            .iterations = 100,
                                            .real_time_ns = time_ns,
                                            .cpu_time_ns = time_ns * 0.99 };
    }
    int code = samples ? store_sample_add(made->store, run_id, samples, made->samples, &made->error) : 1;
    free(samples);
    return code;
}

static int add_run(struct made *made, size_t run)
{
    char commit[48];
    const struct store_fact build[] = { { "git_branch", "main" }, { "git_commit", commit } };
    const struct store_fact machine[] = { { "cpu_model", "made up" } };
    struct store_run facts = { .plan = "nightly",
                               .command = "site_store",
                               .seed = 1,
                               .fingerprint = "made up",
                               .machine = machine,
                               .machine_count = 1,
                               .build = build,
                               .build_count = 2,
                               .started_ns = (1790000000LL + 86400LL * (int64_t)run) * 1000000000LL };
    int64_t run_id;
    snprintf(commit, sizeof commit, "%040zx", run + 1);
    int code = store_run_begin(made->store, &facts, &run_id, &made->error);
    for (size_t i = 0; code == 0 && i < made->cases; i++)
        code = add_case(made, run_id, i, run);
    return code ? code : store_run_end(made->store, run_id, "complete", &made->error);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: site_store DATABASE CASES RUNS SAMPLES\n");
        return 2;
    }
    struct made made = { .cases = strtoul(argv[2], NULL, 10),
                         .runs = strtoul(argv[3], NULL, 10),
                         .samples = strtoul(argv[4], NULL, 10) };
    int code = store_open(&made.store, argv[1], false, &made.error);
    if (code == 0)
        code = store_group_begin(made.store, &made.error);
    if (code == 0) {
        for (size_t i = 0; code == 0 && i < made.runs; i++)
            code = add_run(&made, i);
        code = store_group_end(made.store, code, &made.error);
    }
    if (code != 0)
        fprintf(stderr, "site_store: %s\n", made.error.text);
    store_close(made.store);
    return code != 0;
}
