/* attention_f16__avx2.c: tiled attention over a KV cache in f16, AVX2. */
#include "kernels/attention/tiled.h"

attention_function attention_f16__avx2;

void attention_f16__avx2(const struct attention_arguments *arguments)
{
    tiled_attention(arguments, FORMAT_F16);
}
