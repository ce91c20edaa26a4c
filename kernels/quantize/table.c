/* table.c: the rows of quantize: one a format, scalar only.
 *
 * Models are made with them (engines/native/synth.c), so what counts is that the same floats give the same bytes on
 * every machine: additions happen in the order written, the Makefile forbids contraction in scalar files, no libm
 * function is called. Each block's scale is found first and rounded to its stored precision, then the values are
 * rounded with the stored scale, so that the error a reader will see is the one that was minimized. Values should be
 * finite with scales inside binary16; beyond that the result is cut or infinite, never undefined. */
#include "kernels/tables.h"

#define QUANTIZE_ROWS                       \
    ROW(quantize_f32__scalar, FORMAT_F32)   \
    ROW(quantize_f16__scalar, FORMAT_F16)   \
    ROW(quantize_bf16__scalar, FORMAT_BF16) \
    ROW(quantize_q8_0__scalar, FORMAT_Q8_0) \
    ROW(quantize_q4_0__scalar, FORMAT_Q4_0) \
    ROW(quantize_q4_1__scalar, FORMAT_Q4_1) \
    ROW(quantize_q5_0__scalar, FORMAT_Q5_0) \
    ROW(quantize_q5_1__scalar, FORMAT_Q5_1) \
    ROW(quantize_q4_K__scalar, FORMAT_Q4_K) \
    ROW(quantize_q5_K__scalar, FORMAT_Q5_K) \
    ROW(quantize_q6_K__scalar, FORMAT_Q6_K)

#define ROW(name, format) quantize_function name;
QUANTIZE_ROWS
#undef ROW

#define ROW(name_, format_) { .name = #name_, .op = OP_QUANTIZE, .format = format_, .function.quantize = name_ },
const struct kernel_row kernel_quantize_rows[] = { QUANTIZE_ROWS };
const size_t kernel_quantize_row_count = sizeof kernel_quantize_rows / sizeof *kernel_quantize_rows;
#undef ROW
