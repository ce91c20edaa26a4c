/* matmul_q8_0__avx2.c: Y = X W^T, q8_0 weights and 8-bit activations, on VPMADDUBSW. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q8_0__avx2;

void matmul_q8_0__avx2(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = { .format = FORMAT_Q8_0, .unpack = panel_pack_q8_0_signed, .is_signed = true };
    bytes_matmul(arguments, format);
}
