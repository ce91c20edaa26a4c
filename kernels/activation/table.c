/* table.c: the rows of silu_mul and add.
 *
 * One line a variant, all variants of a format together, the fastest measured first, the scalar row last. The line
 * declares the function as well; lines marked X86 vanish on other machines. */
#include "kernels/tables.h"

#if defined(__x86_64__)
#define X86(...) ROW(__VA_ARGS__)
#else
#define X86(...)
#endif

#define SILU_MUL_ROWS                           \
    X86(silu_mul_f32__avx512, CPU_AVX512, 1e-6) \
    X86(silu_mul_f32__avx2, CPU_AVX2, 1e-6)     \
    ROW(silu_mul_f32__scalar, 0, 0)

#define ROW(name, ...) silu_mul_function name;
SILU_MUL_ROWS
#undef ROW

#define ROW(name_, needs_, tolerance_) \
    { .name = #name_,                  \
      .op = OP_SILU_MUL,               \
      .format = FORMAT_F32,            \
      .needs = needs_,                 \
      .function.silu_mul = name_,      \
      .tolerance = tolerance_ },
const struct kernel_row kernel_silu_mul_rows[] = { SILU_MUL_ROWS };
const size_t kernel_silu_mul_row_count = sizeof kernel_silu_mul_rows / sizeof *kernel_silu_mul_rows;
#undef ROW

#define ADD_ROWS                           \
    X86(add_f32__avx512, CPU_AVX512, 1e-7) \
    X86(add_f32__avx2, CPU_AVX2, 1e-7)     \
    ROW(add_f32__scalar, 0, 0)

#define ROW(name, ...) add_function name;
ADD_ROWS
#undef ROW

#define ROW(name_, needs_, tolerance_) \
    { .name = #name_,                  \
      .op = OP_ADD,                    \
      .format = FORMAT_F32,            \
      .needs = needs_,                 \
      .function.add = name_,           \
      .tolerance = tolerance_ },
const struct kernel_row kernel_add_rows[] = { ADD_ROWS };
const size_t kernel_add_row_count = sizeof kernel_add_rows / sizeof *kernel_add_rows;
#undef ROW
