/* sampler.h: from logits to one token. Shared by every engine that gives logits.
 *
 * The chain, in this order: repetition penalty (Keskar et al. 2019) over the last tokens, temperature, top-k, top-p
 * (nucleus, Holtzman et al. 2020), min-p (Nguyen et al. 2024), then a draw with the seeded generator. temperature 0 is
 * greedy: the largest logit after the penalty, the lowest id among equals. */
#ifndef PRONY_ENGINES_SAMPLER_H
#define PRONY_ENGINES_SAMPLER_H

#include "harness/base/error.h"
#include "kernels/kernel.h"
#include <stddef.h>
#include <stdint.h>

struct sampler_options {
    float temperature;        /* 0 = greedy */
    int32_t top_k;            /* 0 = off */
    float top_p;              /* 1 = off */
    float min_p;              /* 0 = off */
    float repetition_penalty; /* 1 = off; divides positive logits, multiplies negative ones */
    int32_t repetition_last;  /* how many last tokens are penalized */
    uint64_t seed;
};

/* Greedy, nothing else. */
#define SAMPLER_GREEDY ((struct sampler_options){ 0.0f, 0, 1.0f, 0.0f, 1.0f, 64, 0 })

struct sampler;

/* vocab_size: the length of every logits array given later. kernels: outlives the sampler. All memory is taken here. */
int sampler_create(struct sampler **sampler, const struct sampler_options *options, size_t vocab_size,
                   const struct kernel_set *kernels, struct error *error);
void sampler_destroy(struct sampler *sampler);
/* Tells the sampler about a token that entered the context (prompt or generated), for the repetition penalty. */
void sampler_accept(struct sampler *sampler, uint32_t token);
/* Chooses a token; logits[vocab_size] is not changed. ERROR_NUMERIC if a logit is NaN or all are -infinity. Does not
 * accept. */
int sampler_draw(struct sampler *sampler, const float *logits, uint32_t *token, struct error *error);
/* Back to the seed and an empty history. */
void sampler_reset(struct sampler *sampler);

#endif
