/* memcpy: the C library chooses the widest moves itself. */
#include "kernels/peak/peak.h"
#include <string.h>

peak_stream_function peak_copy__scalar;

double peak_copy__scalar(float *a, const float *b, const float *c, size_t count)
{
    (void)c;
    memcpy(a, b, count * sizeof *a);
    return (double)a[0];
}
