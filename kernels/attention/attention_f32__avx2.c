/* attention_f32__avx2.c: tiled attention over a KV cache in f32, AVX2. */
#include "kernels/attention/tiled.h"

attention_function attention_f32__avx2;

void attention_f32__avx2(const struct attention_arguments *arguments)
{
    tiled_attention(arguments, FORMAT_F32);
}
