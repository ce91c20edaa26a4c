/* kernel_time.h: how fast the kernels that a span names are by themselves, as the kernels suite measured them.
 *
 * A span names the kernels that the engine chose ("matvec/q8_0/avx2/rows:896/cols:4864"). What stands for one is the
 * same variant at the nearest shape that the suite measured. Where a span tells no instruction set, it is the fastest
 * variant, by its flop/s of CPU time. */
#ifndef PRONY_JUDGE_KERNEL_TIME_H
#define PRONY_JUDGE_KERNEL_TIME_H

#include "harness/base/arena.h"
#include "harness/store/store.h"

struct kernel_time {
    size_t index;            /* of the case; the count of cases = none was measured */
    double flops_per_second; /* NaN = none */
    bool is_near;            /* of the nearest shape, not of this one */
};
struct kernel_time kernel_time_find(const char *kernel, const struct store_case *cases, size_t count);

/* The kernels that a span names, one after the other: false when there are no more. *rest begins as span->kernels. */
bool kernel_time_next(const char **rest, const char **kernel, struct arena *arena);
/* Arithmetic of one call of a kernel of this span. A product's follows from its name; of one that is alone in its span,
 * the span's flops do. NaN = not known. */
double kernel_time_flops(const struct store_span *span, const char *kernel);

/* Time of one call of all kernels of a span, alone on one thread; NaN where one of them was not measured. *is_near is
 * set where one is of another shape, else left alone. */
double kernel_time_of_span(const struct store_span *span, const struct store_case *cases, size_t count, bool *is_near,
                           struct arena *arena);

/* "PART/model/format/layer/tokens:N/threads:T" of the layers suite, for a case of a whole model. In the arena. */
const char *kernel_time_layer_name(const char *whole, const char *part, struct arena *arena);

#endif
