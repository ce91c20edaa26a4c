/* attention_f16__scalar.c: attention over a KV cache in f16, in plain C. */
#include "kernels/attention/scalar.h"

attention_function attention_f16__scalar;

static void load(float *y, const void *x, size_t count)
{
    const uint16_t *half = x;
    for (size_t i = 0; i < count; i++)
        y[i] = half_to_float(half[i]);
}

void attention_f16__scalar(const struct attention_arguments *arguments)
{
    scalar_attention(arguments, load);
}
