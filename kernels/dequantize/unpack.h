/* unpack.h: the bits of quantized blocks as small integers, in plain C.
 *
 * The one place that says in which order each format packs its values; the scalar rows of dequantize and matvec are
 * built on it, and the vector rows are tested against those. The integers are what the scale multiplies: offsets
 * (q4_0: 8, q5_0: 16, q6_K: 32) are subtracted. */
#ifndef PRONY_KERNELS_DEQUANTIZE_UNPACK_H
#define PRONY_KERNELS_DEQUANTIZE_UNPACK_H

#include "kernels/formats.h"

static inline void unpack_nibbles(int8_t q[32], const uint8_t packed[16], int offset)
{
    for (int i = 0; i < 16; i++) {
        q[i] = (int8_t)((packed[i] & 15) - offset);
        q[i + 16] = (int8_t)((packed[i] >> 4) - offset);
    }
}

/* qh is a little-endian word whose bit i is bit 4 of value i. */
static inline void unpack_nibbles_bit4(int8_t q[32], const uint8_t packed[16], const uint8_t qh[4], int offset)
{
    for (int i = 0; i < 16; i++) {
        int low_bit = (qh[i / 8] >> (i % 8)) & 1;
        int high_bit = (qh[2 + i / 8] >> (i % 8)) & 1;
        q[i] = (int8_t)(((packed[i] & 15) | (low_bit << 4)) - offset);
        q[i + 16] = (int8_t)(((packed[i] >> 4) | (high_bit << 4)) - offset);
    }
}

/* Each run of 32 bytes holds two groups of 32: the low nibbles, then the high ones. */
static inline void unpack_q4_K(int8_t q[256], const struct block_q4_K *block)
{
    for (int i = 0; i < 128; i++) {
        int at = i / 32 * 64 + i % 32;
        q[at] = (int8_t)(block->q[i] & 15);
        q[at + 32] = (int8_t)(block->q[i] >> 4);
    }
}

/* As q4_K; bit g of qh[i] is bit 4 of value i of group g. */
static inline void unpack_q5_K(int8_t q[256], const struct block_q5_K *block)
{
    for (int i = 0; i < 128; i++) {
        int at = i / 32 * 64 + i % 32, group = i / 32 * 2;
        int bits = block->qh[i % 32] >> group;
        q[at] = (int8_t)((block->q[i] & 15) | ((bits & 1) << 4));
        q[at + 32] = (int8_t)((block->q[i] >> 4) | ((bits & 2) << 3));
    }
}

/* Two halves of 128 values; in a half, quarters of 32: low nibbles of ql[0..31], of ql[32..63], then the high nibbles;
 * the quarter's number says which two bits of qh are its bits 4 and 5. */
static inline void unpack_q6_K(int8_t q[256], const struct block_q6_K *block)
{
    for (int i = 0; i < 256; i++) {
        int half = i / 128, quarter = i % 128 / 32, at = i % 32;
        int low = block->ql[half * 64 + quarter % 2 * 32 + at] >> (quarter / 2 * 4);
        int high = block->qh[half * 32 + at] >> (quarter * 2);
        q[i] = (int8_t)(((low & 15) | ((high & 3) << 4)) - 32);
    }
}

#endif
