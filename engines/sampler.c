/* sampler.c: the sampling chain. A vocabulary has 150,000 entries and a token takes milliseconds, so nothing here sorts
 * the vocabulary: top-k keeps a heap of k behind a threshold that nearly every logit fails, top-p finds its threshold
 * by radix selection over the weights.
 *
 * Invariant: the candidates (values, ids, count) are a subset of the vocabulary, in descending order of value after
 * top-k, in ascending order of id otherwise; among equal values the lower id comes first, so that a seed gives one text
 * on every machine. */
#include "engines/sampler.h"

#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    RADIX_BINS = 4096,
    SCAN_BLOCK = 16, /* logits compared before one branch */
    SUM_BLOCK = 1024 /* weights skipped at once when a draw looks for its token */
};

/* Below this a temperature is 0: logits divided by it would overflow. */
static const float smallest_temperature = 1e-6f;

/* Four floats as a vector of the compiler, which every machine has in some form. */
typedef float vector4 __attribute__((vector_size(16)));
typedef int32_t mask4 __attribute__((vector_size(16)));

struct sampler {
    struct sampler_options options;
    size_t vocab_size;
    softmax_function *softmax;
    struct rng rng;
    uint32_t *history; /* ring of the last repetition_last tokens */
    size_t history_size, history_count;
    float *penalized; /* [vocab_size] logits after the penalty */
    float *values;    /* [vocab_size] logits, then weights, of the candidates */
    uint32_t *ids;    /* [vocab_size] */
    size_t count;
    double *bins; /* [RADIX_BINS] */
};

/* ---- opening ---- */

static int check_options(const struct sampler_options *options, struct error *error)
{
    if (!(options->temperature >= 0) || !isfinite(options->temperature))
        return error_set(error, ERROR_USAGE, "temperature %g: expected 0 or more", (double)options->temperature);
    if (options->top_k < 0)
        return error_set(error, ERROR_USAGE, "top-k %d: expected 0 (off) or more", options->top_k);
    if (!(options->top_p > 0 && options->top_p <= 1))
        return error_set(error, ERROR_USAGE, "top-p %g: expected above 0, up to 1 (off)", (double)options->top_p);
    if (!(options->min_p >= 0 && options->min_p <= 1))
        return error_set(error, ERROR_USAGE, "min-p %g: expected 0 (off) to 1", (double)options->min_p);
    if (!(options->repetition_penalty > 0) || !isfinite(options->repetition_penalty))
        return error_set(error, ERROR_USAGE, "repetition penalty %g: expected above 0, 1 is off",
                         (double)options->repetition_penalty);
    if (options->repetition_last < 0 || options->repetition_last > 1 << 24)
        return error_set(error, ERROR_USAGE, "repetition window %d: expected 0 to %d", options->repetition_last,
                         1 << 24);
    return 0;
}

int sampler_create(struct sampler **result, const struct sampler_options *options, size_t vocab_size,
                   const struct kernel_set *kernels, struct error *error)
{
    *result = NULL;
    int code = check_options(options, error);
    if (code)
        return code;
    if (!vocab_size || vocab_size > UINT32_MAX)
        return error_set(error, ERROR_USAGE, "a vocabulary of %zu tokens cannot be sampled", vocab_size);
    const struct kernel_row *softmax = kernels->rows[OP_SOFTMAX][FORMAT_F32];
    if (!softmax)
        return error_set(error, ERROR_UNSUPPORTED, "no softmax kernel for this machine");
    struct sampler *sampler = mem_alloc(sizeof *sampler);
    sampler->options = *options;
    sampler->vocab_size = vocab_size;
    sampler->softmax = softmax->function.softmax;
    sampler->history_size = (size_t)options->repetition_last;
    sampler->history = mem_array(sampler->history_size + 1, sizeof *sampler->history);
    sampler->bins = mem_array(RADIX_BINS, sizeof *sampler->bins);
    sampler->penalized = mem_aligned((vocab_size + SCAN_BLOCK) * sizeof *sampler->penalized);
    sampler->values = mem_aligned((vocab_size + SCAN_BLOCK) * sizeof *sampler->values);
    sampler->ids = mem_aligned((vocab_size + SCAN_BLOCK) * sizeof *sampler->ids);
    if (!sampler->penalized || !sampler->values || !sampler->ids) {
        sampler_destroy(sampler);
        return error_set(error, ERROR_MEMORY, "no memory to sample from %zu tokens", vocab_size);
    }
    sampler_reset(sampler);
    *result = sampler;
    return 0;
}

void sampler_destroy(struct sampler *sampler)
{
    if (!sampler)
        return;
    free(sampler->history);
    free(sampler->bins);
    free(sampler->penalized);
    free(sampler->values);
    free(sampler->ids);
    free(sampler);
}

void sampler_reset(struct sampler *sampler)
{
    rng_seed(&sampler->rng, sampler->options.seed);
    sampler->history_count = 0;
}

void sampler_accept(struct sampler *sampler, uint32_t token)
{
    if (sampler->history_size && token < sampler->vocab_size)
        sampler->history[sampler->history_count++ % sampler->history_size] = token;
}

/* ---- looking through the vocabulary ---- */

static vector4 load4(const float *x)
{
    vector4 v;
    memcpy(&v, x, sizeof v);
    return v;
}

static bool any4(mask4 mask)
{
    uint64_t halves[2];
    memcpy(halves, &mask, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

/* True if one of SCAN_BLOCK values reaches limit. */
static bool block_reaches(const float *x, float limit)
{
    vector4 limits = { limit, limit, limit, limit };
    return any4((load4(x) >= limits) | (load4(x + 4) >= limits) | (load4(x + 8) >= limits) | (load4(x + 12) >= limits));
}

static vector4 max4(vector4 a, vector4 b)
{
    mask4 take_a = a > b, bits_a, bits_b;
    memcpy(&bits_a, &a, sizeof a);
    memcpy(&bits_b, &b, sizeof b);
    mask4 bits = (bits_a & take_a) | (bits_b & ~take_a);
    memcpy(&a, &bits, sizeof a);
    return a;
}

/* The largest logit; ERROR_NUMERIC when there is none that can be chosen. */
static int find_max(const float *logits, size_t count, float *max, struct error *error)
{
    vector4 best = { -INFINITY, -INFINITY, -INFINITY, -INFINITY }, second = best;
    mask4 is_nan = { 0 };
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        vector4 a = load4(logits + i), b = load4(logits + i + 4);
        best = max4(a, best);
        second = max4(b, second);
        is_nan |= (a != a) | (b != b);
    }
    best = max4(best, second);
    *max = -INFINITY;
    for (size_t j = 0; j < 4; j++)
        *max = best[j] > *max ? best[j] : *max;
    bool nan_found = any4(is_nan);
    for (; i < count; i++) {
        nan_found |= isnan(logits[i]);
        *max = logits[i] > *max ? logits[i] : *max;
    }
    if (nan_found)
        return error_set(error, ERROR_NUMERIC, "a logit is NaN");
    if (isinf(*max))
        return error_set(error, ERROR_NUMERIC, *max < 0 ? "all logits are -infinity" : "a logit is infinite");
    return 0;
}

static uint32_t find_first(const float *logits, size_t count, float value)
{
    size_t i = 0;
    while (i + SCAN_BLOCK <= count && !block_reaches(logits + i, value))
        i += SCAN_BLOCK;
    while (i + 1 < count && logits[i] < value)
        i++;
    return (uint32_t)i;
}

static const float *penalize(struct sampler *sampler, const float *logits)
{
    float penalty = sampler->options.repetition_penalty;
    size_t count = sampler->history_count < sampler->history_size ? sampler->history_count : sampler->history_size;
    if (penalty == 1 || !count)
        return logits;
    memcpy(sampler->penalized, logits, sampler->vocab_size * sizeof *logits);
    /* From the unpenalized logit each time, so that a token that occurs twice is penalized once. */
    for (size_t i = 0; i < count; i++) {
        float logit = logits[sampler->history[i]];
        sampler->penalized[sampler->history[i]] = logit > 0 ? logit / penalty : logit * penalty;
    }
    return sampler->penalized;
}

/* ---- top-k: a heap whose root is the candidate to lose next ---- */

/* Whether candidate a would be dropped before b. */
static bool loses(const struct sampler *sampler, size_t a, size_t b)
{
    if (sampler->values[a] != sampler->values[b])
        return sampler->values[a] < sampler->values[b];
    return sampler->ids[a] > sampler->ids[b];
}

static void swap_candidates(struct sampler *sampler, size_t a, size_t b)
{
    float value = sampler->values[a];
    uint32_t id = sampler->ids[a];
    sampler->values[a] = sampler->values[b];
    sampler->ids[a] = sampler->ids[b];
    sampler->values[b] = value;
    sampler->ids[b] = id;
}

static void sift_down(struct sampler *sampler, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && loses(sampler, child + 1, child))
            child++;
        if (!loses(sampler, child, root))
            return;
        swap_candidates(sampler, root, child);
    }
}

/* Candidates = the k largest logits, descending. */
static void keep_top_k(struct sampler *sampler, const float *logits, size_t k)
{
    for (size_t i = 0; i < k; i++) {
        sampler->values[i] = logits[i];
        sampler->ids[i] = (uint32_t)i;
    }
    for (size_t i = k / 2; i-- > 0;)
        sift_down(sampler, i, k);
    size_t i = k;
    while (i < sampler->vocab_size) {
        size_t end = sampler->vocab_size;
        if (i + SCAN_BLOCK <= sampler->vocab_size) {
            if (!block_reaches(logits + i, sampler->values[0])) {
                i += SCAN_BLOCK;
                continue;
            }
            end = i + SCAN_BLOCK;
        }
        for (; i < end; i++) {
            if (logits[i] > sampler->values[0]) {
                sampler->values[0] = logits[i];
                sampler->ids[0] = (uint32_t)i;
                sift_down(sampler, 0, k);
            }
        }
    }
    for (size_t left = k; left-- > 1;) {
        swap_candidates(sampler, 0, left);
        sift_down(sampler, 0, left);
    }
    sampler->count = k;
}

/* ---- top-p and min-p over weights (largest weight = 1) ---- */

/* Of descending candidates: the shortest prefix that holds top_p of the mass, then those above min_p. */
static double cut_sorted(struct sampler *sampler, double total)
{
    double kept = 0, target = (double)sampler->options.top_p * total;
    float least = sampler->options.min_p * sampler->values[0];
    size_t count = 0;
    while (count < sampler->count && sampler->values[count] >= least && (kept < target || !count))
        kept += (double)sampler->values[count++];
    sampler->count = count;
    return kept;
}

/* Candidates = the tokens whose weight reaches limit. sampler->values holds all weights before. */
static void collect(struct sampler *sampler, float limit)
{
    const float *weights = sampler->values;
    size_t kept = 0, i = 0;
    while (i < sampler->vocab_size) {
        size_t end = sampler->vocab_size;
        if (i + SCAN_BLOCK <= sampler->vocab_size) {
            if (!block_reaches(weights + i, limit)) {
                i += SCAN_BLOCK;
                continue;
            }
            end = i + SCAN_BLOCK;
        }
        /* Stored first and counted after: which weights reach the limit is random, a branch would be guessed wrong. */
        for (; i < end; i++) {
            float weight = weights[i];
            bool reaches = weight >= limit;
            sampler->values[kept] = weight;
            sampler->ids[kept] = (uint32_t)i;
            kept += reaches;
        }
    }
    sampler->count = kept;
}

static uint64_t weight_key(float weight)
{
    uint32_t bits; /* of a number that is not negative: they order as the numbers do */
    memcpy(&bits, &weight, sizeof bits);
    return bits;
}

/* Keeps the heaviest candidates, as few as reach the target mass: finds the weight at the border digit by digit from
 * the top, then filters. Returns the mass kept. */
static double keep_mass(struct sampler *sampler, double target)
{
    static const unsigned shifts[] = { 20, 10, 0 }, widths[] = { 12, 10, 10 };
    double above = 0;
    uint64_t border = 0;
    for (size_t level = 0; level < 3; level++) {
        uint64_t bin_count = (uint64_t)1 << widths[level];
        memset(sampler->bins, 0, bin_count * sizeof *sampler->bins);
        for (size_t i = 0; i < sampler->count; i++) {
            uint64_t key = weight_key(sampler->values[i]) >> shifts[level];
            if (key >> widths[level] == border)
                sampler->bins[key & (bin_count - 1)] += (double)sampler->values[i];
        }
        uint64_t bin = bin_count - 1;
        for (; bin > 0 && above + sampler->bins[bin] < target; bin--)
            above += sampler->bins[bin];
        border = border << widths[level] | bin;
    }
    double kept = 0;
    size_t count = 0;
    for (size_t i = 0; i < sampler->count; i++) {
        float weight = sampler->values[i];
        uint64_t key = weight_key(weight);
        bool at_border = key == border && above<target, keep = key> border || at_border;
        above += at_border ? (double)weight : 0.0;
        kept += keep ? (double)weight : 0.0;
        sampler->values[count] = weight;
        sampler->ids[count] = sampler->ids[i];
        count += keep;
    }
    sampler->count = count;
    return kept;
}

/* Four sums because one would wait for each addition. */
static double block_mass(const float *weights, size_t count)
{
    double sums[4] = { 0 };
    for (size_t i = 0; i < count; i++)
        sums[i % 4] += (double)weights[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* Candidates in order of id, cut by top-p and min-p. */
static double cut_unsorted(struct sampler *sampler, double total)
{
    const struct sampler_options *options = &sampler->options;
    float limit = 0;
    /* Tokens below this weigh less than 1 - top_p together, so the border lies above it. Half of it, for rounding. */
    if (options->top_p < 1)
        limit = (float)(0.5 * (1 - (double)options->top_p) * total / (double)sampler->vocab_size);
    /* What min-p drops may go first: if the rest does not reach the mass of top-p, all of the rest is kept. */
    if (limit < options->min_p)
        limit = options->min_p;
    collect(sampler, limit);
    if (options->top_p < 1)
        return keep_mass(sampler, (double)options->top_p * total);
    return block_mass(sampler->values, sampler->count);
}

/* ---- drawing ---- */

/* Index of the weight at which the running mass passes the point. */
static size_t draw_index(const float *weights, size_t count, double point)
{
    size_t i = 0, last = 0;
    for (; i + SUM_BLOCK < count; i += SUM_BLOCK) {
        double mass = block_mass(weights + i, SUM_BLOCK);
        if (mass > point)
            break;
        point -= mass;
    }
    for (; i < count; i++) {
        if (weights[i] > 0)
            last = i;
        point -= (double)weights[i];
        if (point < 0)
            return i;
    }
    return last; /* rounding left a crumb of the mass beyond the end */
}

int sampler_draw(struct sampler *sampler, const float *logits, uint32_t *token, struct error *error)
{
    const struct sampler_options *options = &sampler->options;
    float max;
    logits = penalize(sampler, logits);
    int code = find_max(logits, sampler->vocab_size, &max, error);
    if (code)
        return code;
    if (options->temperature < smallest_temperature || options->top_k == 1) {
        *token = find_first(logits, sampler->vocab_size, max);
        return 0;
    }
    float scale = 1 / options->temperature;
    double point = rng_uniform(&sampler->rng);
    if (options->top_k > 0 && (size_t)options->top_k < sampler->vocab_size) {
        keep_top_k(sampler, logits, (size_t)options->top_k);
        double total = sampler->softmax(sampler->values, sampler->values, scale, sampler->count);
        point *= cut_sorted(sampler, total);
        *token = sampler->ids[draw_index(sampler->values, sampler->count, point)];
        return 0;
    }
    double total = sampler->softmax(sampler->values, logits, scale, sampler->vocab_size);
    if (options->top_p >= 1 && options->min_p <= 0) {
        *token = (uint32_t)draw_index(sampler->values, sampler->vocab_size, point * total);
        return 0;
    }
    point *= cut_unsorted(sampler, total);
    *token = sampler->ids[draw_index(sampler->values, sampler->count, point)];
    return 0;
}
