/* amx_quantized.h: from the unpacked groups of panel.h to the bf16 tiles of amx.h.
 *
 * v = scale q + min is one fused multiply-add a value: q, sitting in a byte, becomes the float magic + q by setting the
 * exponent bits around it, and min - magic scale is the addend. */
#ifndef PRONY_KERNELS_MATMUL_AMX_QUANTIZED_H
#define PRONY_KERNELS_MATMUL_AMX_QUANTIZED_H

#include "kernels/matmul/amx.h"
#include "kernels/matmul/panel.h"

/* Where q must sit for the trick: 7 bits at bit 16 of the float 128 + q, or 8 bits at bit 8 of 32768 + q. */
struct amx_magic {
    int bit;
    uint32_t bits;
    float value;
};

static inline __m512 amx_value(__m512i lanes, int byte, struct amx_magic magic, __m512 scale, __m512 addend)
{
    int shift = magic.bit - 8 * byte;
    __m512i q = shift >= 0 ? _mm512_slli_epi32(lanes, (unsigned)shift) : _mm512_srli_epi32(lanes, (unsigned)-shift);
    q = lanes_and_or(q, _mm512_set1_epi32(255 << magic.bit), _mm512_set1_epi32((int)magic.bits));
    return _mm512_fmadd_ps(_mm512_castsi512_ps(q), scale, addend);
}

/* The bf16 roundings of even and odd k, side by side in the lanes of their output. */
static inline __m512i amx_pair(__m512 even, __m512 odd)
{
    const __m512i interleave = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,
                                                6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(interleave, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}

static inline void amx_store_group(char *tile, const struct panel_group *group, struct amx_magic magic)
{
    for (int half = 0; half < 2; half++) {
        __m512 scale = group->scale[half];
        __m512 addend = _mm512_fnmadd_ps(_mm512_set1_ps(magic.value), scale, group->min[half]);
        for (int j = 4 * half; j < 4 * half + 4; j++) {
            __m512i q = group->q[j];
            __m512 v0 = amx_value(q, 0, magic, scale, addend), v1 = amx_value(q, 1, magic, scale, addend);
            __m512 v2 = amx_value(q, 2, magic, scale, addend), v3 = amx_value(q, 3, magic, scale, addend);
            _mm512_store_si512(tile + 128 * j, amx_pair(v0, v1));
            _mm512_store_si512(tile + 128 * j + 64, amx_pair(v2, v3));
        }
    }
}

static inline void amx_pack_quantized(char *tiles, const void *w, size_t w_row_bytes, size_t row_count, size_t start,
                                      size_t cols, enum tensor_format format, panel_packer *unpack)
{
    const struct amx_magic narrow = { 16, 0x43000000, 128 }, wide = { 8, 0x47000000, 32768 };
    const size_t block_values = format == FORMAT_Q4_K || format == FORMAT_Q5_K || format == FORMAT_Q6_K ? 256 : 32;
    const size_t block_bytes = format_table[format].block_bytes;
    struct panel_rows rows = panel_rows(w, w_row_bytes, row_count);
    for (size_t k = 0; k < cols; k += block_values) {
        struct panel_group groups[8];
        unpack(groups, &rows, (start + k) / block_values * block_bytes);
        for (size_t g = 0; g < block_values / 32; g++, tiles += AMX_TILE_BYTES)
            amx_store_group(tiles, &groups[g], format == FORMAT_Q8_0 ? wide : narrow);
    }
}

#endif
