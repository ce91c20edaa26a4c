/* formats.h: how numbers lie in memory: tensor formats as GGUF files store them, and the activation formats that
 * kernels read. Block layouts follow the GGML formats (ggml-org/ggml, docs/gguf.md and the quantization PRs); all
 * little-endian, "half" is IEEE binary16 kept as uint16_t. */
#ifndef PRONY_KERNELS_FORMATS_H
#define PRONY_KERNELS_FORMATS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum tensor_format {
    FORMAT_F32,
    FORMAT_F16,
    FORMAT_BF16,
    FORMAT_Q8_0,
    FORMAT_Q4_0,
    FORMAT_Q4_1,
    FORMAT_Q5_0,
    FORMAT_Q5_1,
    FORMAT_Q4_K,
    FORMAT_Q5_K,
    FORMAT_Q6_K,
    FORMAT_COUNT
};

/* 32 values a block. */
struct block_q8_0 {
    uint16_t d;
    int8_t q[32];
}; /* v = d q */
struct block_q4_0 {
    uint16_t d;
    uint8_t q[16];
}; /* v = d (q - 8); low nibble j, high j+16 */
struct block_q4_1 {
    uint16_t d, m;
    uint8_t q[16];
}; /* v = d q + m */
struct block_q5_0 {
    uint16_t d;
    uint8_t qh[4];
    uint8_t q[16];
}; /* v = d (q - 16); bit j of qh is bit 4 */
struct block_q5_1 {
    uint16_t d, m;
    uint8_t qh[4];
    uint8_t q[16];
}; /* v = d q + m */
/* 256 values a block; scales: eight 6-bit scales and eight 6-bit minimums packed into 12 bytes. */
struct block_q4_K {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t q[128];
}; /* v = d sc q - dmin mn, groups of 32 */
struct block_q5_K {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t qh[32];
    uint8_t q[128];
};
struct block_q6_K {
    uint8_t ql[128];
    uint8_t qh[64];
    int8_t scales[16];
    uint16_t d;
}; /* v = d sc (q - 32), groups of 16 */

static_assert(sizeof(struct block_q8_0) == 34, "q8_0");
static_assert(sizeof(struct block_q4_0) == 18, "q4_0");
static_assert(sizeof(struct block_q4_1) == 20, "q4_1");
static_assert(sizeof(struct block_q5_0) == 22, "q5_0");
static_assert(sizeof(struct block_q5_1) == 24, "q5_1");
static_assert(sizeof(struct block_q4_K) == 144, "q4_K");
static_assert(sizeof(struct block_q5_K) == 176, "q5_K");
static_assert(sizeof(struct block_q6_K) == 210, "q6_K");

struct format_info {
    const char *name;    /* "q4_K", as in GGUF tools */
    uint32_t gguf_type;  /* ggml_type number in a GGUF file */
    size_t block_values; /* values a block: 1, 32 or 256 */
    size_t block_bytes;
};

/* Indexed by enum tensor_format (formats.c). */
extern const struct format_info format_table[FORMAT_COUNT];

/* FORMAT_COUNT when there is no such format here. */
enum tensor_format format_from_gguf(uint32_t gguf_type);
enum tensor_format format_from_name(const char *name);

/* Bytes of one row of cols values; cols must be a multiple of block_values. */
static inline size_t format_row_bytes(enum tensor_format format, size_t cols)
{
    return cols / format_table[format].block_values * format_table[format].block_bytes;
}

/* Activations: what a matrix kernel wants its input rows converted to by an "act" kernel.
 *
 * ACT_F32   f32 x[cols], no conversion, used in place.
 * ACT_Q8    one row is one contiguous buffer of act_row_bytes(ACT_Q8, cols) bytes, 64-byte aligned, in three parts:
 *             int8_t  q[P]      P = cols rounded up to 64; values beyond cols are 0
 *             float   d[P/32]   x[i] ~ d[i/32] q[i], d = max|x| / 127 of the group of 32
 *             int32_t sum[P/16] sum of q over each group of 16
 * ACT_BF16  uint16_t x[P], P = cols rounded up to 64, round to nearest even; values beyond cols are 0. */
enum act_format { ACT_F32, ACT_Q8, ACT_BF16, ACT_COUNT };

static inline size_t act_padded_cols(size_t cols)
{
    return (cols + 63) / 64 * 64;
}

static inline size_t act_row_bytes(enum act_format format, size_t cols)
{
    size_t padded = act_padded_cols(cols);
    switch (format) {
    case ACT_Q8: return (padded + padded / 32 * 4 + padded / 16 * 4 + 63) / 64 * 64;
    case ACT_BF16: return padded * 2;
    default: return cols * 4;
    }
}

static inline const float *act_q8_scales(const void *row, size_t cols)
{
    return (const float *)(const void *)((const char *)row + act_padded_cols(cols));
}

static inline const int32_t *act_q8_sums(const void *row, size_t cols)
{
    return (const int32_t *)(const void *)((const char *)row + act_padded_cols(cols) + act_padded_cols(cols) / 32 * 4);
}

/* Scalar conversions, exact (round to nearest even towards the 16-bit formats). */
float half_to_float(uint16_t half);
uint16_t float_to_half(float value);

static inline float bf16_to_float(uint16_t value)
{
    union {
        uint32_t u;
        float f;
    } bits = { .u = (uint32_t)value << 16 };
    return bits.f;
}

uint16_t float_to_bf16(float value);

/* Scale sc and minimum mn of group 0..7 from the 12 packed bytes of q4_K and q5_K. */
static inline void k_scale_min(const uint8_t scales[12], int group, int *sc, int *mn)
{
    if (group < 4) {
        *sc = scales[group] & 63;
        *mn = scales[group + 4] & 63;
    } else {
        *sc = (scales[group + 4] & 15) | ((scales[group - 4] >> 6) << 4);
        *mn = (scales[group + 4] >> 4) | ((scales[group] >> 6) << 4);
    }
}

#endif
