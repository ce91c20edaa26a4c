/* judge_store.c: made-up measurements to time `prony compare` with, and the same in Go's benchmark format for
 * benchstat.
 *
 *     judge_store DATABASE CASES SAMPLES base.txt candidate.txt
 *
 * Runs 1 and 2 are the sides of a comparison in pairs, runs 3 and 4 the same numbers without one. Times have 1 % of
 * noise; every tenth case is 2 % slower in the candidate. */
#include "harness/base/rng.h"
#include "harness/store/store.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct made {
    struct store *store;
    size_t cases, samples;
    struct error error;
};

static int add_case(struct made *made, int64_t run, size_t index, double shift, FILE *text)
{
    struct rng rng;
    char name[64];
    struct store_sample *samples = calloc(made->samples, sizeof *samples);
    rng_seed(&rng, rng_mix((uint64_t)index, shift == 0 ? 1 : 2));
    snprintf(name, sizeof name, "matvec/q4_0/avx2/k:%zu/n:%zu", 64 * (index + 1), 32 * (index % 7 + 1));
    for (size_t i = 0; samples && i < made->samples; i++) {
        double time_ns = 1e5 * (1 + (double)(index % 50)) * exp(0.01 * rng_normal(&rng) + shift);
        samples[i] = (struct store_sample){ .suite = "kernels",
                                            .name = name,
                                            .round = (int)i,
                                            .process = (int)(i * made->cases + index),
                                            .iterations = 100,
                                            .real_time_ns = time_ns,
                                            .cpu_time_ns = time_ns * 0.99 };
        fprintf(text, "BenchmarkMatvec/q4_0/avx2/k=%zu/n=%zu 100 %.3f ns/op\n", 64 * (index + 1), 32 * (index % 7 + 1),
                time_ns);
    }
    int code = samples ? store_sample_add(made->store, run, samples, made->samples, &made->error) : 1;
    free(samples);
    return code;
}

static int add_run(struct made *made, bool is_candidate, const char *path, int64_t *run)
{
    struct store_run facts = { .plan = "cost", .command = "judge_store", .seed = 1, .fingerprint = "made up" };
    FILE *text = fopen(path, "w");
    int code = text ? store_run_begin(made->store, &facts, run, &made->error) : 1;
    for (size_t i = 0; code == 0 && i < made->cases; i++)
        code = add_case(made, *run, i, !is_candidate ? 0 : i % 10 ? 1e-9 : 0.02, text);
    if (code == 0)
        code = store_run_end(made->store, *run, "complete", &made->error);
    if (text)
        fclose(text);
    return code;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: judge_store DATABASE CASES SAMPLES base.txt candidate.txt\n");
        return 2;
    }
    struct made made = { .cases = strtoul(argv[2], NULL, 10), .samples = strtoul(argv[3], NULL, 10) };
    struct store_comparison pairs = {
        .kind = "ab", .base_name = "a", .candidate_name = "b", .seed = 1, .look_count = 1
    };
    int64_t runs[4], id;
    int code = store_open(&made.store, argv[1], false, &made.error);
    if (code == 0)
        code = store_group_begin(made.store, &made.error);
    if (code == 0) {
        for (int i = 0; code == 0 && i < 4; i++)
            code = add_run(&made, i % 2, argv[4 + i % 2], &runs[i]);
        code = store_group_end(made.store, code, &made.error);
    }
    pairs.base_run = runs[0];
    pairs.candidate_run = runs[1];
    if (code == 0)
        code = store_comparison_add(made.store, &pairs, &id, &made.error);
    if (code != 0)
        fprintf(stderr, "judge_store: %s\n", made.error.text);
    store_close(made.store);
    return code != 0;
}
