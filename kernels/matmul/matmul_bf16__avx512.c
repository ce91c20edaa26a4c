/* matmul_bf16__avx512.c: Y = X W^T, bf16 weights and f32 activations. */
#include "kernels/matmul/fma.h"

matmul_function matmul_bf16__avx512;

static inline lanes_float load(const void *numbers)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(numbers)), 16));
}

static void pack(float (*panel)[FMA_PANEL_ROWS], const struct panel_rows *rows, size_t start, size_t cols)
{
    fma_pack_numbers(panel, rows, start, cols, sizeof(uint16_t), load);
}

void matmul_bf16__avx512(const struct matmul_arguments *arguments)
{
    fma_matmul(arguments, pack);
}
