/* matmul_q8_0__avxvnni.c: Y = X W^T, q8_0 weights and 8-bit activations, on VPDPBUSD with 256 bits. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q8_0__avxvnni;

void matmul_q8_0__avxvnni(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = { .format = FORMAT_Q8_0, .unpack = panel_pack_q8_0, .offset = 128 };
    bytes_matmul(arguments, format);
}
