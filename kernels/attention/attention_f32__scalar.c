/* attention_f32__scalar.c: attention over a KV cache in f32, in plain C. */
#include "kernels/attention/scalar.h"
#include <string.h>

attention_function attention_f32__scalar;

static void load(float *y, const void *x, size_t count)
{
    memcpy(y, x, count * sizeof *y);
}

void attention_f32__scalar(const struct attention_arguments *arguments)
{
    scalar_attention(arguments, load);
}
