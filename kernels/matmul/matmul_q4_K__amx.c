/* matmul_q4_K__amx.c: Y = X W^T, q4_K weights unpacked to bf16 panels, on the AMX unit. */
#include "kernels/matmul/amx_quantized.h"

matmul_function matmul_q4_K__amx;

static void pack(char *tiles, const void *w, size_t w_row_bytes, size_t rows, size_t start, size_t cols)
{
    amx_pack_quantized(tiles, w, w_row_bytes, rows, start, cols, FORMAT_Q4_K, panel_pack_q4_K);
}

void matmul_q4_K__amx(const struct matmul_arguments *arguments)
{
    amx_matmul(arguments, pack);
}
