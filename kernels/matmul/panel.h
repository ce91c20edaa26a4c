/* panel.h: unpacks quantized weights into panels that vector and matrix units eat: 8 or 16 weight rows (outputs) side
 * by side, one a 32-bit lane, four consecutive values of the row in a lane.
 *
 * One packer a format turns one block (32 or 256 values) of these rows into groups of 32 values. It reads nothing
 * outside the blocks. The weights of a group are v = scale q + min with unsigned q; where a format has no minimum, min
 * holds -offset scale. The two halves of a group have equal scales except in q6_K. */
#ifndef PRONY_KERNELS_MATMUL_PANEL_H
#define PRONY_KERNELS_MATMUL_PANEL_H

#include "kernels/kernel.h"
#include "kernels/matmul/lanes.h"
#include <string.h>

enum { PANEL_ROWS = LANES };

struct panel_group {
    lanes_int q[8]; /* q[j], lane r: values 4j .. 4j+3 of row r */
    lanes_float scale[2], min[2];
};

/* Where each row of the panel starts. */
struct panel_rows {
    const char *row[PANEL_ROWS];
};

/* at: byte offset of the block in its row. */
typedef void panel_packer(struct panel_group *groups, const struct panel_rows *rows, size_t at);

/* Rows behind the last one repeat it: their results are never stored. */
static inline struct panel_rows panel_rows(const void *w, size_t w_row_bytes, size_t count)
{
    struct panel_rows rows;
    for (size_t i = 0; i < PANEL_ROWS; i++)
        rows.row[i] = (const char *)w + (i < count ? i : count - 1) * w_row_bytes;
    return rows;
}

/* 16 bytes of every fourth row, from row first on, one row in 128 bits. */
static inline lanes_int panel_load_rows(const struct panel_rows *rows, size_t first, size_t at)
{
    __m128i low = _mm_loadu_si128((const void *)(rows->row[first] + at));
    __m128i high = _mm_loadu_si128((const void *)(rows->row[first + 4] + at));
    __m256i pair = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
#if defined(__AVX512F__)
    __m512i all =
        _mm512_inserti32x4(_mm512_castsi256_si512(pair), _mm_loadu_si128((const void *)(rows->row[first + 8] + at)), 2);
    return _mm512_inserti32x4(all, _mm_loadu_si128((const void *)(rows->row[first + 12] + at)), 3);
#else
    return pair;
#endif
}

/* 16 bytes of each row, transposed: out[j], lane r = bytes 4j .. 4j+3 of row r. */
static inline void panel_load(lanes_int out[4], const struct panel_rows *rows, size_t at)
{
    lanes_int a = panel_load_rows(rows, 0, at), b = panel_load_rows(rows, 1, at);
    lanes_int c = panel_load_rows(rows, 2, at), d = panel_load_rows(rows, 3, at);
    lanes_int ab_low = LANES_OP(unpacklo_epi32)(a, b), ab_high = LANES_OP(unpackhi_epi32)(a, b);
    lanes_int cd_low = LANES_OP(unpacklo_epi32)(c, d), cd_high = LANES_OP(unpackhi_epi32)(c, d);
    out[0] = LANES_OP(unpacklo_epi64)(ab_low, cd_low);
    out[1] = LANES_OP(unpackhi_epi64)(ab_low, cd_low);
    out[2] = LANES_OP(unpacklo_epi64)(ab_high, cd_high);
    out[3] = LANES_OP(unpackhi_epi64)(ab_high, cd_high);
}

/* 4 bytes of each row. A gather instruction measured no faster, and is slow on many CPUs. */
static inline lanes_int panel_gather(const struct panel_rows *rows, size_t at)
{
    union {
        int32_t lane[PANEL_ROWS];
        lanes_int lanes;
    } bytes;
    for (size_t i = 0; i < PANEL_ROWS; i++)
        memcpy(&bytes.lane[i], rows->row[i] + at, sizeof bytes.lane[i]);
    return bytes.lanes;
}

/* The lower 16 bits of every lane as a half. */
static inline lanes_float panel_half_low(lanes_int lanes)
{
#if defined(__AVX512F__)
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(lanes));
#else
    __m256i words = _mm256_and_si256(lanes, _mm256_set1_epi32(0xffff));
    return _mm256_cvtph_ps(_mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
#endif
}

static inline lanes_float panel_half_high(lanes_int lanes)
{
    return panel_half_low(lanes_right(lanes, 16));
}

static inline void panel_set_scale(struct panel_group *group, lanes_float scale, lanes_float min)
{
    group->scale[0] = group->scale[1] = scale;
    group->min[0] = group->min[1] = min;
}

/* As they are, signed: min is not set. */
static inline void panel_pack_q8_0_signed(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    group->scale[0] = group->scale[1] = panel_half_low(panel_gather(rows, at));
    panel_load(group->q, rows, at + 2);
    panel_load(group->q + 4, rows, at + 18);
}

static inline void panel_pack_q8_0(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    panel_pack_q8_0_signed(group, rows, at);
    for (int j = 0; j < 8; j++)
        group->q[j] = lanes_xor(group->q[j], LANES_OP(set1_epi8)(-128));
    group->min[0] = group->min[1] = LANES_OP(mul_ps)(group->scale[0], LANES_OP(set1_ps)(-128));
}

static inline void panel_nibbles(lanes_int q[8], const lanes_int packed[4])
{
    const lanes_int low = LANES_OP(set1_epi8)(15);
    for (int j = 0; j < 4; j++) {
        q[j] = lanes_and(packed[j], low);
        q[j + 4] = lanes_and(LANES_OP(srli_epi16)(packed[j], 4), low);
    }
}

static inline void panel_pack_q4_0(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    lanes_int packed[4];
    lanes_float scale = panel_half_low(panel_gather(rows, at));
    panel_load(packed, rows, at + 2);
    panel_nibbles(group->q, packed);
    panel_set_scale(group, scale, LANES_OP(mul_ps)(scale, LANES_OP(set1_ps)(-8)));
}

static inline void panel_pack_q4_1(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    lanes_int packed[4], scales = panel_gather(rows, at);
    panel_load(packed, rows, at + 4);
    panel_nibbles(group->q, packed);
    panel_set_scale(group, panel_half_low(scales), panel_half_high(scales));
}

/* The low four bits of every lane, one each as bit 4 of the lane's bytes. */
static inline lanes_int panel_spread_bits(lanes_int bits)
{
#if defined(__AVX512F__)
    const __m512i spread =
        _mm512_setr_epi32(0, 0x10, 0x1000, 0x1010, 0x100000, 0x100010, 0x101000, 0x101010, 0x10000000, 0x10000010,
                          0x10001000, 0x10001010, 0x10100000, 0x10100010, 0x10101000, 0x10101010);
    return _mm512_permutexvar_epi32(bits, spread);
#else
    __m256i copies = _mm256_mullo_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(15)), _mm256_set1_epi32(0x02040810));
    return _mm256_and_si256(copies, _mm256_set1_epi32(0x10101010));
#endif
}

static inline void panel_add_fifth(lanes_int q[8], lanes_int fifth)
{
    for (int j = 0; j < 8; j++) {
        q[j] = lanes_or(q[j], panel_spread_bits(fifth));
        fifth = lanes_right(fifth, 4);
    }
}

static inline void panel_pack_q5_0(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    lanes_int packed[4];
    lanes_float scale = panel_half_low(panel_gather(rows, at));
    panel_load(packed, rows, at + 6);
    panel_nibbles(group->q, packed);
    panel_add_fifth(group->q, panel_gather(rows, at + 2));
    panel_set_scale(group, scale, LANES_OP(mul_ps)(scale, LANES_OP(set1_ps)(-16)));
}

static inline void panel_pack_q5_1(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    lanes_int packed[4], scales = panel_gather(rows, at);
    panel_load(packed, rows, at + 8);
    panel_nibbles(group->q, packed);
    panel_add_fifth(group->q, panel_gather(rows, at + 4));
    panel_set_scale(group, panel_half_low(scales), panel_half_high(scales));
}

/* Byte number index of every lane as f32; index is a constant after inlining. */
static inline lanes_float panel_byte(lanes_int lanes, int index)
{
    lanes_int byte = lanes_and(lanes_right(lanes, 8 * index), LANES_OP(set1_epi32)(255));
    return LANES_OP(cvtepi32_ps)(byte);
}

static inline lanes_float panel_signed_byte(lanes_int lanes, int index)
{
    lanes_int high = lanes_left(lanes, 24 - 8 * index);
    return LANES_OP(cvtepi32_ps)(LANES_OP(srai_epi32)(high, 24));
}

/* The 16 bytes at the head of a q4_K or q5_K block (d, dmin, 12 bytes of 6-bit scales) as scales of its eight groups;
 * the packing is k_scale_min's (formats.h), four groups a lane. */
static inline void panel_k_scales(struct panel_group groups[8], const struct panel_rows *rows, size_t at)
{
    const lanes_int six = LANES_OP(set1_epi8)(63), four = LANES_OP(set1_epi8)(15), two = LANES_OP(set1_epi8)(48);
    lanes_int head[4];
    panel_load(head, rows, at);
    lanes_float d = panel_half_low(head[0]);
    lanes_float dmin = LANES_OP(sub_ps)(LANES_OP(setzero_ps)(), panel_half_high(head[0]));
    lanes_int sc[2], mn[2];
    sc[0] = lanes_and(head[1], six);
    mn[0] = lanes_and(head[2], six);
    sc[1] = lanes_and_or(head[3], four, lanes_and(LANES_OP(srli_epi16)(head[1], 2), two));
    mn[1] = lanes_and_or(LANES_OP(srli_epi16)(head[3], 4), four, lanes_and(LANES_OP(srli_epi16)(head[2], 2), two));
    for (int g = 0; g < 8; g++)
        panel_set_scale(&groups[g], LANES_OP(mul_ps)(d, panel_byte(sc[g / 4], g % 4)),
                        LANES_OP(mul_ps)(dmin, panel_byte(mn[g / 4], g % 4)));
}

static inline void panel_pack_q4_K(struct panel_group *groups, const struct panel_rows *rows, size_t at)
{
    const lanes_int low = LANES_OP(set1_epi8)(15);
    panel_k_scales(groups, rows, at);
    for (size_t half = 0; half < 8;
         half++) { /* 16 bytes: half of one group in the low nibbles, of the next in the high */
        lanes_int packed[4], *first = groups[half / 2 * 2].q + half % 2 * 4,
                             *second = groups[half / 2 * 2 + 1].q + half % 2 * 4;
        panel_load(packed, rows, at + 16 + 16 * half);
        for (int j = 0; j < 4; j++) {
            first[j] = lanes_and(packed[j], low);
            second[j] = lanes_and(LANES_OP(srli_epi16)(packed[j], 4), low);
        }
    }
}

static inline void panel_pack_q5_K(struct panel_group *groups, const struct panel_rows *rows, size_t at)
{
    const lanes_int low = LANES_OP(set1_epi8)(15), fifth = LANES_OP(set1_epi8)(16);
    lanes_int high[8]; /* bit g of a byte is bit 4 of its value in group g */
    panel_k_scales(groups, rows, at);
    panel_load(high, rows, at + 16);
    panel_load(high + 4, rows, at + 32);
    for (size_t half = 0; half < 8; half++) {
        lanes_int packed[4], *first = groups[half / 2 * 2].q + half % 2 * 4,
                             *second = groups[half / 2 * 2 + 1].q + half % 2 * 4;
        panel_load(packed, rows, at + 48 + 16 * half);
        for (int j = 0; j < 4; j++) {
            lanes_int *bits = &high[half % 2 * 4 + (size_t)j];
            first[j] = lanes_and_or(packed[j], low, lanes_and(LANES_OP(slli_epi16)(*bits, 4), fifth));
            second[j] =
                lanes_and_or(LANES_OP(srli_epi16)(packed[j], 4), low, lanes_and(LANES_OP(slli_epi16)(*bits, 3), fifth));
            *bits = LANES_OP(srli_epi16)(*bits, 2);
        }
    }
}

static inline void panel_pack_q6_K(struct panel_group *groups, const struct panel_rows *rows, size_t at)
{
    const lanes_int low = LANES_OP(set1_epi8)(15), high = LANES_OP(set1_epi8)(48);
    lanes_float d = panel_half_high(panel_gather(rows, at + 206)); /* the last two bytes of the block */
    lanes_int scales[4];
    panel_load(scales, rows, at + 192);
    for (int g = 0; g < 8; g++) {
        for (int half = 0; half < 2; half++) {
            lanes_float scale = LANES_OP(mul_ps)(d, panel_signed_byte(scales[g / 2], g % 2 * 2 + half));
            groups[g].scale[half] = scale;
            groups[g].min[half] = LANES_OP(mul_ps)(scale, LANES_OP(set1_ps)(-32));
        }
    }
    for (size_t part = 0; part < 4; part++) { /* 16 of the 32 values of the four groups in one half of the block */
        struct panel_group *group = groups + part / 2 * 4;
        size_t first = part % 2 * 4;
        lanes_int even[4], odd[4], bits[4];
        panel_load(even, rows, at + part / 2 * 64 + part % 2 * 16);
        panel_load(odd, rows, at + part / 2 * 64 + part % 2 * 16 + 32);
        panel_load(bits, rows, at + 128 + part * 16);
        for (size_t j = 0; j < 4; j++) {
            group[0].q[first + j] = lanes_and_or(even[j], low, lanes_and(LANES_OP(slli_epi16)(bits[j], 4), high));
            group[1].q[first + j] = lanes_and_or(odd[j], low, lanes_and(LANES_OP(slli_epi16)(bits[j], 2), high));
            group[2].q[first + j] = lanes_and_or(LANES_OP(srli_epi16)(even[j], 4), low, lanes_and(bits[j], high));
            group[3].q[first + j] =
                lanes_and_or(LANES_OP(srli_epi16)(odd[j], 4), low, lanes_and(LANES_OP(srli_epi16)(bits[j], 2), high));
        }
    }
}

#endif
