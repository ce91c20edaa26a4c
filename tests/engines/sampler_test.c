/* sampler_test.c: each step of the chain against a plain version that sorts the whole vocabulary, and what must not be
 * sampled. */
#include "engines/sampler.h"

#include "harness/base/cpu.h"
#include "harness/base/rng.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { VOCAB = 1003, DRAWS = 4000 };

static void select_kernels(struct kernel_set *kernels)
{
    struct cpu_info cpu;
    cpu_detect(&cpu);
    assert_int_equal(kernel_select(kernels, &cpu, NULL, NULL), 0);
}

static struct sampler *make(const struct sampler_options *options, size_t vocab, const struct kernel_set *kernels)
{
    struct sampler *sampler;
    struct error error = { 0 };
    if (sampler_create(&sampler, options, vocab, kernels, &error))
        fail_msg("%s", error.text);
    return sampler;
}

static void random_logits(float *logits, size_t count, uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < count; i++)
        logits[i] = (float)(3 * rng_normal(&rng));
    /* Equal values across the borders that the steps draw. */
    for (size_t i = 0; i + 20 < count; i += 20)
        logits[i + 11] = logits[i + 5];
}

/* ---- the plain version ---- */

struct entry {
    double probability;
    float logit;
    uint32_t id;
};

static int by_logit(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->logit != y->logit)
        return x->logit < y->logit ? 1 : -1;
    return x->id < y->id ? -1 : 1;
}

/* Probability of every token after the chain (no penalty). */
static void expected_distribution(double *probability, const float *logits, size_t vocab,
                                  const struct sampler_options *options)
{
    struct entry *entries = calloc(vocab, sizeof *entries);
    for (size_t i = 0; i < vocab; i++)
        entries[i] = (struct entry){ .logit = logits[i], .id = (uint32_t)i };
    qsort(entries, vocab, sizeof *entries, by_logit);
    size_t count = options->top_k && (size_t)options->top_k < vocab ? (size_t)options->top_k : vocab;
    double total = 0, kept = 0;
    for (size_t i = 0; i < count; i++) {
        entries[i].probability =
            exp(((double)entries[i].logit - (double)entries[0].logit) / (double)options->temperature);
        total += entries[i].probability;
    }
    size_t end = 0;
    while (end < count && (!end || kept < (double)options->top_p * total))
        kept += entries[end++].probability;
    if (options->top_p >= 1)
        end = count;
    while (end > 1 && entries[end - 1].probability < (double)options->min_p)
        end--;
    kept = 0;
    for (size_t i = 0; i < end; i++)
        kept += entries[i].probability;
    memset(probability, 0, vocab * sizeof *probability);
    for (size_t i = 0; i < end; i++)
        probability[entries[i].id] = entries[i].probability / kept;
    free(entries);
}

/* Draws many tokens: none outside the expected set, and the frequencies are the expected ones. */
static void check_distribution(const struct sampler_options *options, uint64_t seed)
{
    static const double impossible = 0;
    struct kernel_set kernels;
    float logits[VOCAB];
    double probability[VOCAB];
    size_t drawn[VOCAB] = { 0 };
    select_kernels(&kernels);
    random_logits(logits, VOCAB, seed);
    expected_distribution(probability, logits, VOCAB, options);
    struct sampler *sampler = make(options, VOCAB, &kernels);
    for (size_t i = 0; i < DRAWS; i++) {
        uint32_t token;
        assert_int_equal(sampler_draw(sampler, logits, &token, NULL), 0);
        assert_in_range(token, 0, VOCAB - 1);
        drawn[token]++;
    }
    sampler_destroy(sampler);
    for (size_t i = 0; i < VOCAB; i++) {
        double p = probability[i], deviation = sqrt(DRAWS * p * (1 - p));
        if (p == impossible && drawn[i])
            fail_msg("token %zu was drawn %zu times, but is cut off", i, drawn[i]);
        /* Six standard deviations; the added 1 is for tokens so rare that counts are not normal. */
        if (fabs((double)drawn[i] - DRAWS * p) > 6 * deviation + 1)
            fail_msg("token %zu was drawn %zu times, expected %.1f", i, drawn[i], DRAWS * p);
    }
}

static void draws_the_expected_distribution(void **state)
{
    (void)state;
    static const struct sampler_options cases[] = {
        { 1.0f, 0, 1.0f, 0.0f, 1.0f, 64, 1 },  { 0.7f, 40, 1.0f, 0.0f, 1.0f, 64, 2 },
        { 1.0f, 0, 0.9f, 0.0f, 1.0f, 64, 3 },  { 1.5f, 0, 1.0f, 0.1f, 1.0f, 64, 4 },
        { 0.8f, 40, 0.5f, 0.2f, 1.0f, 64, 5 }, { 2.0f, 0, 0.5f, 0.01f, 1.0f, 64, 6 },
        { 1.0f, 17, 0.3f, 0.0f, 1.0f, 64, 7 }, { 1.0f, VOCAB + 5, 1.0f, 0.0f, 1.0f, 64, 8 },
        { 1.0f, 0, 0.01f, 0.0f, 1.0f, 64, 9 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_distribution(&cases[i], 100 + i);
}

/* ---- single steps ---- */

static uint32_t draw(struct sampler *sampler, const float *logits)
{
    uint32_t token = UINT32_MAX;
    struct error error = { 0 };
    if (sampler_draw(sampler, logits, &token, &error))
        fail_msg("%s", error.text);
    return token;
}

static void greedy_takes_the_lowest_of_the_largest(void **state)
{
    (void)state;
    struct kernel_set kernels;
    float logits[VOCAB];
    select_kernels(&kernels);
    for (size_t vocab = 1; vocab < 40; vocab++) {
        struct sampler *sampler = make(&SAMPLER_GREEDY, vocab, &kernels);
        for (size_t first = 0; first < vocab; first++) {
            for (size_t i = 0; i < vocab; i++)
                logits[i] = i >= first && (i - first) % 3 == 0 ? -1.0f : -2.0f - (float)i;
            assert_int_equal(draw(sampler, logits), first);
        }
        sampler_destroy(sampler);
    }
}

static void uniform_logits_reach_every_token(void **state)
{
    (void)state;
    struct kernel_set kernels;
    float logits[64] = { 0 };
    bool seen[64] = { false };
    select_kernels(&kernels);
    /* All weights are equal: the border of top-p lies among equals, and the lower ids win. */
    struct sampler_options options = { 1.0f, 0, 0.5f, 0.0f, 1.0f, 64, 1 };
    struct sampler *sampler = make(&options, 64, &kernels);
    for (size_t i = 0; i < 2000; i++)
        seen[draw(sampler, logits)] = true;
    sampler_destroy(sampler);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(seen[i], i < 32);
}

static void penalty(void **state)
{
    (void)state;
    struct kernel_set kernels;
    float logits[4] = { 2.0f, 1.8f, -1.0f, 1.5f };
    select_kernels(&kernels);
    struct sampler_options options = SAMPLER_GREEDY;
    options.repetition_penalty = 1.2f;
    options.repetition_last = 2;
    struct sampler *sampler = make(&options, 4, &kernels);
    assert_int_equal(draw(sampler, logits), 0);
    sampler_accept(sampler, 0);
    sampler_accept(sampler, 0); /* twice counts once: 2 / 1.2 = 1.67 < 1.8, and 1.5 stays below */
    assert_int_equal(draw(sampler, logits), 1);
    sampler_accept(sampler, 1); /* 1.67, 1.5, -1, 1.5 */
    assert_int_equal(draw(sampler, logits), 0);
    sampler_accept(sampler, 3);
    sampler_accept(sampler, 2); /* the window holds 3 and 2 only */
    assert_int_equal(draw(sampler, logits), 0);
    assert_true(logits[0] == 2.0f);
    sampler_reset(sampler);
    float negative[4] = { -1.0f, -1.1f, -3.0f, -3.0f };
    sampler_accept(sampler, 0); /* a negative logit is multiplied: -1.2 */
    assert_int_equal(draw(sampler, negative), 1);
    sampler_destroy(sampler);
}

static void same_seed_same_tokens(void **state)
{
    (void)state;
    struct kernel_set kernels;
    float logits[VOCAB];
    uint32_t first[50];
    select_kernels(&kernels);
    random_logits(logits, VOCAB, 5);
    struct sampler_options options = { 1.0f, 40, 0.95f, 0.05f, 1.1f, 64, 42 };
    struct sampler *a = make(&options, VOCAB, &kernels), *b = make(&options, VOCAB, &kernels);
    size_t different = 0;
    for (size_t i = 0; i < 50; i++) {
        first[i] = draw(a, logits);
        assert_int_equal(draw(b, logits), first[i]);
        sampler_accept(a, first[i]);
        sampler_accept(b, first[i]);
        different += first[i] != first[0];
    }
    assert_true(different > 0);
    sampler_reset(a);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(draw(a, logits), first[i]);
        sampler_accept(a, first[i]);
    }
    sampler_destroy(a);
    sampler_destroy(b);
}

static void refuses_what_cannot_be_sampled(void **state)
{
    (void)state;
    struct kernel_set kernels;
    struct error error;
    uint32_t token;
    float logits[21];
    select_kernels(&kernels);
    static const struct sampler_options chains[] = {
        { 0.0f, 0, 1.0f, 0.0f, 1.0f, 64, 0 },
        { 1.0f, 5, 1.0f, 0.0f, 1.0f, 64, 0 },
        { 1.0f, 0, 0.9f, 0.0f, 1.0f, 64, 0 },
    };
    for (size_t chain = 0; chain < 3; chain++) {
        struct sampler *sampler = make(&chains[chain], 21, &kernels);
        for (size_t bad = 0; bad < 21; bad++) {
            for (size_t i = 0; i < 21; i++)
                logits[i] = (float)i;
            logits[bad] = NAN;
            assert_int_equal(sampler_draw(sampler, logits, &token, &error), ERROR_NUMERIC);
        }
        for (size_t i = 0; i < 21; i++)
            logits[i] = -INFINITY;
        assert_int_equal(sampler_draw(sampler, logits, &token, &error), ERROR_NUMERIC);
        logits[13] = 1; /* the only one that may be chosen */
        assert_int_equal(draw(sampler, logits), 13);
        sampler_destroy(sampler);
    }
}

static void refuses_bad_options(void **state)
{
    (void)state;
    struct kernel_set kernels;
    struct sampler *sampler;
    struct error error;
    select_kernels(&kernels);
    static const struct sampler_options bad[] = {
        { -1.0f, 0, 1.0f, 0.0f, 1.0f, 64, 0 }, { NAN, 0, 1.0f, 0.0f, 1.0f, 64, 0 },
        { 1.0f, -1, 1.0f, 0.0f, 1.0f, 64, 0 }, { 1.0f, 0, 0.0f, 0.0f, 1.0f, 64, 0 },
        { 1.0f, 0, 1.1f, 0.0f, 1.0f, 64, 0 },  { 1.0f, 0, 1.0f, -0.1f, 1.0f, 64, 0 },
        { 1.0f, 0, 1.0f, 0.0f, 0.0f, 64, 0 },  { 1.0f, 0, 1.0f, 0.0f, 1.0f, -1, 0 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(sampler_create(&sampler, &bad[i], 10, &kernels, &error), ERROR_USAGE);
        assert_null(sampler);
    }
    assert_int_equal(sampler_create(&sampler, &SAMPLER_GREEDY, 0, &kernels, &error), ERROR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_the_expected_distribution),
        cmocka_unit_test(greedy_takes_the_lowest_of_the_largest),
        cmocka_unit_test(uniform_logits_reach_every_token),
        cmocka_unit_test(penalty),
        cmocka_unit_test(same_seed_same_tokens),
        cmocka_unit_test(refuses_what_cannot_be_sampled),
        cmocka_unit_test(refuses_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
