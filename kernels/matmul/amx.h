/* amx.h: the tiled matrix product on the AMX unit, for weights of any format that a packer turns into bf16.
 *
 * A panel of weight rows is unpacked to bf16 in the tile layout of the right operand of TDPBF16PS (pairs of k in 32-bit
 * lanes, 16 outputs a tile row) and then met by all activation rows, so that unpacking is paid once a call. Loops, from
 * the outside: AMX_PANEL_ROWS outputs, AMX_PANEL_COLS of k (the packed panel stays in L2), 32 activation rows,
 * AMX_BLOCK_STEPS tiles of k (32 activation rows of that stay in L1), 32 outputs. The innermost holds 2 x 2 accumulator
 * tiles, so each tile loaded is used twice; weights are loaded as a stream, which leaves the activations in L1.
 * Sums are f32; from one part of k to the next they go through y. */
#ifndef PRONY_KERNELS_MATMUL_AMX_H
#define PRONY_KERNELS_MATMUL_AMX_H

#include "kernels/kernel.h"
#include "kernels/matmul/scratch.h"
#include <immintrin.h>
#include <string.h>

enum {
    AMX_PANEL_ROWS = 256,
    AMX_PANEL_COLS = 1024,
    AMX_BLOCK_STEPS = 8,
    AMX_TILE = 16,        /* rows and 32-bit columns of a tile */
    AMX_TILE_COLS = 32,   /* k of a tile */
    AMX_TILE_BYTES = 1024 /* of a packed weight tile */
};

/* Unpacks tiles for 16 rows, starting at k = start, cols of k (both multiples of the format's block). */
typedef void amx_packer(char *tiles, const void *w, size_t w_row_bytes, size_t rows, size_t start, size_t cols);

static_assert(AMX_PANEL_ROWS * AMX_PANEL_COLS * 2 <= MATMUL_SCRATCH_AMX, "kernels/matmul/scratch.h");

/* Memory layout of LDTILECFG's operand. */
struct amx_config {
    uint8_t palette, start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* Tiles: 0..3 sums (0 1 of the upper 16 activation rows, 2 3 of the lower), 4 5 activations, 6 7 weights. */
static inline void amx_configure(size_t m, size_t n)
{
    struct amx_config config = { .palette = 1 };
    const size_t tile_m[2] = { m < AMX_TILE ? m : AMX_TILE, m < AMX_TILE ? 0 : m - AMX_TILE };
    const size_t tile_n[2] = { n < AMX_TILE ? n : AMX_TILE, n < AMX_TILE ? 0 : n - AMX_TILE };
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < 2; j++) {
            config.rows[2 * i + j] = (uint8_t)tile_m[i];
            config.row_bytes[2 * i + j] = (uint16_t)(4 * tile_n[j]);
        }
        config.rows[4 + i] = (uint8_t)tile_m[i];
        config.row_bytes[4 + i] = tile_m[i] ? 64 : 0;
        config.rows[6 + i] = tile_n[i] ? AMX_TILE : 0;
        config.row_bytes[6 + i] = (uint16_t)(4 * tile_n[i]);
    }
    for (size_t i = 0; i < 8; i++) { /* an unused tile has neither rows nor columns */
        if (config.rows[i] == 0)
            config.row_bytes[i] = 0;
        if (config.row_bytes[i] == 0)
            config.rows[i] = 0;
    }
    /* gcc 12 declares that the instruction reads 8 bytes of the 64, and may drop the stores to the others. */
    __asm__ volatile("" : : "r"(&config) : "memory");
    _tile_loadconfig(&config);
}

/* The compiler does not know what memory the tile intrinsics touch: its own loads and stores must not move past. */
static inline void amx_fence(void)
{
    __asm__ volatile("" ::: "memory");
}

/* One block of at most 32 x 32 results: y = or += x w over tiles of k. w1 is unused where there are 16 outputs. */
struct amx_block {
    float *y;
    size_t y_stride; /* bytes */
    const char *x;
    size_t x_stride; /* bytes */
    const char *w0, *w1;
    size_t tiles; /* steps in k */
    bool accumulate;
};

static inline void amx_block_2x2(const struct amx_block *b)
{
    char *y = (char *)b->y;
    const char *x0 = b->x, *x1 = b->x + AMX_TILE * b->x_stride, *w0 = b->w0, *w1 = b->w1;
    size_t x_stride = b->x_stride, y_stride = b->y_stride;
    char *y2 = y + AMX_TILE * y_stride;
    if (b->accumulate) {
        _tile_loadd(0, y, y_stride);
        _tile_loadd(1, y + 64, y_stride);
        _tile_loadd(2, y2, y_stride);
        _tile_loadd(3, y2 + 64, y_stride);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (size_t k = 0; k < b->tiles; k++) {
        _tile_loadd(4, x0, x_stride);
        _tile_stream_loadd(6, w0, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_stream_loadd(7, w1, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, x1, x_stride);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        x0 += 64, x1 += 64, w0 += AMX_TILE_BYTES, w1 += AMX_TILE_BYTES;
    }
    _tile_stored(0, y, y_stride);
    _tile_stored(1, y + 64, y_stride);
    _tile_stored(2, y2, y_stride);
    _tile_stored(3, y2 + 64, y_stride);
}

static inline void amx_block_1x2(const struct amx_block *b)
{
    char *y = (char *)b->y;
    const char *x0 = b->x, *w0 = b->w0, *w1 = b->w1;
    if (b->accumulate) {
        _tile_loadd(0, y, b->y_stride);
        _tile_loadd(1, y + 64, b->y_stride);
    } else {
        _tile_zero(0);
        _tile_zero(1);
    }
    for (size_t k = 0; k < b->tiles; k++) {
        _tile_loadd(4, x0, b->x_stride);
        _tile_stream_loadd(6, w0, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_stream_loadd(7, w1, 64);
        _tile_dpbf16ps(1, 4, 7);
        x0 += 64, w0 += AMX_TILE_BYTES, w1 += AMX_TILE_BYTES;
    }
    _tile_stored(0, y, b->y_stride);
    _tile_stored(1, y + 64, b->y_stride);
}

static inline void amx_block_2x1(const struct amx_block *b)
{
    char *y = (char *)b->y, *y2 = y + AMX_TILE * b->y_stride;
    const char *x0 = b->x, *x1 = b->x + AMX_TILE * b->x_stride, *w0 = b->w0;
    if (b->accumulate) {
        _tile_loadd(0, y, b->y_stride);
        _tile_loadd(2, y2, b->y_stride);
    } else {
        _tile_zero(0);
        _tile_zero(2);
    }
    for (size_t k = 0; k < b->tiles; k++) {
        _tile_stream_loadd(6, w0, 64);
        _tile_loadd(4, x0, b->x_stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(5, x1, b->x_stride);
        _tile_dpbf16ps(2, 5, 6);
        x0 += 64, x1 += 64, w0 += AMX_TILE_BYTES;
    }
    _tile_stored(0, y, b->y_stride);
    _tile_stored(2, y2, b->y_stride);
}

static inline void amx_block_1x1(const struct amx_block *b)
{
    const char *x0 = b->x, *w0 = b->w0;
    if (b->accumulate)
        _tile_loadd(0, b->y, b->y_stride);
    else
        _tile_zero(0);
    for (size_t k = 0; k < b->tiles; k++) {
        _tile_loadd(4, x0, b->x_stride);
        _tile_stream_loadd(6, w0, 64);
        _tile_dpbf16ps(0, 4, 6);
        x0 += 64, w0 += AMX_TILE_BYTES;
    }
    _tile_stored(0, b->y, b->y_stride);
}

struct amx_panel {
    const struct matmul_arguments *a;
    char *tiles;        /* packed weights: [rows / 16][cols / 32][1024] */
    size_t row, rows;   /* outputs */
    size_t start, cols; /* k */
};

/* m activation rows from first on, against the whole panel; tiles are configured for (m, 32 outputs). */
static inline void amx_multiply(const struct amx_panel *p, size_t first, size_t m)
{
    const struct matmul_arguments *a = p->a;
    size_t steps = (p->cols + AMX_TILE_COLS - 1) / AMX_TILE_COLS;
    struct amx_block block = { .y_stride = a->y_stride * sizeof(float), .x_stride = a->act_row_bytes };
    for (size_t k = 0; k < steps; k += AMX_BLOCK_STEPS) {
        block.tiles = steps - k < AMX_BLOCK_STEPS ? steps - k : AMX_BLOCK_STEPS;
        block.x = (const char *)a->act + first * a->act_row_bytes + p->start * 2 + k * 2 * AMX_TILE_COLS;
        block.accumulate = p->start + k > 0;
        for (size_t n = 0; n < p->rows; n += 2 * AMX_TILE) {
            size_t width = p->rows - n < 2 * AMX_TILE ? p->rows - n : 2 * AMX_TILE;
            block.y = a->y + first * a->y_stride + p->row + n;
            block.w0 = p->tiles + (n / AMX_TILE * steps + k) * AMX_TILE_BYTES;
            block.w1 = block.w0 + steps * AMX_TILE_BYTES;
            if (width < 2 * AMX_TILE)
                amx_configure(m, width);
            if (m > AMX_TILE)
                (width > AMX_TILE ? amx_block_2x2 : amx_block_2x1)(&block);
            else
                (width > AMX_TILE ? amx_block_1x2 : amx_block_1x1)(&block);
            if (width < 2 * AMX_TILE)
                amx_configure(m, 2 * AMX_TILE);
        }
    }
}

static inline void amx_panel_run(const struct amx_panel *p)
{
    const size_t full = 2 * AMX_TILE, count = p->a->count;
    amx_fence();
    if (count >= full)
        amx_configure(full, full);
    size_t first = 0;
    for (; first + full <= count; first += full)
        amx_multiply(p, first, full);
    if (first < count) {
        amx_configure(count - first, full);
        amx_multiply(p, first, count - first);
    }
    amx_fence();
}

static inline void amx_matmul(const struct matmul_arguments *a, amx_packer *pack)
{
    struct amx_panel panel = { .a = a, .tiles = a->scratch };
    for (panel.row = 0; panel.row < a->rows; panel.row += AMX_PANEL_ROWS) {
        panel.rows = a->rows - panel.row < AMX_PANEL_ROWS ? a->rows - panel.row : AMX_PANEL_ROWS;
        for (panel.start = 0; panel.start < a->cols; panel.start += AMX_PANEL_COLS) {
            panel.cols = a->cols - panel.start < AMX_PANEL_COLS ? a->cols - panel.start : AMX_PANEL_COLS;
            size_t tile_row_bytes = (panel.cols + AMX_TILE_COLS - 1) / AMX_TILE_COLS * AMX_TILE_BYTES;
            for (size_t n = 0; n < panel.rows; n += AMX_TILE)
                pack(panel.tiles + n / AMX_TILE * tile_row_bytes, (const char *)a->w + (panel.row + n) * a->w_row_bytes,
                     a->w_row_bytes, panel.rows - n, panel.start, panel.cols);
            amx_panel_run(&panel);
        }
    }
    _tile_release();
}

#endif
