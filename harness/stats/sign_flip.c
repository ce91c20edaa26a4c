/* sign_flip.c: the sign-flip permutation test of the 20 % trimmed mean.
 *
 * Where the two builds are the same, each difference could as well have come with the other sign. The test asks how
 * many of all 2^n choices of signs give a trimmed mean as far from 0 as the one that was seen (Fisher 1935, section 21;
 * Good 2005; trimmed means: Tukey 1960, Yuen 1974). One wild pair cannot hide a change, because it is trimmed.
 *
 * Trimming makes ties: the sign of what is always trimmed does not matter. They are broken by the mean of all, so that
 * n pairs reach 2 / 2^n. Any statistic is right in a permutation test as long as it is the same for all flips.
 *
 * Speed: with |d| in descending order, the g first negative values and the g first positive ones are what is trimmed.
 * So what a value adds depends only on its sign and on how many of the values before it are negative. Four values at
 * once are looked up by that number and their signs: a draw of 20 signs costs five additions and no sorting. Where
 * fewer than g values share a sign the trim goes on at the small end of the others: rare, and done one by one. */
#include "harness/stats/sign_flip.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>

enum {
    TRIM_DIVISOR = 5, /* a fifth of the values at each end */
    NIBBLE = 4,
    MASK_LIMIT = 64, /* more values than bits of a mask go the long way */
    STAGES = 3
};

/* So many draws first; all flips instead where there are no more pairs than that. Where that many of the draws hit,
 * their p is the answer, else the next stage gives it: a p of 0.5 need not be known to the third digit, and one that is
 * to be believed among a thousand others must be known to the sixth. It stays a p: let c be the bound between two
 * stages, and both give a p. For a <= c only the later one can give p <= a, and does so with probability a at most. For
 * a > c all answers <= a need the first p to be <= a, or <= c, which is less. */
static const struct stage {
    size_t exact_limit, draws, hits;
} stages[STAGES] = { { 14, 1000, 100 }, { 17, 10000, 10 }, { 21, 100000, 0 } };

/* Weight of the mean that breaks ties, and rounding errors that count as equal, both relative. */
#define TIE_WEIGHT 1e-6
#define ROUNDING   1e-12

static const uint8_t bits_of[16] = { 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4 };

struct flips {
    const double *sizes; /* |d|, descending */
    size_t count, trim;
    size_t nibbles;
    double *added;    /* [first[nibble] + 16 negatives before + signs]; bit = negative */
    double *reach;    /* [nibble]: the most that this one and those behind it can add, and what ties and trims may do */
    size_t *first;    /* [nibble] */
    double threshold; /* at least as extreme = this or more */
    double tie;       /* weight of the mean of all; 0 where there are so many that ties do not matter */
};

/* What value i adds to the statistic if that many values before it are negative. */
static double flip_value(const struct flips *flips, size_t i, bool negative, size_t negatives_before)
{
    size_t alike = negative ? negatives_before : i - negatives_before;
    double size = (alike < flips->trim ? flips->tie : 1 + flips->tie) * flips->sizes[i];
    return negative ? -size : size;
}

/* What 16 choices of signs of the values from `begin` add. */
static void fill_nibble(const struct flips *flips, size_t begin, size_t negatives, double *added)
{
    for (unsigned signs = 0; signs < 16; signs++) {
        size_t before = negatives;
        double sum = 0;
        for (size_t k = 0; k < NIBBLE && begin + k < flips->count; k++) {
            bool negative = signs >> k & 1;
            sum += flip_value(flips, begin + k, negative, before);
            before += negative;
        }
        added[signs] = sum;
    }
}

static void fill_tables(struct flips *flips)
{
    flips->nibbles = (flips->count + NIBBLE - 1) / NIBBLE;
    flips->first = mem_array(flips->nibbles, sizeof *flips->first);
    size_t total = 0;
    for (size_t j = 0; j < flips->nibbles; j++) {
        flips->first[j] = total;
        total += 16 * (NIBBLE * j + 1);
    }
    flips->added = mem_array(total, sizeof *flips->added);
    flips->reach = mem_array(flips->nibbles, sizeof *flips->reach);
    double sum = 0, reach = 0;
    for (size_t i = 0; i < flips->count; i++)
        sum += flips->sizes[i];
    for (size_t i = flips->count; i-- > 0;) {
        reach += (1 + TIE_WEIGHT) * flips->sizes[i];
        flips->reach[i / NIBBLE] = reach + 2 * TIE_WEIGHT * sum;
    }
    for (size_t j = 0; j < flips->nibbles; j++)
        for (size_t negatives = 0; negatives <= NIBBLE * j; negatives++)
            fill_nibble(flips, NIBBLE * j, negatives, flips->added + flips->first[j] + 16 * negatives);
}

/* Too few values of one sign fill their end: the smallest of the other sign, which the caller has added, fall away. */
static double trim_rest(const struct flips *flips, const uint64_t *signs, size_t negatives)
{
    bool few_negatives = negatives < flips->trim;
    size_t alike = few_negatives ? negatives : flips->count - negatives, missing = flips->trim - alike;
    double rest = 0;
    for (size_t i = flips->count; missing > 0 && i-- > 0;) {
        bool negative = signs[i / 64] >> (i % 64) & 1;
        if (negative != few_negatives) {
            rest += flips->sizes[i];
            missing--;
        }
    }
    return few_negatives ? -rest : rest;
}

static bool is_lopsided(const struct flips *flips, size_t negatives)
{
    return negatives < flips->trim || flips->count - negatives < flips->trim;
}

static double flip_mask(const struct flips *flips, uint64_t signs)
{
    double sum = 0;
    size_t negatives = 0;
    for (size_t j = 0; j < flips->nibbles; j++) {
        size_t nibble = signs >> (NIBBLE * j) & 15;
        sum += flips->added[flips->first[j] + 16 * negatives + nibble];
        negatives += bits_of[nibble];
    }
    return is_lopsided(flips, negatives) ? sum + trim_rest(flips, &signs, negatives) : sum;
}

/* ---- more values than a mask holds ---- */

/* What each nibble adds where nothing of it is trimmed: added[16 nibble + signs]. */
static void fill_sums(struct flips *flips)
{
    flips->nibbles = (flips->count + NIBBLE - 1) / NIBBLE;
    flips->added = mem_array(16 * flips->nibbles, sizeof *flips->added);
    for (size_t j = 0; j < 16 * flips->nibbles; j++)
        for (size_t k = 0, i = j / 16 * NIBBLE; k < NIBBLE && i + k < flips->count; k++)
            flips->added[j] += j >> k & 1 ? -flips->sizes[i + k] : flips->sizes[i + k];
}

/* What the values from `begin` to `end`, whose signs are in word, add if `negatives` before them are negative: four by
 * four, as they are all trimmed, none of them is, or the trim ends among them. */
static double flip_word(const struct flips *flips, size_t begin, size_t end, uint64_t word, size_t negatives)
{
    double sum = 0;
    size_t trim = flips->trim;
    for (size_t i = begin; i < end; i += NIBBLE, word >>= NIBBLE) {
        size_t signs = word & 15, more = bits_of[signs], positives = i - negatives;
        size_t values = end - i < NIBBLE ? end - i : NIBBLE;
        if (negatives >= trim && positives >= trim)
            sum += flips->added[16 * (i / NIBBLE) + signs];
        else if (negatives + more > trim || positives + values - more > trim)
            for (size_t k = 0, before = negatives; k < values; before += signs >> k & 1, k++)
                sum += flip_value(flips, i + k, signs >> k & 1, before);
        negatives += more;
    }
    return sum;
}

/* Words in which all is trimmed are passed over. */
static double flip_words(const struct flips *flips, const uint64_t *signs)
{
    double sum = 0;
    size_t negatives = 0, trim = flips->trim;
    for (size_t i = 0; i < flips->count; i += 64) {
        size_t end = i + 64 < flips->count ? i + 64 : flips->count, positives = i - negatives;
        size_t more = (size_t)__builtin_popcountll(signs[i / 64]);
        if (negatives + more > trim || positives + (end - i) - more > trim)
            sum += flip_word(flips, i, end, signs[i / 64], negatives);
        negatives += more;
    }
    return is_lopsided(flips, negatives) ? sum + trim_rest(flips, signs, negatives) : sum;
}

static size_t draw_words(const struct flips *flips, struct rng *rng, size_t draws)
{
    size_t words = (flips->count + 63) / 64, hits = 0;
    uint64_t *signs = mem_array(words, sizeof *signs), last = UINT64_MAX >> (64 * words - flips->count);
    for (size_t draw = 0; draw < draws; draw++) {
        for (size_t i = 0; i < words; i++)
            signs[i] = rng_next(rng);
        signs[words - 1] &= last;
        hits += fabs(flip_words(flips, signs)) >= flips->threshold;
    }
    free(signs);
    return hits;
}

static size_t draw_masks(const struct flips *flips, struct rng *rng, size_t draws)
{
    uint64_t mask = flips->count < 64 ? ((uint64_t)1 << flips->count) - 1 : UINT64_MAX;
    unsigned per_word = flips->count <= 32 ? 2 : 1; /* draws from one random number */
    size_t hits = 0;
    uint64_t word = 0;
    for (size_t draw = 0; draw < draws; draw++) {
        word = draw % per_word == 0 ? rng_next(rng) : word >> 32;
        hits += fabs(flip_mask(flips, word & mask)) >= flips->threshold;
    }
    return hits;
}

/* The last values run through all their signs below what the ones before have summed up. */
static size_t count_last(const struct flips *flips, uint64_t signs, size_t negatives, double sum)
{
    size_t j = flips->nibbles - 1, values = flips->count - NIBBLE * j, hits = 0, flip_count = (size_t)1 << values;
    const double *added = flips->added + flips->first[j] + 16 * negatives;
    size_t step = j == 0 ? 2 : 1;
    if (is_lopsided(flips, negatives) || is_lopsided(flips, negatives + values)) {
        for (size_t last = 0; last < flip_count; last += step)
            hits += fabs(flip_mask(flips, signs | (uint64_t)last << (NIBBLE * j))) >= flips->threshold;
        return hits;
    }
    for (size_t last = 0; last < flip_count; last += step)
        hits += fabs(sum + added[last]) >= flips->threshold;
    return hits;
}

/* Hits among all flips whose values before nibble j have these signs; of the mirrored pairs of flips only the one in
 * which the largest value is positive. Where p is small most signs of the large values leave no way to a hit. */
static size_t count_all(const struct flips *flips, size_t j, uint64_t signs, size_t negatives, double sum)
{
    if (fabs(sum) + flips->reach[j] < flips->threshold)
        return 0;
    if (j + 1 == flips->nibbles)
        return count_last(flips, signs, negatives, sum);
    const double *added = flips->added + flips->first[j] + 16 * negatives;
    size_t hits = 0;
    for (size_t nibble = 0; nibble < 16; nibble += j == 0 ? 2 : 1)
        hits += count_all(flips, j + 1, signs | (uint64_t)nibble << (NIBBLE * j), negatives + bits_of[nibble],
                          sum + added[nibble]);
    return hits;
}

static double exact_p(const struct flips *flips, bool *exact)
{
    *exact = true;
    return 2 * (double)count_all(flips, 0, 0, 0, 0) / (double)((uint64_t)1 << flips->count);
}

static double staged_p(const struct flips *flips, uint64_t seed, bool *exact)
{
    struct rng rng;
    rng_seed(&rng, seed);
    size_t (*draw)(const struct flips *, struct rng *, size_t) = flips->count > MASK_LIMIT ? draw_words : draw_masks;
    for (const struct stage *stage = stages;; stage++) {
        if (flips->count <= stage->exact_limit)
            return exact_p(flips, exact);
        size_t hits = draw(flips, &rng, stage->draws);
        if (hits >= stage->hits)
            return (1 + (double)hits) / (1 + (double)stage->draws);
    }
}

double stats_sign_flip_p(const double *sorted, size_t count, uint64_t seed, bool *exact)
{
    *exact = false;
    if (count == 0)
        return NAN;
    struct flips flips = { .count = count, .trim = count / TRIM_DIVISOR, .tie = count <= MASK_LIMIT ? TIE_WEIGHT : 0 };
    double *sizes = mem_array(count, sizeof *sizes), seen = 0, total = 0;
    for (size_t i = 0; i < count; i++) {
        bool kept = i >= flips.trim && i < count - flips.trim;
        seen += (kept ? 1 + flips.tie : flips.tie) * sorted[i];
        total += fabs(sorted[i]);
        sizes[i] = -fabs(sorted[i]);
    }
    stats_sort(sizes, count);
    for (size_t i = 0; i < count; i++)
        sizes[i] = -sizes[i];
    flips.sizes = sizes;
    flips.threshold = fabs(seen) - ROUNDING * total;
    if (count <= MASK_LIMIT)
        fill_tables(&flips);
    else
        fill_sums(&flips);
    double p = staged_p(&flips, seed, exact);
    free(flips.added);
    free(flips.reach);
    free(flips.first);
    free(sizes);
    return p;
}
