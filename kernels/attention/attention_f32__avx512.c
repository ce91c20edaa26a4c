/* attention_f32__avx512.c: tiled attention over a KV cache in f32, AVX-512. */
#include "kernels/attention/tiled.h"

attention_function attention_f32__avx512;

void attention_f32__avx512(const struct attention_arguments *arguments)
{
    tiled_attention(arguments, FORMAT_F32);
}
