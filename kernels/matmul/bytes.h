/* bytes.h: the tiled matrix product of 8-bit weights and 8-bit activations, for quantized weights unpacked by panel.h.
 * Three instruction sets by the file that includes it: VPDPBUSD with 512 or 256 bits, or VPMADDUBSW (AVX2).
 *
 * Loops, from the outside: BYTES_CHUNK blocks of BYTES_TOKENS activation rows; BYTES_PART_GROUPS groups of 32 of k, for
 * which the chunk is copied into the order the innermost loop walks it (it stays in L2); BYTES_WIDE panels of outputs;
 * BYTES_PANEL_GROUPS groups, for which the weights are unpacked (they stay in L1); blocks of tokens; groups. The sums
 * of a block live in registers. Integer sums over a group are exact; a group ends with y += d_token scale_output sum.
 * What the weights' offset or minimum contributes depends on the sums of the activations only, which ACT_Q8 carries: an
 * offset is the integer the sum starts from, a minimum costs one more multiply-add. */
#ifndef PRONY_KERNELS_MATMUL_BYTES_H
#define PRONY_KERNELS_MATMUL_BYTES_H

#include "kernels/matmul/panel.h"
#include "kernels/matmul/scratch.h"
#include <string.h>

/* A block is as large as the registers allow (32 or 16): VPDPBUSD needs ten sums under way to hide its latency. */
#if defined(__AVX512VNNI__)
enum { BYTES_TOKENS = 6, BYTES_WIDE = 2 };
#elif defined(__AVXVNNI__)
enum { BYTES_TOKENS = 5, BYTES_WIDE = 2 };
#else
enum { BYTES_TOKENS = 4, BYTES_WIDE = 1 };
#endif
enum { BYTES_CHUNK = 480 / BYTES_TOKENS, BYTES_PART_GROUPS = 32, BYTES_PANEL_GROUPS = 16 };

/* What tells the formats apart. All constant, so that each kernel compiles to its own straight loop. */
struct bytes_format {
    enum tensor_format format;
    panel_packer *unpack;
    int offset;      /* v = scale (q - offset); 0: v = scale q + min */
    bool two_scales; /* one for each half of a group (q6_K); needs an offset */
    bool is_signed;  /* q is signed after all, and neither offset nor min counts (q8_0 on AVX2) */
};

/* 32 values of BYTES_TOKENS activation rows. start: -offset times the sum of q (of a half), or d times it as float. */
struct bytes_tokens {
    int32_t q[BYTES_TOKENS][8]; /* four values each */
    float d[BYTES_TOKENS];
    union {
        int32_t start[2][BYTES_TOKENS];
        float sum[BYTES_TOKENS];
    };
};

struct bytes_scratch {
    struct panel_group weights[BYTES_WIDE][BYTES_PANEL_GROUPS];
    struct bytes_tokens tokens[BYTES_CHUNK][BYTES_PART_GROUPS];
};
static_assert(sizeof(struct bytes_scratch) <= MATMUL_SCRATCH_BYTES, "kernels/matmul/scratch.h");

/* One activation row into place t of the groups' token blocks. */
static inline __attribute__((always_inline)) void bytes_load_token(struct bytes_tokens *tokens, size_t t,
                                                                   const char *row, size_t cols, size_t first,
                                                                   size_t groups, struct bytes_format f)
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
        } else if (!f.is_signed) {
            tokens[g].sum[t] = d[g] * (float)(sums[2 * g] + sums[2 * g + 1]);
        }
    }
}

struct bytes_sums {
    lanes_int sum[BYTES_WIDE][BYTES_TOKENS];
};

/* Adds the products of half a group. tokens and wide are constants where these functions are inlined, so that all sums
 * live in registers. */
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
static inline lanes_int bytes_dot4(lanes_int sum, lanes_int weights, int32_t x)
{
#if defined(__AVX512VNNI__)
    return _mm512_dpbusd_epi32(sum, weights, _mm512_set1_epi32(x));
#else
    return _mm256_dpbusd_avx_epi32(sum, weights, _mm256_set1_epi32(x));
#endif
}

static inline __attribute__((always_inline)) void bytes_dot(struct bytes_sums *s, const struct panel_group *weights,
                                                            const struct bytes_tokens *x, int half, size_t tokens,
                                                            size_t wide, struct bytes_format f)
{
    (void)f;
#pragma GCC unroll 4
    for (int j = 4 * half; j < 4 * half + 4; j++)
        for (size_t t = 0; t < tokens; t++)
            for (size_t n = 0; n < wide; n++)
                s->sum[n][t] = bytes_dot4(s->sum[n][t], weights[n * BYTES_PANEL_GROUPS].q[j], x->q[t][j]);
}
#else
static inline __m256i bytes_add_pairs(__m256i sum, __m256i words)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
}

/* Sums of two products in 16 bits: four such sums fit for q < 32 (4 * 2 * 31 * 127), two for q < 64, one for bytes with
 * a sign, |q| <= 128, whose sign moves to the activations. */
static inline __attribute__((always_inline)) void bytes_dot(struct bytes_sums *s, const struct panel_group *weights,
                                                            const struct bytes_tokens *x, int half, size_t tokens,
                                                            size_t wide, struct bytes_format f)
{
    (void)wide;
    for (size_t t = 0; t < tokens; t++) {
        __m256i product[4];
        for (int j = 0; j < 4; j++) {
            __m256i q = weights->q[4 * half + j], value = _mm256_set1_epi32(x->q[t][4 * half + j]);
            product[j] = f.is_signed ? _mm256_maddubs_epi16(_mm256_abs_epi8(q), _mm256_sign_epi8(value, q))
                                     : _mm256_maddubs_epi16(q, value);
        }
        if (f.is_signed) {
            for (int j = 0; j < 4; j++)
                s->sum[0][t] = bytes_add_pairs(s->sum[0][t], product[j]);
            continue;
        }
        __m256i first = _mm256_add_epi16(product[0], product[1]), second = _mm256_add_epi16(product[2], product[3]);
        if (f.two_scales) {
            s->sum[0][t] = bytes_add_pairs(bytes_add_pairs(s->sum[0][t], first), second);
        } else {
            s->sum[0][t] = bytes_add_pairs(s->sum[0][t], _mm256_add_epi16(first, second));
        }
    }
}
#endif

static inline __attribute__((always_inline)) void bytes_start(struct bytes_sums *s, const struct bytes_tokens *x,
                                                              int half, size_t tokens, size_t wide, bool offset)
{
    for (size_t t = 0; t < tokens; t++)
        for (size_t n = 0; n < wide; n++)
            s->sum[n][t] = offset ? LANES_OP(set1_epi32)(x->start[half][t]) : LANES_OP(set1_epi32)(0);
}

static inline __attribute__((always_inline)) void
bytes_finish(lanes_float y[BYTES_WIDE][BYTES_TOKENS], const struct bytes_sums *s, const struct panel_group *weights,
             const struct bytes_tokens *x, int half, size_t tokens, size_t wide)
{
    for (size_t t = 0; t < tokens; t++)
        for (size_t n = 0; n < wide; n++)
            y[n][t] =
                LANES_OP(fmadd_ps)(LANES_OP(mul_ps)(LANES_OP(cvtepi32_ps)(s->sum[n][t]), LANES_OP(set1_ps)(x->d[t])),
                                   weights[n * BYTES_PANEL_GROUPS].scale[half], y[n][t]);
}

static inline __attribute__((always_inline)) void bytes_multiply(lanes_float y[BYTES_WIDE][BYTES_TOKENS],
                                                                 const struct panel_group *weights,
                                                                 const struct bytes_tokens *x, size_t groups,
                                                                 size_t tokens, size_t wide, struct bytes_format f)
{
    struct bytes_sums s;
    for (size_t g = 0; g < groups; g++, weights++, x++) {
        bytes_start(&s, x, 0, tokens, wide, f.offset != 0);
        bytes_dot(&s, weights, x, 0, tokens, wide, f);
        if (f.two_scales) {
            bytes_finish(y, &s, weights, x, 0, tokens, wide);
            bytes_start(&s, x, 1, tokens, wide, true);
        }
        bytes_dot(&s, weights, x, 1, tokens, wide, f);
        bytes_finish(y, &s, weights, x, 1, tokens, wide);
        if (f.offset || f.is_signed)
            continue;
        for (size_t t = 0; t < tokens; t++)
            for (size_t n = 0; n < wide; n++)
                y[n][t] =
                    LANES_OP(fmadd_ps)(weights[n * BYTES_PANEL_GROUPS].min[0], LANES_OP(set1_ps)(x->sum[t]), y[n][t]);
    }
}

struct bytes_block {
    float *y;
    size_t y_stride;
    size_t count;   /* tokens that exist */
    size_t outputs; /* that exist */
    bool accumulate;
};

static inline __attribute__((always_inline)) void bytes_block_run(const struct bytes_block *b,
                                                                  const struct panel_group *weights,
                                                                  const struct bytes_tokens *x, size_t groups,
                                                                  size_t tokens, size_t wide, struct bytes_format f)
{
    lanes_float y[BYTES_WIDE][BYTES_TOKENS];
    for (size_t t = 0; t < tokens; t++)
        for (size_t n = 0; n < wide; n++)
            y[n][t] = LANES_OP(setzero_ps)();
    bytes_multiply(y, weights, x, groups, tokens, wide, f);
    for (size_t t = 0; t < tokens && t < b->count; t++) {
        for (size_t n = 0; n < wide; n++) {
            size_t outputs = b->outputs - n * PANEL_ROWS;
            lanes_store(b->y + t * b->y_stride + n * PANEL_ROWS, y[n][t], outputs < PANEL_ROWS ? outputs : PANEL_ROWS,
                        b->accumulate);
        }
    }
}

struct bytes_part {
    const struct matmul_arguments *a;
    struct bytes_scratch *scratch;
    size_t token, tokens; /* of a chunk */
    size_t first, groups; /* of k, in groups of 32 */
};

/* Unpacks groups of the panels that start at row. */
static inline __attribute__((always_inline)) void bytes_unpack(const struct bytes_part *p, size_t row, size_t first,
                                                               size_t groups, struct bytes_format f)
{
    const struct matmul_arguments *a = p->a;
    const bool large = f.format == FORMAT_Q4_K || f.format == FORMAT_Q5_K || f.format == FORMAT_Q6_K;
    const size_t block_groups = large ? 8 : 1, block_bytes = format_table[f.format].block_bytes;
    for (size_t n = 0; n < BYTES_WIDE && row + n * PANEL_ROWS < a->rows; n++) {
        size_t start = row + n * PANEL_ROWS;
        struct panel_rows rows =
            panel_rows((const char *)a->w + start * a->w_row_bytes, a->w_row_bytes, a->rows - start);
        for (size_t g = 0; g < groups; g += block_groups)
            f.unpack(&p->scratch->weights[n][g], &rows, (first + g) / block_groups * block_bytes);
    }
}

/* The chunk against the panels that start at row, for one panel's length of k. */
static inline __attribute__((always_inline)) void bytes_panel_run(const struct bytes_part *p, size_t row, size_t offset,
                                                                  size_t groups, struct bytes_format f)
{
    const struct matmul_arguments *a = p->a;
    const size_t full = BYTES_WIDE * PANEL_ROWS;
    struct bytes_block block = { .y_stride = a->y_stride,
                                 .outputs = a->rows - row < full ? a->rows - row : full,
                                 .accumulate = p->first + offset > 0 };
    for (size_t t = 0; t < p->tokens; t += BYTES_TOKENS) {
        const struct bytes_tokens *x = &p->scratch->tokens[t / BYTES_TOKENS][offset];
        const struct panel_group *weights = p->scratch->weights[0];
        block.count = p->tokens - t < BYTES_TOKENS ? p->tokens - t : BYTES_TOKENS;
        block.y = a->y + (p->token + t) * a->y_stride + row;
        if (block.outputs <= PANEL_ROWS)
            bytes_block_run(&block, weights, x, groups, BYTES_TOKENS, 1, f);
        else if (block.count > 2)
            bytes_block_run(&block, weights, x, groups, BYTES_TOKENS, BYTES_WIDE, f);
        else
            bytes_block_run(&block, weights, x, groups, 2, BYTES_WIDE, f);
    }
}

static inline __attribute__((always_inline)) void bytes_part_run(const struct bytes_part *p, struct bytes_format f)
{
    const struct matmul_arguments *a = p->a;
    for (size_t t = 0; t < p->tokens; t++)
        bytes_load_token(p->scratch->tokens[t / BYTES_TOKENS], t % BYTES_TOKENS,
                         (const char *)a->act + (p->token + t) * a->act_row_bytes, a->cols, p->first, p->groups, f);
    for (size_t row = 0; row < a->rows; row += BYTES_WIDE * PANEL_ROWS) {
        for (size_t offset = 0; offset < p->groups; offset += BYTES_PANEL_GROUPS) {
            size_t groups = p->groups - offset < BYTES_PANEL_GROUPS ? p->groups - offset : BYTES_PANEL_GROUPS;
            bytes_unpack(p, row, p->first + offset, groups, f);
            bytes_panel_run(p, row, offset, groups, f);
        }
    }
}

static inline __attribute__((always_inline)) void bytes_matmul(const struct matmul_arguments *a, struct bytes_format f)
{
    const size_t groups = a->cols / 32, chunk = BYTES_CHUNK * BYTES_TOKENS;
    struct bytes_part p = { .a = a, .scratch = a->scratch };
    for (p.token = 0; p.token < a->count; p.token += chunk) {
        p.tokens = a->count - p.token < chunk ? a->count - p.token : chunk;
        for (p.first = 0; p.first < groups; p.first += BYTES_PART_GROUPS) {
            p.groups = groups - p.first < BYTES_PART_GROUPS ? groups - p.first : BYTES_PART_GROUPS;
            bytes_part_run(&p, f);
        }
    }
}

#endif
