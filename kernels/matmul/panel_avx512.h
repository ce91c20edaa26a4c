/* panel_avx512.h: unpacks quantized weights into panels that vector and matrix units eat: 16 weight rows (outputs) side
 * by side, one a 32-bit lane, four consecutive values of the row in a lane.
 *
 * One packer a format turns one block (32 or 256 values) of 16 rows into groups of 32 values. It reads nothing outside
 * the blocks. The weights of a group are v = scale q + min with unsigned q; where a format has no minimum, min holds
 * -offset scale. The two halves of a group have equal scales except in q6_K. */
#ifndef PRONY_KERNELS_MATMUL_PANEL_AVX512_H
#define PRONY_KERNELS_MATMUL_PANEL_AVX512_H

#include "kernels/kernel.h"
#include <immintrin.h>

enum { PANEL_ROWS = 16 };

struct panel_group {
    __m512i q[8]; /* q[j], lane r: values 4j .. 4j+3 of row r */
    __m512 scale[2], min[2];
};

/* Where the same block lies in each of 16 rows. */
struct panel_rows {
    const char *row[PANEL_ROWS];
};

typedef void panel_packer(struct panel_group *groups, const struct panel_rows *rows, size_t at);

/* Rows behind the last one repeat it: their results are never stored. */
static inline struct panel_rows panel_rows(const void *w, size_t w_row_bytes, size_t count)
{
    struct panel_rows rows;
    for (size_t i = 0; i < PANEL_ROWS; i++)
        rows.row[i] = (const char *)w + (i < count ? i : count - 1) * w_row_bytes;
    return rows;
}

static inline __m512i panel_load_lanes(const struct panel_rows *rows, size_t first, size_t at)
{
    __m512i lanes = _mm512_castsi128_si512(_mm_loadu_si128((const void *)(rows->row[first] + at)));
    lanes = _mm512_inserti32x4(lanes, _mm_loadu_si128((const void *)(rows->row[first + 4] + at)), 1);
    lanes = _mm512_inserti32x4(lanes, _mm_loadu_si128((const void *)(rows->row[first + 8] + at)), 2);
    return _mm512_inserti32x4(lanes, _mm_loadu_si128((const void *)(rows->row[first + 12] + at)), 3);
}

/* 16 bytes of each row, transposed: out[j], lane r = bytes 4j .. 4j+3 of row r. */
static inline void panel_load(__m512i out[4], const struct panel_rows *rows, size_t at)
{
    __m512i a = panel_load_lanes(rows, 0, at), b = panel_load_lanes(rows, 1, at);
    __m512i c = panel_load_lanes(rows, 2, at), d = panel_load_lanes(rows, 3, at);
    __m512i ab_low = _mm512_unpacklo_epi32(a, b), ab_high = _mm512_unpackhi_epi32(a, b);
    __m512i cd_low = _mm512_unpacklo_epi32(c, d), cd_high = _mm512_unpackhi_epi32(c, d);
    out[0] = _mm512_unpacklo_epi64(ab_low, cd_low);
    out[1] = _mm512_unpackhi_epi64(ab_low, cd_low);
    out[2] = _mm512_unpacklo_epi64(ab_high, cd_high);
    out[3] = _mm512_unpackhi_epi64(ab_high, cd_high);
}

/* 4 bytes of each row. */
static inline __m512i panel_gather(const struct panel_rows *rows, size_t at)
{
    __m512i low = _mm512_loadu_si512(&rows->row[0]), high = _mm512_loadu_si512(&rows->row[8]);
    __m512i offset = _mm512_set1_epi64((long long)at);
    __m256i first = _mm512_i64gather_epi32(_mm512_add_epi64(low, offset), NULL, 1);
    __m256i last = _mm512_i64gather_epi32(_mm512_add_epi64(high, offset), NULL, 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(first), last, 1);
}

static inline __m512 panel_half_low(__m512i lanes)
{
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(lanes));
}

static inline __m512 panel_half_high(__m512i lanes)
{
    return panel_half_low(_mm512_srli_epi32(lanes, 16));
}

static inline void panel_set_scale(struct panel_group *group, __m512 scale, __m512 min)
{
    group->scale[0] = group->scale[1] = scale;
    group->min[0] = group->min[1] = min;
}

/* (x & mask) | bits */
static inline __m512i panel_and_or(__m512i x, __m512i mask, __m512i bits)
{
    return _mm512_ternarylogic_epi32(x, mask, bits, 0xEA);
}

static inline void panel_pack_q8_0(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    const __m512i sign = _mm512_set1_epi8(-128);
    __m512 scale = panel_half_low(panel_gather(rows, at));
    panel_load(group->q, rows, at + 2);
    panel_load(group->q + 4, rows, at + 18);
    for (int j = 0; j < 8; j++)
        group->q[j] = _mm512_xor_si512(group->q[j], sign);
    panel_set_scale(group, scale, _mm512_mul_ps(scale, _mm512_set1_ps(-128)));
}

static inline void panel_nibbles(__m512i q[8], const __m512i packed[4])
{
    const __m512i low = _mm512_set1_epi8(15);
    for (int j = 0; j < 4; j++) {
        q[j] = _mm512_and_si512(packed[j], low);
        q[j + 4] = _mm512_and_si512(_mm512_srli_epi16(packed[j], 4), low);
    }
}

static inline void panel_pack_q4_0(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    __m512i packed[4];
    __m512 scale = panel_half_low(panel_gather(rows, at));
    panel_load(packed, rows, at + 2);
    panel_nibbles(group->q, packed);
    panel_set_scale(group, scale, _mm512_mul_ps(scale, _mm512_set1_ps(-8)));
}

static inline void panel_pack_q4_1(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    __m512i packed[4], scales = panel_gather(rows, at);
    panel_load(packed, rows, at + 4);
    panel_nibbles(group->q, packed);
    panel_set_scale(group, panel_half_low(scales), panel_half_high(scales));
}

/* Four bits of fifth, spread to bit 4 of the four bytes of a lane, by a table of 16 lanes. */
static inline void panel_add_fifth(__m512i q[8], __m512i fifth)
{
    const __m512i spread =
        _mm512_setr_epi32(0, 0x10, 0x1000, 0x1010, 0x100000, 0x100010, 0x101000, 0x101010, 0x10000000, 0x10000010,
                          0x10001000, 0x10001010, 0x10100000, 0x10100010, 0x10101000, 0x10101010);
    for (int j = 0; j < 8; j++) {
        q[j] = _mm512_or_si512(q[j], _mm512_permutexvar_epi32(fifth, spread));
        fifth = _mm512_srli_epi32(fifth, 4);
    }
}

static inline void panel_pack_q5_0(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    __m512i packed[4];
    __m512 scale = panel_half_low(panel_gather(rows, at));
    panel_load(packed, rows, at + 6);
    panel_nibbles(group->q, packed);
    panel_add_fifth(group->q, panel_gather(rows, at + 2));
    panel_set_scale(group, scale, _mm512_mul_ps(scale, _mm512_set1_ps(-16)));
}

static inline void panel_pack_q5_1(struct panel_group *group, const struct panel_rows *rows, size_t at)
{
    __m512i packed[4], scales = panel_gather(rows, at);
    panel_load(packed, rows, at + 8);
    panel_nibbles(group->q, packed);
    panel_add_fifth(group->q, panel_gather(rows, at + 4));
    panel_set_scale(group, panel_half_low(scales), panel_half_high(scales));
}

/* Byte number index of every lane as f32. */
static inline __m512 panel_byte(__m512i lanes, int index)
{
    return _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32(lanes, 8u * (unsigned)index), _mm512_set1_epi32(255)));
}

static inline __m512 panel_signed_byte(__m512i lanes, int index)
{
    return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(lanes, 24u - 8u * (unsigned)index), 24));
}

/* The 16 bytes at the head of a q4_K or q5_K block (d, dmin, 12 bytes of 6-bit scales) as scales of its eight groups;
 * the packing is k_scale_min's (formats.h), four groups a lane. */
static inline void panel_k_scales(struct panel_group groups[8], const struct panel_rows *rows, size_t at)
{
    const __m512i six = _mm512_set1_epi8(63), four = _mm512_set1_epi8(15), two = _mm512_set1_epi8(48);
    __m512i head[4];
    panel_load(head, rows, at);
    __m512 d = panel_half_low(head[0]);
    __m512 dmin = _mm512_sub_ps(_mm512_setzero_ps(), panel_half_high(head[0]));
    __m512i sc[2], mn[2];
    sc[0] = _mm512_and_si512(head[1], six);
    mn[0] = _mm512_and_si512(head[2], six);
    sc[1] = panel_and_or(head[3], four, _mm512_and_si512(_mm512_srli_epi16(head[1], 2), two));
    mn[1] = panel_and_or(_mm512_srli_epi16(head[3], 4), four, _mm512_and_si512(_mm512_srli_epi16(head[2], 2), two));
    for (int g = 0; g < 8; g++)
        panel_set_scale(&groups[g], _mm512_mul_ps(d, panel_byte(sc[g / 4], g % 4)),
                        _mm512_mul_ps(dmin, panel_byte(mn[g / 4], g % 4)));
}

static inline void panel_pack_q4_K(struct panel_group *groups, const struct panel_rows *rows, size_t at)
{
    const __m512i low = _mm512_set1_epi8(15);
    panel_k_scales(groups, rows, at);
    for (size_t half = 0; half < 8;
         half++) { /* 16 bytes: half of one group in the low nibbles, of the next in the high */
        __m512i packed[4], *first = groups[half / 2 * 2].q + half % 2 * 4,
                           *second = groups[half / 2 * 2 + 1].q + half % 2 * 4;
        panel_load(packed, rows, at + 16 + 16 * half);
        for (int j = 0; j < 4; j++) {
            first[j] = _mm512_and_si512(packed[j], low);
            second[j] = _mm512_and_si512(_mm512_srli_epi16(packed[j], 4), low);
        }
    }
}

static inline void panel_pack_q5_K(struct panel_group *groups, const struct panel_rows *rows, size_t at)
{
    const __m512i low = _mm512_set1_epi8(15), fifth = _mm512_set1_epi8(16);
    __m512i high[8]; /* bit g of a byte is bit 4 of its value in group g */
    panel_k_scales(groups, rows, at);
    panel_load(high, rows, at + 16);
    panel_load(high + 4, rows, at + 32);
    for (size_t half = 0; half < 8; half++) {
        __m512i packed[4], *first = groups[half / 2 * 2].q + half % 2 * 4,
                           *second = groups[half / 2 * 2 + 1].q + half % 2 * 4;
        panel_load(packed, rows, at + 48 + 16 * half);
        for (int j = 0; j < 4; j++) {
            __m512i *bits = &high[half % 2 * 4 + (size_t)j];
            first[j] = panel_and_or(packed[j], low, _mm512_and_si512(_mm512_slli_epi16(*bits, 4), fifth));
            second[j] = panel_and_or(_mm512_srli_epi16(packed[j], 4), low,
                                     _mm512_and_si512(_mm512_slli_epi16(*bits, 3), fifth));
            *bits = _mm512_srli_epi16(*bits, 2);
        }
    }
}

static inline void panel_pack_q6_K(struct panel_group *groups, const struct panel_rows *rows, size_t at)
{
    const __m512i low = _mm512_set1_epi8(15), high = _mm512_set1_epi8(48);
    __m512 d = panel_half_high(panel_gather(rows, at + 206)); /* the last two bytes of the block */
    __m512i scales[4];
    panel_load(scales, rows, at + 192);
    for (int g = 0; g < 8; g++) {
        for (int half = 0; half < 2; half++) {
            __m512 scale = _mm512_mul_ps(d, panel_signed_byte(scales[g / 2], g % 2 * 2 + half));
            groups[g].scale[half] = scale;
            groups[g].min[half] = _mm512_mul_ps(scale, _mm512_set1_ps(-32));
        }
    }
    for (size_t part = 0; part < 4; part++) { /* 16 of the 32 values of the four groups in one half of the block */
        struct panel_group *group = groups + part / 2 * 4;
        size_t first = part % 2 * 4;
        __m512i even[4], odd[4], bits[4];
        panel_load(even, rows, at + part / 2 * 64 + part % 2 * 16);
        panel_load(odd, rows, at + part / 2 * 64 + part % 2 * 16 + 32);
        panel_load(bits, rows, at + 128 + part * 16);
        for (size_t j = 0; j < 4; j++) {
            group[0].q[first + j] = panel_and_or(even[j], low, _mm512_and_si512(_mm512_slli_epi16(bits[j], 4), high));
            group[1].q[first + j] = panel_and_or(odd[j], low, _mm512_and_si512(_mm512_slli_epi16(bits[j], 2), high));
            group[2].q[first + j] = panel_and_or(_mm512_srli_epi16(even[j], 4), low, _mm512_and_si512(bits[j], high));
            group[3].q[first + j] =
                panel_and_or(_mm512_srli_epi16(odd[j], 4), low, _mm512_and_si512(_mm512_srli_epi16(bits[j], 2), high));
        }
    }
}

#endif
