/* vnni.h: the tiled matrix product on VPDPBUSD, for quantized weights unpacked by panel_avx512.h.
 *
 * The unsigned bytes of a weight panel meet the signed bytes of the activations. Loops, from the outside: VNNI_CHUNK
 * blocks of VNNI_TOKENS activation rows; VNNI_PART_GROUPS groups of 32 of k, for which the chunk is copied into the
 * order the innermost loop walks it (it stays in L2); 32 outputs; VNNI_PANEL_GROUPS groups, for which the weights are
 * unpacked (they stay in L1); blocks of tokens; groups. The sums of a block, 6 tokens by 2 x 16 outputs, live in
 * registers. Integer sums over a group are exact; a group ends with y += d_token scale_output sum. What the weights'
 * offset or minimum contributes depends on the sums of the activations only, which ACT_Q8 carries: an offset is the
 * integer the sum starts from, a minimum costs one more multiply-add. */
#ifndef PRONY_KERNELS_MATMUL_VNNI_H
#define PRONY_KERNELS_MATMUL_VNNI_H

#include "kernels/matmul/panel_avx512.h"
#include "kernels/matmul/scratch.h"
#include <string.h>

enum { VNNI_TOKENS = 6, VNNI_CHUNK = 80, VNNI_PART_GROUPS = 32, VNNI_PANEL_GROUPS = 16 };

/* What tells the formats apart. All constant, so that each kernel compiles to its own straight loop. */
struct vnni_format {
    enum tensor_format format;
    panel_packer *unpack;
    int offset;      /* v = scale (q - offset); 0: v = scale q + min */
    bool two_scales; /* one for each half of a group (q6_K); needs an offset */
};

/* 32 values of VNNI_TOKENS activation rows. start: -offset times the sum of q (of a half), or d times it as float. */
struct vnni_tokens {
    int32_t q[VNNI_TOKENS][8]; /* four values each */
    float d[VNNI_TOKENS];
    union {
        int32_t start[2][VNNI_TOKENS];
        float sum[VNNI_TOKENS];
    };
};

struct vnni_scratch {
    struct panel_group weights[2][VNNI_PANEL_GROUPS];
    struct vnni_tokens tokens[VNNI_CHUNK][VNNI_PART_GROUPS];
};
static_assert(sizeof(struct vnni_scratch) <= MATMUL_SCRATCH_VNNI, "kernels/matmul/scratch.h");

/* One activation row into place t of the groups' token blocks. */
static inline __attribute__((always_inline)) void vnni_load_token(struct vnni_tokens *tokens, size_t t, const char *row,
                                                                  size_t cols, size_t first, size_t groups,
                                                                  struct vnni_format f)
{
    const float *d = act_q8_scales(row, cols) + first;
    const int32_t *sums = act_q8_sums(row, cols) + 2 * first;
    const char *q = row + 32 * first;
    for (size_t g = 0; g < groups; g++) {
        memcpy(tokens[g].q[t], q + 32 * g, 32);
        tokens[g].d[t] = d[g];
        if (f.two_scales) {
            tokens[g].start[0][t] = -f.offset * sums[2 * g];
            tokens[g].start[1][t] = -f.offset * sums[2 * g + 1];
        } else if (f.offset) {
            tokens[g].start[0][t] = -f.offset * (sums[2 * g] + sums[2 * g + 1]);
        } else {
            tokens[g].sum[t] = d[g] * (float)(sums[2 * g] + sums[2 * g + 1]);
        }
    }
}

struct vnni_sums {
    __m512i sum[2][VNNI_TOKENS];
};

/* tokens and wide (1 or 2) are constants where these are inlined, so that all sums live in registers. */
static inline __attribute__((always_inline)) void vnni_dot(struct vnni_sums *s, const struct panel_group *weights,
                                                           const struct vnni_tokens *x, int half, size_t tokens,
                                                           size_t wide)
{
#pragma GCC unroll 4
    for (int j = 4 * half; j < 4 * half + 4; j++)
        for (size_t t = 0; t < tokens; t++)
            for (size_t n = 0; n < wide; n++)
                s->sum[n][t] = _mm512_dpbusd_epi32(s->sum[n][t], weights[n * VNNI_PANEL_GROUPS].q[j],
                                                   _mm512_set1_epi32(x->q[t][j]));
}

static inline __attribute__((always_inline)) void vnni_start(struct vnni_sums *s, const struct vnni_tokens *x, int half,
                                                             size_t tokens, size_t wide, bool offset)
{
    for (size_t t = 0; t < tokens; t++)
        for (size_t n = 0; n < wide; n++)
            s->sum[n][t] = offset ? _mm512_set1_epi32(x->start[half][t]) : _mm512_setzero_si512();
}

static inline __attribute__((always_inline)) void vnni_finish(__m512 y[2][VNNI_TOKENS], const struct vnni_sums *s,
                                                              const struct panel_group *weights,
                                                              const struct vnni_tokens *x, int half, size_t tokens,
                                                              size_t wide)
{
    for (size_t t = 0; t < tokens; t++)
        for (size_t n = 0; n < wide; n++)
            y[n][t] = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(s->sum[n][t]), _mm512_set1_ps(x->d[t])),
                                      weights[n * VNNI_PANEL_GROUPS].scale[half], y[n][t]);
}

static inline __attribute__((always_inline)) void vnni_multiply(__m512 y[2][VNNI_TOKENS],
                                                                const struct panel_group *weights,
                                                                const struct vnni_tokens *x, size_t groups,
                                                                size_t tokens, size_t wide, struct vnni_format f)
{
    struct vnni_sums s;
    for (size_t g = 0; g < groups; g++, weights++, x++) {
        vnni_start(&s, x, 0, tokens, wide, f.offset != 0);
        vnni_dot(&s, weights, x, 0, tokens, wide);
        if (f.two_scales) {
            vnni_finish(y, &s, weights, x, 0, tokens, wide);
            vnni_start(&s, x, 1, tokens, wide, true);
        }
        vnni_dot(&s, weights, x, 1, tokens, wide);
        vnni_finish(y, &s, weights, x, 1, tokens, wide);
        if (f.offset)
            continue;
        for (size_t t = 0; t < tokens; t++)
            for (size_t n = 0; n < wide; n++)
                y[n][t] = _mm512_fmadd_ps(weights[n * VNNI_PANEL_GROUPS].min[0], _mm512_set1_ps(x->sum[t]), y[n][t]);
    }
}

struct vnni_block {
    float *y;
    size_t y_stride;
    size_t count;      /* tokens that exist */
    __mmask16 mask[2]; /* outputs that exist */
    bool accumulate;
};

static inline __attribute__((always_inline)) void vnni_block_run(const struct vnni_block *b,
                                                                 const struct panel_group *weights,
                                                                 const struct vnni_tokens *x, size_t groups,
                                                                 size_t tokens, size_t wide, struct vnni_format f)
{
    __m512 y[2][VNNI_TOKENS];
    for (size_t t = 0; t < tokens; t++)
        for (size_t n = 0; n < wide; n++)
            y[n][t] = _mm512_setzero_ps();
    vnni_multiply(y, weights, x, groups, tokens, wide, f);
    for (size_t t = 0; t < tokens; t++) {
        for (size_t n = 0; n < wide; n++) {
            float *out = b->y + t * b->y_stride + n * PANEL_ROWS;
            __mmask16 mask = (__mmask16)(t < b->count ? b->mask[n] : 0);
            if (b->accumulate)
                y[n][t] = _mm512_add_ps(y[n][t], _mm512_maskz_loadu_ps(mask, out));
            _mm512_mask_storeu_ps(out, mask, y[n][t]);
        }
    }
}

struct vnni_part {
    const struct matmul_arguments *a;
    struct vnni_scratch *scratch;
    size_t token, tokens; /* a chunk */
    size_t first, groups; /* of k, in groups of 32 */
};

/* Unpacks groups of the two panels that start at row. */
static inline __attribute__((always_inline)) void vnni_unpack(const struct vnni_part *p, size_t row, size_t first,
                                                              size_t groups, struct vnni_format f)
{
    const struct matmul_arguments *a = p->a;
    const bool large = f.format == FORMAT_Q4_K || f.format == FORMAT_Q5_K || f.format == FORMAT_Q6_K;
    const size_t block_groups = large ? 8 : 1, block_bytes = format_table[f.format].block_bytes;
    for (size_t n = 0; n < 2 && row + n * PANEL_ROWS < a->rows; n++) {
        size_t start = row + n * PANEL_ROWS;
        struct panel_rows rows =
            panel_rows((const char *)a->w + start * a->w_row_bytes, a->w_row_bytes, a->rows - start);
        for (size_t g = 0; g < groups; g += block_groups)
            f.unpack(&p->scratch->weights[n][g], &rows, (first + g) / block_groups * block_bytes);
    }
}

/* The chunk against the two panels that start at row, for one panel's length of k. */
static inline __attribute__((always_inline)) void vnni_panel_run(const struct vnni_part *p, size_t row, size_t offset,
                                                                 size_t groups, struct vnni_format f)
{
    const struct matmul_arguments *a = p->a;
    size_t width = a->rows - row < 2 * PANEL_ROWS ? a->rows - row : 2 * PANEL_ROWS;
    uint32_t mask = (uint32_t)((1ull << width) - 1);
    struct vnni_block block = { .y_stride = a->y_stride,
                                .mask = { (__mmask16)mask, (__mmask16)(mask >> PANEL_ROWS) },
                                .accumulate = p->first + offset > 0 };
    for (size_t t = 0; t < p->tokens; t += VNNI_TOKENS) {
        const struct vnni_tokens *x = &p->scratch->tokens[t / VNNI_TOKENS][offset];
        const struct panel_group *weights = p->scratch->weights[0];
        block.count = p->tokens - t < VNNI_TOKENS ? p->tokens - t : VNNI_TOKENS;
        block.y = a->y + (p->token + t) * a->y_stride + row;
        if (width <= PANEL_ROWS)
            vnni_block_run(&block, weights, x, groups, VNNI_TOKENS, 1, f);
        else if (block.count > 2)
            vnni_block_run(&block, weights, x, groups, VNNI_TOKENS, 2, f);
        else
            vnni_block_run(&block, weights, x, groups, 2, 2, f);
    }
}

static inline __attribute__((always_inline)) void vnni_part_run(const struct vnni_part *p, struct vnni_format f)
{
    const struct matmul_arguments *a = p->a;
    for (size_t t = 0; t < p->tokens; t++)
        vnni_load_token(p->scratch->tokens[t / VNNI_TOKENS], t % VNNI_TOKENS,
                        (const char *)a->act + (p->token + t) * a->act_row_bytes, a->cols, p->first, p->groups, f);
    for (size_t row = 0; row < a->rows; row += 2 * PANEL_ROWS) {
        for (size_t offset = 0; offset < p->groups; offset += VNNI_PANEL_GROUPS) {
            size_t groups = p->groups - offset < VNNI_PANEL_GROUPS ? p->groups - offset : VNNI_PANEL_GROUPS;
            vnni_unpack(p, row, p->first + offset, groups, f);
            vnni_panel_run(p, row, offset, groups, f);
        }
    }
}

static inline __attribute__((always_inline)) void vnni_matmul(const struct matmul_arguments *a, struct vnni_format f)
{
    const size_t groups = a->cols / 32, chunk = VNNI_CHUNK * VNNI_TOKENS;
    struct vnni_part p = { .a = a, .scratch = a->scratch };
    for (p.token = 0; p.token < a->count; p.token += chunk) {
        p.tokens = a->count - p.token < chunk ? a->count - p.token : chunk;
        for (p.first = 0; p.first < groups; p.first += VNNI_PART_GROUPS) {
            p.groups = groups - p.first < VNNI_PART_GROUPS ? groups - p.first : VNNI_PART_GROUPS;
            vnni_part_run(&p, f);
        }
    }
}

#endif
