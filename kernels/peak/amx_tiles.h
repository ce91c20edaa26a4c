/* amx_tiles.h: eight full tiles (16 rows of 64 bytes): 0 to 5 sums, 6 and 7 operands. Six chains cover the
 * latency of the tile unit (52 cycles) at its rate (one instruction in 16). */
#ifndef PRONY_KERNELS_PEAK_AMX_TILES_H
#define PRONY_KERNELS_PEAK_AMX_TILES_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/* Memory layout of LDTILECFG's operand. */
struct peak_tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static inline void peak_tiles_start(int operand_byte)
{
    struct peak_tile_config config = { .palette = 1 };
    _Alignas(64) unsigned char operand[16 * 64];
    memset(operand, operand_byte, sizeof operand);
    for (int i = 0; i < 8; i++) {
        config.rows[i] = 16;
        config.row_bytes[i] = 64;
    }
    /* gcc's intrinsics do not say that they read memory behind their pointers: without this the stores are dead. */
    __asm__ volatile("" : : "r"(&config), "r"(operand) : "memory");
    _tile_loadconfig(&config);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_loadd(6, operand, 64);
    _tile_loadd(7, operand, 64);
}

/* Stores all sums, so that none of them is computed in vain. */
static inline double peak_tiles_finish(void)
{
    _Alignas(64) uint32_t sums[6][16 * 16];
    double total = 0;
    _tile_stored(0, sums[0], 64);
    _tile_stored(1, sums[1], 64);
    _tile_stored(2, sums[2], 64);
    _tile_stored(3, sums[3], 64);
    _tile_stored(4, sums[4], 64);
    _tile_stored(5, sums[5], 64);
    __asm__ volatile("" : : "r"(sums) : "memory"); /* as above: they write, too */
    _tile_release();
    for (int i = 0; i < 6; i++)
        total += sums[i][0];
    return total;
}

#endif
