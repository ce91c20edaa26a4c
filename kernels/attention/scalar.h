/* scalar.h: attention in plain C, for any cache format: the reference of the attention tests.
 *
 * Queries go in chunks of SCALAR_QUERIES (query, head) pairs, keys in blocks of SCALAR_KEYS, converted once a chunk.
 * Sums over keys are kept in f64. */
#ifndef PRONY_KERNELS_ATTENTION_SCALAR_H
#define PRONY_KERNELS_ATTENTION_SCALAR_H

#include "kernels/kernel.h"
#include <math.h>

enum { SCALAR_QUERIES = 32, SCALAR_KEYS = 32 };

typedef void scalar_load_function(float *y, const void *x, size_t count);

/* The running softmax of one (query, head) pair: sum of exp(score - maximum), and of the same times V. */
struct scalar_state {
    double maximum, sum;
    double *weighted; /* [head_size] */
};

static inline size_t scalar_attention_scratch_bytes(size_t head_size, size_t count)
{
    (void)count;
    return head_size * (SCALAR_QUERIES * sizeof(double) + 2 * SCALAR_KEYS * sizeof(float)) + 64;
}

/* Adds keys 0 .. key_count-1 of the block to the state. */
static inline void scalar_attention_block(struct scalar_state *state, const float *q, const float *k, const float *v,
                                          size_t key_count, size_t head_size, float scale)
{
    for (size_t p = 0; p < key_count; p++, k += head_size, v += head_size) {
        double score = 0;
        for (size_t d = 0; d < head_size; d++)
            score += (double)q[d] * k[d];
        score *= scale;
        if (score > state->maximum) {
            double shrink = exp(state->maximum - score);
            state->maximum = score;
            state->sum *= shrink;
            for (size_t d = 0; d < head_size; d++)
                state->weighted[d] *= shrink;
        }
        double weight = exp(score - state->maximum);
        state->sum += weight;
        for (size_t d = 0; d < head_size; d++)
            state->weighted[d] += weight * v[d];
    }
}

static inline void scalar_attention(const struct attention_arguments *a, scalar_load_function *load)
{
    double *weighted = a->scratch;
    float *k = (float *)(void *)(weighted + SCALAR_QUERIES * a->head_size), *v = k + SCALAR_KEYS * a->head_size;
    size_t pairs = a->count * a->group;
    for (size_t first = 0; first < pairs; first += SCALAR_QUERIES) {
        struct scalar_state states[SCALAR_QUERIES];
        size_t chunk = pairs - first < SCALAR_QUERIES ? pairs - first : SCALAR_QUERIES;
        for (size_t i = 0; i < chunk; i++) {
            states[i] = (struct scalar_state){ -INFINITY, 0, weighted + i * a->head_size };
            for (size_t d = 0; d < a->head_size; d++)
                states[i].weighted[d] = 0;
        }
        size_t visible = a->first_position + (first + chunk - 1) / a->group + 1; /* of the last query in the chunk */
        for (size_t p = 0; p < visible; p += SCALAR_KEYS) {
            size_t keys = visible - p < SCALAR_KEYS ? visible - p : SCALAR_KEYS;
            for (size_t j = 0; j < keys; j++) {
                load(k + j * a->head_size, (const char *)a->k + (p + j) * a->kv_stride_bytes, a->head_size);
                load(v + j * a->head_size, (const char *)a->v + (p + j) * a->kv_stride_bytes, a->head_size);
            }
            for (size_t i = 0; i < chunk; i++) {
                size_t query = (first + i) / a->group, head = (first + i) % a->group;
                size_t seen = a->first_position + query + 1;
                size_t own = seen <= p ? 0 : seen - p < keys ? seen - p : keys;
                scalar_attention_block(&states[i], a->q + query * a->q_stride + head * a->head_size, k, v, own,
                                       a->head_size, a->scale);
            }
        }
        for (size_t i = 0; i < chunk; i++) {
            float *out = a->out + (first + i) / a->group * a->out_stride + (first + i) % a->group * a->head_size;
            for (size_t d = 0; d < a->head_size; d++)
                out[d] = (float)(states[i].weighted[d] / states[i].sum);
        }
    }
}

#endif
