/* sampling.c: the sampling suite: each strategy of engines/sampler.h on the logits of a large vocabulary.
 *
 * Before a strategy is timed, its draws are compared with the distribution that a plain implementation computes by
 * sorting all tokens: every draw must be possible in it, and the most likely tokens must come as often as they should.
 */
#include "engines/sampler.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "suites/common/suite.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VOCAB_SIZE = 152064, HISTORY = 64, CHECK_DRAWS = 1000, CHECK_TOP = 8 };

/* As a trained model's: a few tokens share most of the probability, all others have a twentieth together. */
#define LOGIT_DEVIATION  2.5
#define LIKELY_LOGIT     14.0
#define LIKELY_DEVIATION 1.5

struct sampling_case {
    const char *name;
    struct sampler_options options;
    /* Between setup and teardown. */
    struct kernel_set kernels;
    struct sampler *sampler;
    float *logits;
};

static const struct sampling_case cases[] = {
    { .name = "greedy", .options = { .temperature = 0, .top_p = 1, .repetition_penalty = 1 } },
    { .name = "temperature:0.8", .options = { .temperature = 0.8f, .top_p = 1, .repetition_penalty = 1 } },
    { .name = "top_k:40", .options = { .temperature = 1, .top_k = 40, .top_p = 1, .repetition_penalty = 1 } },
    { .name = "top_p:0.95", .options = { .temperature = 1, .top_p = 0.95f, .repetition_penalty = 1 } },
    { .name = "min_p:0.05", .options = { .temperature = 1, .top_p = 1, .min_p = 0.05f, .repetition_penalty = 1 } },
    { .name = "repetition_penalty:1.1",
      .options = { .temperature = 0, .top_p = 1, .repetition_penalty = 1.1f, .repetition_last = HISTORY } },
    { .name = "chain",
      .options = { .temperature = 0.8f,
                   .top_k = 40,
                   .top_p = 0.95f,
                   .min_p = 0.05f,
                   .repetition_penalty = 1.1f,
                   .repetition_last = HISTORY } },
};

/* ---- the plain implementation ---- */

struct candidate {
    double weight;
    uint32_t token;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    return (x->token > y->token) - (x->token < y->token);
}

/* Token i of the history; every fourth is a likely one, so that the penalty matters. */
static uint32_t history_token(size_t i)
{
    return (uint32_t)(i * 2000 + 7);
}

/* The distribution a draw follows: candidates in descending order, their number in *count. Allocated. */
static struct candidate *reference_distribution(const struct sampling_case *c, size_t *count)
{
    const struct sampler_options *o = &c->options;
    struct candidate *list = mem_array(VOCAB_SIZE, sizeof *list);
    double top = -INFINITY, total = 0, kept = 0;
    for (size_t i = 0; i < VOCAB_SIZE; i++)
        list[i] = (struct candidate){ (double)c->logits[i], (uint32_t)i };
    for (size_t i = 0; i < HISTORY && o->repetition_last > 0; i++) {
        double logit = (double)c->logits[history_token(i)], penalty = (double)o->repetition_penalty;
        list[history_token(i)].weight = logit > 0 ? logit / penalty : logit * penalty;
    }
    qsort(list, VOCAB_SIZE, sizeof *list, compare_candidates);
    top = list[0].weight;
    *count = o->temperature > 0 ? VOCAB_SIZE : 1;
    if (o->top_k > 0 && (size_t)o->top_k < *count)
        *count = (size_t)o->top_k;
    for (size_t i = 0; i < *count; i++) {
        list[i].weight = o->temperature > 0 ? exp((list[i].weight - top) / (double)o->temperature) : 1;
        total += list[i].weight;
    }
    size_t i = 0;
    while (i < *count && (i == 0 || kept < (double)o->top_p * total) && list[i].weight >= (double)o->min_p)
        kept += list[i++].weight;
    *count = i;
    for (i = 0; i < *count; i++)
        list[i].weight /= kept;
    return list;
}

/* ---- the check before timing ---- */

static int draw_all(const struct sampling_case *c, uint32_t *drawn, struct error *error)
{
    for (size_t i = 0; i < CHECK_DRAWS; i++) {
        uint32_t token;
        int code = sampler_draw(c->sampler, c->logits, &token, error);
        if (code != 0)
            return code;
        drawn[token]++;
    }
    return 0;
}

/* False with *error set if the draws cannot come from the distribution. */
static bool draws_fit(const uint32_t *drawn, const struct candidate *list, size_t count, struct error *error)
{
    uint32_t possible = 0;
    for (size_t i = 0; i < count; i++) {
        const double expected = CHECK_DRAWS * list[i].weight;
        const double deviation = sqrt(expected * (1 - list[i].weight));
        possible += drawn[list[i].token];
        /* Six standard deviations: once in 500 million checks by chance; the seed is fixed anyway. */
        if (i < CHECK_TOP && fabs((double)drawn[list[i].token] - expected) > 6 * deviation + 1) {
            error_set(error, ERROR_NUMERIC, "token %u was drawn %u times of %d, its probability is %.4f", list[i].token,
                      drawn[list[i].token], CHECK_DRAWS, list[i].weight);
            return false;
        }
    }
    /* Rounding may move the border of top-p or min-p by one token. */
    if (possible + 2 >= CHECK_DRAWS)
        return true;
    error_set(error, ERROR_NUMERIC, "%d of %d draws were tokens that this strategy excludes",
              CHECK_DRAWS - (int)possible, CHECK_DRAWS);
    return false;
}

static void check_draws(const struct sampling_case *c, struct benchmark_state *state)
{
    struct error error;
    size_t count;
    uint32_t *drawn = mem_array(VOCAB_SIZE, sizeof *drawn);
    struct candidate *list = reference_distribution(c, &count);
    if (draw_all(c, drawn, &error) != 0)
        benchmark_state_skip_with_error(state, "%s", error.text);
    else if (!draws_fit(drawn, list, count, &error))
        benchmark_state_skip_with_error(state, "draws differ from the reference: %s", error.text);
    free(list);
    free(drawn);
}

/* ---- setup, teardown, run ---- */

static void set_up(struct benchmark_state *state)
{
    struct sampling_case *c = benchmark_state_user_data(state);
    struct cpu_info cpu;
    struct error error;
    struct rng rng;
    cpu_detect(&cpu);
    c->logits = mem_array(VOCAB_SIZE, sizeof *c->logits);
    rng_seed(&rng, 22);
    for (size_t i = 0; i < VOCAB_SIZE; i++)
        c->logits[i] = (float)(LOGIT_DEVIATION * rng_normal(&rng));
    for (size_t i = 0; i < HISTORY; i += 4)
        c->logits[history_token(i)] = (float)(LIKELY_LOGIT + LIKELY_DEVIATION * rng_normal(&rng));
    if (kernel_select(&c->kernels, &cpu, NULL, &error) != 0 ||
        sampler_create(&c->sampler, &c->options, VOCAB_SIZE, &c->kernels, &error) != 0) {
        benchmark_state_skip_with_error(state, "%s", error.text);
        return;
    }
    for (size_t i = 0; i < HISTORY; i++)
        sampler_accept(c->sampler, history_token(i));
    if (!benchmark_is_counting_instructions())
        check_draws(c, state);
}

static void tear_down(struct benchmark_state *state)
{
    struct sampling_case *c = benchmark_state_user_data(state);
    sampler_destroy(c->sampler);
    free(c->logits);
    c->sampler = NULL;
    c->logits = NULL;
}

/* PRONY_SELF_TEST_SLOWDOWN=2 draws every second token twice, so that `prony gate --self-test` has something that is
 * really slower. 0 = not asked for. */
static int draws_every(void)
{
    const char *text = getenv("PRONY_SELF_TEST_SLOWDOWN");
    int64_t every;
    return text && str_parse_i64(text, &every) && every > 0 && every < 1000 ? (int)every : 0;
}

static void run_case(struct benchmark_state *state)
{
    struct sampling_case *c = benchmark_state_user_data(state);
    struct error error;
    uint32_t token = 0;
    const int every = draws_every();
    int until = every;
    while (benchmark_state_keep_running(state)) {
        if (every && --until == 0) { /* the self-test's slowdown */
            until = every;
            (void)sampler_draw(c->sampler, c->logits, &token, &error);
            benchmark_do_not_optimize(token);
        }
        if (sampler_draw(c->sampler, c->logits, &token, &error) != 0) {
            benchmark_state_skip_with_error(state, "%s", error.text);
            return;
        }
        benchmark_do_not_optimize(token);
    }
    benchmark_state_set_counter(state, "tokens_per_second", (double)benchmark_state_iterations(state),
                                BENCHMARK_COUNTER_RATE);
}

int main(int argc, char **argv)
{
    struct suite suite;
    int exit_code;
    if (!suite_start(&suite, &argc, argv, 0, &exit_code))
        return exit_code;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sampling_case *c = arena_alloc(&suite.arena, sizeof *c);
        *c = cases[i];
        struct benchmark *family =
            benchmark_register(suite_format(&suite, "%s/vocab:%d", c->name, VOCAB_SIZE), run_case, c);
        benchmark_setup_case(family, set_up);
        benchmark_teardown_case(family, tear_down);
        benchmark_unit(family, BENCHMARK_MICROSECOND);
    }
    return suite_finish(&suite);
}
