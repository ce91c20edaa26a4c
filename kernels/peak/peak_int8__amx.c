/* TDPBSSD on full tiles: 16 x 16 sums of 64 products an instruction. */
#include "kernels/peak/amx_tiles.h"
#include "kernels/peak/peak.h"

peak_compute_function peak_int8__amx;

double peak_int8__amx(size_t steps)
{
    peak_tiles_start(0x3f); /* 63 */
    for (size_t step = 0; step < steps; step++) {
        _tile_dpbssd(0, 6, 7);
        _tile_dpbssd(1, 6, 7);
        _tile_dpbssd(2, 6, 7);
        _tile_dpbssd(3, 6, 7);
        _tile_dpbssd(4, 6, 7);
        _tile_dpbssd(5, 6, 7);
    }
    return peak_tiles_finish();
}
