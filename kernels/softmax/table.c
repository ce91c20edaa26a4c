/* table.c: the rows of softmax.
 *
 * One line a variant, all variants of a format together, the fastest measured first, the scalar row last. The line
 * declares the function as well; lines marked X86 vanish on other machines. */
#include "kernels/tables.h"

#if defined(__x86_64__)
#define X86(...) ROW(__VA_ARGS__)
#else
#define X86(...)
#endif

#define SOFTMAX_ROWS                           \
    X86(softmax_f32__avx512, CPU_AVX512, 1e-6) \
    X86(softmax_f32__avx2, CPU_AVX2, 1e-6)     \
    ROW(softmax_f32__scalar, 0, 0)

#define ROW(name, ...) softmax_function name;
SOFTMAX_ROWS
#undef ROW

#define ROW(name_, needs_, tolerance_) \
    { .name = #name_,                  \
      .op = OP_SOFTMAX,                \
      .format = FORMAT_F32,            \
      .needs = needs_,                 \
      .function.softmax = name_,       \
      .tolerance = tolerance_ },
const struct kernel_row kernel_softmax_rows[] = { SOFTMAX_ROWS };
const size_t kernel_softmax_row_count = sizeof kernel_softmax_rows / sizeof *kernel_softmax_rows;
#undef ROW
