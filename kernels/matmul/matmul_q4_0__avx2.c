/* matmul_q4_0__avx2.c: Y = X W^T, q4_0 weights and 8-bit activations, on VPMADDUBSW. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q4_0__avx2;

void matmul_q4_0__avx2(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = { .format = FORMAT_Q4_0, .unpack = panel_pack_q4_0, .offset = 8 };
    bytes_matmul(arguments, format);
}
