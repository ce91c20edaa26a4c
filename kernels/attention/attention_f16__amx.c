/* attention_f16__amx.c: attention over a KV cache in f16, both products on the AMX unit.
 *
 * TDPBF16PS multiplies bf16, which has 8 bits of precision; too few for scores. So every operand is the sum of two
 * bf16, high + low: an f16 fits exactly, an f32 to 2^-16. Three products (high high, low high, high low) then give
 * sums good to about 1e-5, well within the rounding of the f16 cache, at five times the rate of f32 arithmetic.
 *
 * The loops are those of tiled.h: blocks of BLOCK_KEYS keys outside, tiles of TILE (query, head) rows inside. Scores
 * are kept in units of log2, so that the softmax needs 2^x only. */
#include "kernels/kernel.h"
#include "kernels/vector.h"
#include <float.h>
#include <math.h>

attention_function attention_f16__amx;
attention_function attention_f16__avx512;

enum {
    TILE = 16,        /* rows, and 32-bit columns, of a tile */
    TILE_DEPTH = 32,  /* bf16 values of a tile row: what one instruction sums over */
    TILE_WORDS = 512, /* bf16 values of a tile */
    BLOCK_KEYS = 64,  /* four tiles of scores */
    FEW_ROWS = 16     /* below this, converting K and V costs more than the products */
};

/* high and low parts lie behind each other. Operands are packed tile by tile. */
struct operand {
    uint16_t *high, *low;
};

struct buffers {
    struct operand q;       /* [row tiles][depth tiles] */
    struct operand k;       /* [depth tiles][key tiles] */
    struct operand v;       /* [key tiles of TILE_DEPTH][head tiles] */
    struct operand weights; /* [key tiles of TILE_DEPTH] of one row tile */
    float *scores;          /* [TILE][BLOCK_KEYS] */
    float *out;             /* [rows][head tiles * TILE], not yet divided by sum */
    float *sum;             /* [rows][TILE]: a row's sum of weights is the sum of its lanes */
    float *maximum;         /* [rows] of the running softmax */
    size_t depth_tiles, head_tiles;
};

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static struct buffers make_buffers(const struct attention_arguments *a)
{
    struct buffers b;
    size_t rows = round_up(a->count * a->group, TILE);
    b.depth_tiles = round_up(a->head_size, TILE_DEPTH) / TILE_DEPTH;
    b.head_tiles = round_up(a->head_size, TILE) / TILE;
    uint16_t *next = a->scratch;
    struct operand *operands[] = { &b.q, &b.k, &b.v, &b.weights };
    const size_t tiles[] = { rows / TILE * b.depth_tiles, BLOCK_KEYS / TILE * b.depth_tiles,
                             BLOCK_KEYS / TILE_DEPTH * b.head_tiles, BLOCK_KEYS / TILE_DEPTH };
    for (int i = 0; i < 4; i++) {
        operands[i]->high = next;
        operands[i]->low = next + tiles[i] * TILE_WORDS;
        next += 2 * tiles[i] * TILE_WORDS;
    }
    b.scores = (float *)(void *)next;
    b.out = b.scores + TILE * BLOCK_KEYS;
    b.sum = b.out + rows * b.head_tiles * TILE;
    b.maximum = b.sum + rows * TILE;
    return b;
}

/* ---- splitting into high and low parts ---- */

static inline __m512 high_part(__m512 x)
{
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32((int)0xffff0000)));
}

/* Upper halves of first and second in the lower and upper half of each lane. */
static inline __m512i pair_of_upper_halves(__m512 first, __m512 second)
{
    __m512i moved = _mm512_srli_epi32(_mm512_castps_si512(first), 16);
    return _mm512_mask_mov_epi16(moved, 0xaaaaaaaa, _mm512_castps_si512(second));
}

/* A tile row of a right operand, whose lanes hold pairs along the depth. Exact for values that were f16. */
static inline void store_pairs(struct operand to, size_t at, __m512 first, __m512 second)
{
    __m512 first_low = _mm512_sub_ps(first, high_part(first)), second_low = _mm512_sub_ps(second, high_part(second));
    _mm512_storeu_si512(to.high + at, pair_of_upper_halves(first, second));
    _mm512_storeu_si512(to.low + at, pair_of_upper_halves(first_low, second_low));
}

/* A tile row of a left operand: 32 values, low parts rounded. */
static inline void store_row(struct operand to, size_t at, __m512 first, __m512 second)
{
    __m512 first_high = high_part(first), second_high = high_part(second);
    __m512bh high = _mm512_cvtne2ps_pbh(second_high, first_high);
    __m512bh low = _mm512_cvtne2ps_pbh(_mm512_sub_ps(second, second_high), _mm512_sub_ps(first, first_high));
    _mm512_storeu_si512(to.high + at, (__m512i)high);
    _mm512_storeu_si512(to.low + at, (__m512i)low);
}

/* The same from two registers of weights: lane i gets weights i and i + TILE, the order in which V is packed. */
static inline void store_weights(struct operand to, size_t at, __m512 first, __m512 second)
{
    const __m512i half_unit = _mm512_set1_epi32(0x8000); /* rounds the low part's cut */
    __m512i first_low = _mm512_castps_si512(_mm512_sub_ps(first, high_part(first)));
    __m512i second_low = _mm512_castps_si512(_mm512_sub_ps(second, high_part(second)));
    first_low = _mm512_add_epi32(first_low, half_unit);
    second_low = _mm512_add_epi32(second_low, half_unit);
    _mm512_store_si512(to.high + at, pair_of_upper_halves(first, second));
    _mm512_store_si512(to.low + at,
                       pair_of_upper_halves(_mm512_castsi512_ps(first_low), _mm512_castsi512_ps(second_low)));
}

/* ---- packing ---- */

static size_t at_most(size_t n, size_t limit)
{
    return n < limit ? n : limit;
}

/* How many of width values from start on exist. */
static size_t existing(size_t count, size_t start, size_t width)
{
    return start >= count ? 0 : at_most(count - start, width);
}

static void pack_queries(const struct attention_arguments *a, const struct buffers *b)
{
    const __m512 factor = _mm512_set1_ps(a->scale * 1.44269504089f);
    size_t row_count = a->count * a->group;
    for (size_t row = 0; row < round_up(row_count, TILE); row++) {
        const float *q = a->q + row / a->group * a->q_stride + row % a->group * a->head_size;
        for (size_t t = 0; t < b->depth_tiles; t++) {
            __m512 half[2];
            for (size_t i = 0; i < 2; i++) {
                size_t d = t * TILE_DEPTH + i * TILE;
                size_t n = row < row_count ? existing(a->head_size, d, TILE) : 0;
                half[i] = n ? _mm512_mul_ps(vector_load_first(q + d, n), factor) : _mm512_setzero_ps();
            }
            store_row(b->q, (row / TILE * b->depth_tiles + t) * TILE_WORDS + row % TILE * TILE_DEPTH, half[0], half[1]);
        }
    }
}

/* Values of a tile of K: lanes become keys, each with a pair of head dimensions. */
static void pack_key_tile(struct operand to, size_t at, const char *k, size_t stride_bytes, size_t keys, size_t n)
{
    __m512 rows[TILE];
    __mmask32 mask = (__mmask32)(n < 32 ? (1u << n) - 1 : ~0u);
#pragma GCC unroll 16
    for (size_t i = 0; i < TILE; i++)
        rows[i] = _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(i < keys ? mask : 0, k + i * stride_bytes));
    vector_transpose(rows);
#pragma GCC unroll 16
    for (size_t i = 0; i < TILE; i++) {
        __m512i pairs = _mm512_castps_si512(rows[i]);
        __m512 first = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(pairs));
        __m512 second = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(pairs, 16)));
        store_pairs(to, at + i * TILE_DEPTH, first, second);
    }
}

/* keys of the block exist; the others become zeros, which no weight turns into NaN. */
static void pack_block(const struct attention_arguments *a, const struct buffers *b, size_t first, size_t keys)
{
    const char *k = (const char *)a->k + first * a->kv_stride_bytes;
    const char *v = (const char *)a->v + first * a->kv_stride_bytes;
    for (size_t t = 0; t < b->depth_tiles; t++) {
        for (size_t p = 0; p < BLOCK_KEYS; p += TILE)
            pack_key_tile(b->k, (t * BLOCK_KEYS / TILE + p / TILE) * TILE_WORDS,
                          k + p * a->kv_stride_bytes + t * TILE_DEPTH * sizeof(uint16_t), a->kv_stride_bytes,
                          existing(keys, p, TILE), existing(a->head_size, t * TILE_DEPTH, TILE_DEPTH));
    }
    for (size_t pair = 0; pair < BLOCK_KEYS / 2; pair++) {
        size_t t = pair / TILE, p = t * TILE_DEPTH + pair % TILE, q = p + TILE; /* see store_weights */
        const uint16_t *first_row = (const void *)(v + p * a->kv_stride_bytes);
        const uint16_t *second_row = (const void *)(v + q * a->kv_stride_bytes);
        for (size_t h = 0; h < b->head_tiles; h++) {
            size_t n = existing(a->head_size, h * TILE, TILE);
            __m512 one = vector_load_f16_first(first_row + h * TILE, p < keys ? n : 0);
            __m512 two = vector_load_f16_first(second_row + h * TILE, q < keys ? n : 0);
            store_pairs(b->v, (t * b->head_tiles + h) * TILE_WORDS + pair % TILE * TILE_DEPTH, one, two);
        }
    }
}

/* ---- products ---- */

/* Memory layout of LDTILECFG's operand. */
struct tile_config {
    uint8_t palette, start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* The compiler does not see what tile instructions read and write. */
static inline void fence(void)
{
    __asm__ volatile("" ::: "memory");
}

/* All tiles whole: 0..3 sums, 4 and 5 left operands, 6 and 7 right ones. */
static void configure(void)
{
    struct tile_config config = { .palette = 1 };
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = 64;
        config.rows[i] = TILE;
    }
    /* gcc 12 takes the operand for 8 bytes; this makes it store all of them. */
    __asm__ volatile("" : : "r"(&config) : "memory");
    _tile_loadconfig(&config);
}

/* Sums 0..3 += one left tile (high, low) times four right tiles. Four instructions between two on the same sums: that
 * is their latency. */
static inline void multiply_4(const uint16_t *left_high, const uint16_t *left_low, const uint16_t *high,
                              const uint16_t *low)
{
    _tile_loadd(4, left_high, 64);
    _tile_loadd(5, left_low, 64);
    _tile_loadd(6, high, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, high + TILE_WORDS, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(6, high + 2 * TILE_WORDS, 64);
    _tile_dpbf16ps(2, 4, 6);
    _tile_loadd(7, high + 3 * TILE_WORDS, 64);
    _tile_dpbf16ps(3, 4, 7);
    _tile_loadd(6, high, 64);
    _tile_dpbf16ps(0, 5, 6);
    _tile_loadd(7, high + TILE_WORDS, 64);
    _tile_dpbf16ps(1, 5, 7);
    _tile_loadd(6, high + 2 * TILE_WORDS, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(7, high + 3 * TILE_WORDS, 64);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(6, low, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, low + TILE_WORDS, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(6, low + 2 * TILE_WORDS, 64);
    _tile_dpbf16ps(2, 4, 6);
    _tile_loadd(7, low + 3 * TILE_WORDS, 64);
    _tile_dpbf16ps(3, 4, 7);
}

/* The same for one right tile. */
static inline void multiply_1(const uint16_t *left_high, const uint16_t *left_low, const uint16_t *high,
                              const uint16_t *low)
{
    _tile_loadd(4, left_high, 64);
    _tile_loadd(5, left_low, 64);
    _tile_loadd(6, high, 64);
    _tile_loadd(7, low, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(0, 5, 6);
    _tile_dpbf16ps(0, 4, 7);
}

static void score_tile(const struct buffers *b, size_t row_tile)
{
    enum { STRIDE = BLOCK_KEYS * sizeof(float) };
    fence();
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t t = 0; t < b->depth_tiles; t++) {
        size_t q = (row_tile * b->depth_tiles + t) * TILE_WORDS, k = t * BLOCK_KEYS / TILE * TILE_WORDS;
        multiply_4(b->q.high + q, b->q.low + q, b->k.high + k, b->k.low + k);
    }
    _tile_stored(0, b->scores, STRIDE);
    _tile_stored(1, b->scores + TILE, STRIDE);
    _tile_stored(2, b->scores + 2 * TILE, STRIDE);
    _tile_stored(3, b->scores + 3 * TILE, STRIDE);
    fence();
}

/* out += weights V, the first depth_tiles of the block's keys. */
static void value_tile(const struct buffers *b, size_t row_tile, size_t depth_tiles)
{
    size_t width = b->head_tiles * TILE, stride = width * sizeof(float), h = 0;
    float *out = b->out + row_tile * TILE * width;
    fence();
    for (; h + 4 <= b->head_tiles; h += 4, out += 4 * TILE) {
        _tile_loadd(0, out, stride);
        _tile_loadd(1, out + TILE, stride);
        _tile_loadd(2, out + 2 * TILE, stride);
        _tile_loadd(3, out + 3 * TILE, stride);
        for (size_t t = 0; t < depth_tiles; t++) {
            size_t w = t * TILE_WORDS, v = (t * b->head_tiles + h) * TILE_WORDS;
            multiply_4(b->weights.high + w, b->weights.low + w, b->v.high + v, b->v.low + v);
        }
        _tile_stored(0, out, stride);
        _tile_stored(1, out + TILE, stride);
        _tile_stored(2, out + 2 * TILE, stride);
        _tile_stored(3, out + 3 * TILE, stride);
    }
    for (; h < b->head_tiles; h++, out += TILE) {
        _tile_loadd(0, out, stride);
        for (size_t t = 0; t < depth_tiles; t++) {
            size_t w = t * TILE_WORDS, v = (t * b->head_tiles + h) * TILE_WORDS;
            multiply_1(b->weights.high + w, b->weights.low + w, b->v.high + v, b->v.low + v);
        }
        _tile_stored(0, out, stride);
    }
    fence();
}

/* ---- softmax ---- */

/* 2^x to 2e-7 for x <= 0: 2^n e^(f ln 2), the series of vector_exp with ln 2 in the coefficients. Never less than
 * 2^-126, which stands for 0 next to weights of 1: the processor needs a hundred cycles for a denormal. */
static inline __m512 power_of_2(__m512 x)
{
    x = _mm512_max_ps(_mm512_set1_ps(-126), x); /* a NaN stays */
    __m512 n = vector_round(x), f = _mm512_sub_ps(x, n);
    __m512 e = _mm512_fmadd_ps(f, _mm512_set1_ps(1.54035304e-4f), _mm512_set1_ps(1.33335581e-3f));
    e = _mm512_fmadd_ps(e, f, _mm512_set1_ps(9.61812911e-3f));
    e = _mm512_fmadd_ps(e, f, _mm512_set1_ps(5.55041087e-2f));
    e = _mm512_fmadd_ps(e, f, _mm512_set1_ps(2.40226507e-1f));
    e = _mm512_fmadd_ps(e, f, _mm512_set1_ps(6.93147181e-1f));
    e = _mm512_fmadd_ps(e, f, _mm512_set1_ps(1));
    return _mm512_scalef_ps(e, n);
}

enum { VECTORS = BLOCK_KEYS / TILE };

/* The largest score of each row, lanes in the order of the rows. Scores of keys that a row does not see become
 * -infinity first; seen is NULL when all rows see all keys. */
static inline __m512 largest_scores(float *scores, const size_t *seen)
{
    __m512 largest[TILE];
    for (size_t r = 0; r < TILE; r++, scores += BLOCK_KEYS) {
        __m512 x[VECTORS];
        uint64_t visible = seen == NULL || seen[r] >= BLOCK_KEYS ? ~UINT64_C(0) : (UINT64_C(1) << seen[r]) - 1;
#pragma GCC unroll 4
        for (size_t i = 0; i < VECTORS; i++, visible >>= TILE) {
            x[i] = _mm512_loadu_ps(scores + i * TILE);
            if (seen != NULL) {
                x[i] = _mm512_mask_mov_ps(_mm512_set1_ps(-INFINITY), (__mmask16)visible, x[i]);
                _mm512_storeu_ps(scores + i * TILE, x[i]);
            }
        }
        largest[r] = _mm512_max_ps(_mm512_max_ps(x[0], x[1]), _mm512_max_ps(x[2], x[3]));
    }
    vector_transpose(largest);
#pragma GCC unroll 4
    for (size_t half = TILE / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
        for (size_t r = 0; r < half; r++)
            largest[r] = _mm512_max_ps(largest[r], largest[r + half]);
    }
    return largest[0];
}

/* Raises the running maxima of a tile's rows; out and sum shrink accordingly. */
static inline void raise_maxima(const struct buffers *b, size_t row_tile, __m512 largest)
{
    float *maximum = b->maximum + row_tile * TILE, shrink[TILE];
    __m512 old = _mm512_loadu_ps(maximum);
    unsigned risen = _mm512_cmp_ps_mask(largest, old, _CMP_GT_OQ);
    if (risen == 0)
        return;
    _mm512_mask_storeu_ps(maximum, (__mmask16)risen, largest);
    _mm512_storeu_ps(shrink, power_of_2(_mm512_sub_ps(old, largest)));
    size_t width = b->head_tiles * TILE;
    for (; risen != 0; risen &= risen - 1) {
        size_t r = (size_t)__builtin_ctz(risen), row = row_tile * TILE + r;
        __m512 factor = _mm512_set1_ps(shrink[r]);
        for (float *out = b->out + row * width; out < b->out + (row + 1) * width; out += TILE)
            _mm512_storeu_ps(out, _mm512_mul_ps(_mm512_loadu_ps(out), factor));
        _mm512_storeu_ps(b->sum + row * TILE, _mm512_mul_ps(_mm512_loadu_ps(b->sum + row * TILE), factor));
    }
}

/* Scores of a row tile to weights, as left operand, and their sums. A row that sees nothing yet has weights of
 * 2^-126, which vanish with the first key it sees. */
static inline void softmax_tile(const struct buffers *b, size_t row_tile, const size_t *seen)
{
    raise_maxima(b, row_tile, largest_scores(b->scores, seen));
    for (size_t r = 0; r < TILE; r++) {
        size_t row = row_tile * TILE + r;
        const float *scores = b->scores + r * BLOCK_KEYS;
        /* -infinity minus -infinity would be NaN. */
        __m512 maximum = _mm512_max_ps(_mm512_set1_ps(-FLT_MAX), _mm512_set1_ps(b->maximum[row]));
        __m512 x[VECTORS];
#pragma GCC unroll 4
        for (size_t i = 0; i < VECTORS; i++)
            x[i] = power_of_2(_mm512_sub_ps(_mm512_loadu_ps(scores + i * TILE), maximum));
        __m512 sum = _mm512_add_ps(_mm512_add_ps(x[0], x[1]), _mm512_add_ps(x[2], x[3]));
        _mm512_storeu_ps(b->sum + row * TILE, _mm512_add_ps(_mm512_loadu_ps(b->sum + row * TILE), sum));
        store_weights(b->weights, r * TILE_DEPTH, x[0], x[1]);
        store_weights(b->weights, TILE_WORDS + r * TILE_DEPTH, x[2], x[3]);
    }
}

/* ---- the loops ---- */

/* Rows from the tile of first_row on meet a block of keys. */
static void attend_block(const struct attention_arguments *a, const struct buffers *b, size_t first_key, size_t keys,
                         size_t first_row)
{
    size_t row_count = a->count * a->group;
    for (size_t tile = first_row / TILE; tile * TILE < row_count; tile++) {
        size_t seen[TILE], seen_most = 0, seen_least = BLOCK_KEYS;
        for (size_t r = 0; r < TILE; r++) {
            size_t row = tile * TILE + r, visible = a->first_position + row / a->group + 1;
            seen[r] = row < row_count ? existing(at_most(visible, first_key + keys), first_key, BLOCK_KEYS) : 0;
            seen_most = seen[r] > seen_most ? seen[r] : seen_most;
            seen_least = at_most(seen_least, seen[r]);
        }
        score_tile(b, tile);
        softmax_tile(b, tile, seen_least == BLOCK_KEYS ? NULL : seen);
        value_tile(b, tile, round_up(seen_most, TILE_DEPTH) / TILE_DEPTH);
    }
}

void attention_f16__amx(const struct attention_arguments *a)
{
    size_t row_count = a->count * a->group, key_count = a->first_position + a->count;
    if (row_count < FEW_ROWS) {
        attention_f16__avx512(a);
        return;
    }
    struct buffers b = make_buffers(a);
    size_t width = b.head_tiles * TILE, padded_rows = round_up(row_count, TILE);
    for (size_t row = 0; row < padded_rows; row++)
        b.maximum[row] = -INFINITY;
    memset(b.out, 0, padded_rows * width * sizeof(float));
    memset(b.sum, 0, padded_rows * TILE * sizeof(float));
    pack_queries(a, &b);
    configure();
    for (size_t first = 0; first < key_count; first += BLOCK_KEYS) {
        size_t keys = at_most(key_count - first, BLOCK_KEYS);
        size_t query = first > a->first_position ? first - a->first_position : 0; /* the first that sees the block */
        pack_block(a, &b, first, keys);
        attend_block(a, &b, first, keys, query * a->group);
    }
    _tile_release();
    for (size_t row = 0; row < row_count; row++) {
        float *out = a->out + row / a->group * a->out_stride + row % a->group * a->head_size;
        const __m512 factor = _mm512_set1_ps(1 / _mm512_reduce_add_ps(_mm512_loadu_ps(b.sum + row * TILE)));
        for (size_t d = 0; d < a->head_size; d += TILE)
            vector_store_first(out + d, _mm512_mul_ps(_mm512_loadu_ps(b.out + row * width + d), factor),
                               existing(a->head_size, d, TILE));
    }
}
