/* matmul_q8_0__avx512vnni.c: Y = X W^T, q8_0 weights and 8-bit activations, on VPDPBUSD with 512 bits. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q8_0__avx512vnni;

void matmul_q8_0__avx512vnni(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = { .format = FORMAT_Q8_0, .unpack = panel_pack_q8_0, .offset = 128 };
    bytes_matmul(arguments, format);
}
