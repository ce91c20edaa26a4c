/* spans.h: one thread's marks inside a forward pass that is traced. Private to engines/native.
 *
 * Marks cut the time of a thread into spans without gaps: each ends where the next begins. Work is noted in between,
 * and goes to the span that the next mark ends. A pass that is not traced has no recorder, and pays one branch a mark.
 */
#ifndef PRONY_NATIVE_SPANS_H
#define PRONY_NATIVE_SPANS_H

#include "engines/engine.h"
#include "kernels/kernel.h"

struct recorder {
    struct engine_lane *lane;
    int64_t last_ns;
    uint64_t bytes, flops;
    uint32_t rows;
    int16_t layer;
    bool is_first; /* thread 0: notes what every thread does for itself, but counts once */
};

/* Ends a span now. */
void recorder_mark(struct recorder *recorder, enum engine_operation operation);

static inline void recorder_note(struct recorder *recorder, uint64_t bytes, uint64_t flops, size_t rows)
{
    recorder->bytes += bytes;
    recorder->flops += flops;
    recorder->rows += (uint32_t)rows;
}

#endif
