/* matmul_q5_K__avxvnni.c: Y = X W^T, q5_K weights and 8-bit activations, on VPDPBUSD with 256 bits. */
#include "kernels/matmul/bytes.h"

matmul_function matmul_q5_K__avxvnni;

void matmul_q5_K__avxvnni(const struct matmul_arguments *arguments)
{
    const struct bytes_format format = { .format = FORMAT_Q5_K, .unpack = panel_pack_q5_K, .offset = 0 };
    bytes_matmul(arguments, format);
}
