/* table.c: the rows of rope.
 *
 * One line a variant, all variants of a format together, the fastest measured first, the scalar row last. The line
 * declares the function as well; lines marked X86 vanish on other machines. */
#include "kernels/tables.h"

#if defined(__x86_64__)
#define X86(...) ROW(__VA_ARGS__)
#else
#define X86(...)
#endif

#define ROPE_ROWS                           \
    X86(rope_f32__avx512, CPU_AVX512, 1e-6) \
    X86(rope_f32__avx2, CPU_AVX2, 1e-6)     \
    ROW(rope_f32__scalar, 0, 0)

#define ROW(name, ...) rope_function name;
ROPE_ROWS
#undef ROW

#define ROW(name_, needs_, tolerance_) \
    { .name = #name_,                  \
      .op = OP_ROPE,                   \
      .format = FORMAT_F32,            \
      .needs = needs_,                 \
      .function.rope = name_,          \
      .tolerance = tolerance_ },
const struct kernel_row kernel_rope_rows[] = { ROPE_ROWS };
const size_t kernel_rope_row_count = sizeof kernel_rope_rows / sizeof *kernel_rope_rows;
#undef ROW
