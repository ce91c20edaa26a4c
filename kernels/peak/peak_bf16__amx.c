/* TDPBF16PS on full tiles: 16 x 16 sums of 32 products an instruction. */
#include "kernels/peak/amx_tiles.h"
#include "kernels/peak/peak.h"

peak_compute_function peak_bf16__amx;

double peak_bf16__amx(size_t steps)
{
    peak_tiles_start(0x3f); /* 0x3f3f is 0.746 */
    for (size_t step = 0; step < steps; step++) {
        _tile_dpbf16ps(0, 6, 7);
        _tile_dpbf16ps(1, 6, 7);
        _tile_dpbf16ps(2, 6, 7);
        _tile_dpbf16ps(3, 6, 7);
        _tile_dpbf16ps(4, 6, 7);
        _tile_dpbf16ps(5, 6, 7);
    }
    return peak_tiles_finish();
}
