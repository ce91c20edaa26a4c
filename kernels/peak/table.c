/* table.c: the rows of the ceilings. One line a file; lines marked X86 vanish on other machines. */
#include "kernels/peak/peak.h"

#if defined(__x86_64__)
#define X86(...)        ARITHMETIC(__VA_ARGS__)
#define X86_MEMORY(...) MEMORY(__VA_ARGS__)
#else
#define X86(...)
#define X86_MEMORY(...)
#endif

#define ARITHMETIC_ROWS                                                \
    X86(peak_f32__avx512, PEAK_F32, CPU_AVX512, 16 * 16 * 2)           \
    X86(peak_f32__avx2, PEAK_F32, CPU_AVX2, 12 * 8 * 2)                \
    ARITHMETIC(peak_f32__scalar, PEAK_F32, 0, 32 * 2)                  \
    X86(peak_int8__amx, PEAK_INT8, CPU_AMX, 6 * 16 * 16 * 64 * 2)      \
    X86(peak_int8__avx512vnni, PEAK_INT8, CPU_AVX512VNNI, 16 * 64 * 2) \
    X86(peak_int8__avx512, PEAK_INT8, CPU_AVX512, 12 * 64 * 2)         \
    X86(peak_int8__avxvnni, PEAK_INT8, CPU_AVXVNNI, 12 * 32 * 2)       \
    X86(peak_int8__avx2, PEAK_INT8, CPU_AVX2, 8 * 32 * 2)              \
    ARITHMETIC(peak_int8__scalar, PEAK_INT8, 0, 64 * 2)                \
    X86(peak_bf16__amx, PEAK_BF16, CPU_AMX, 6 * 16 * 16 * 32 * 2)      \
    X86(peak_bf16__avx512bf16, PEAK_BF16, CPU_AVX512BF16, 16 * 32 * 2)
#define MEMORY_ROWS                                         \
    X86_MEMORY(peak_read__avx512, PEAK_READ, CPU_AVX512, 4) \
    X86_MEMORY(peak_read__avx2, PEAK_READ, CPU_AVX2, 4)     \
    MEMORY(peak_read__scalar, PEAK_READ, 0, 4)              \
    MEMORY(peak_copy__scalar, PEAK_COPY, 0, 8)              \
    MEMORY(peak_triad__scalar, PEAK_TRIAD, 0, 12)

#define ARITHMETIC(name, ...) peak_compute_function name;
ARITHMETIC_ROWS
#undef ARITHMETIC
#define MEMORY(name, ...) peak_stream_function name;
MEMORY_ROWS
#undef MEMORY

#define ARITHMETIC(name_, class_, needs_, flops_) \
    { .name = #name_, .peak_class = class_, .needs = needs_, .compute = name_, .flops = flops_ },
#define MEMORY(name_, class_, needs_, bytes_) \
    { .name = #name_, .peak_class = class_, .needs = needs_, .stream = name_, .bytes = bytes_ },
const struct peak_row peak_rows[] = { ARITHMETIC_ROWS MEMORY_ROWS };
const size_t peak_row_count = sizeof peak_rows / sizeof peak_rows[0];

const struct peak_row *peak_find(enum peak_class peak_class, uint32_t features)
{
    for (size_t i = 0; i < peak_row_count; i++)
        if (peak_rows[i].peak_class == peak_class && (peak_rows[i].needs & ~features) == 0)
            return &peak_rows[i];
    return NULL;
}
