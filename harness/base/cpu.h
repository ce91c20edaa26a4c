/* cpu.h: what the processor is and can do: CPUID together with XGETBV, so that a feature counts only when the
 * operating system saves its registers, and AMX only after the kernel granted it to this process. */
#ifndef PRONY_BASE_CPU_H
#define PRONY_BASE_CPU_H

#include "harness/base/error.h"
#include <stddef.h>
#include <stdint.h>

/* Instruction set levels as kernels need them. Each names a bundle, so that a kernel may use all of it. */
enum cpu_feature {
    CPU_AVX2 = 1u << 0,       /* AVX, AVX2, FMA, F16C, BMI2 */
    CPU_AVXVNNI = 1u << 1,    /* VEX-encoded VNNI */
    CPU_AVX512 = 1u << 2,     /* F, BW, DQ, VL, CD */
    CPU_AVX512VNNI = 1u << 3, /* VNNI and VBMI: Ice Lake, Zen 4 and later (Cascade Lake has no VBMI) */
    CPU_AVX512BF16 = 1u << 4,
    CPU_AMX = 1u << 5 /* TILE, INT8, BF16, and permission from the kernel */
};

struct cpu_info {
    uint32_t features; /* enum cpu_feature bits */
    char vendor[16];   /* GenuineIntel, AuthenticAMD, ... or the architecture's name */
    char model_name[64];
    int family, model, stepping;
    int online_count;                     /* CPUs this process may run on */
    size_t l1d_bytes, l2_bytes, l3_bytes; /* of one core / of the L3 that core 0 sees; 0 = unknown */
};

/* Fills info. Never fails: what is unknown is 0 or "". */
void cpu_detect(struct cpu_info *info);
/* Restricts features by a limit: NULL or "" or "native" (all), "amx", "avx512bf16", "avx512vnni", "avx512", "avxvnni",
 * "avx2", "scalar": keeps that level and the ones below it. Unknown text is ERROR_USAGE. */
int cpu_limit_features(uint32_t features, const char *limit, uint32_t *limited, struct error *error);
/* "avx2 avx512 avx512vnni" into buffer; returns it. */
char *cpu_feature_names(uint32_t features, char *buffer, size_t size);
/* The CPUs that the calling thread may run on, at most capacity numbers into cpus; returns how many there are. */
int cpu_allowed(int *cpus, int capacity);
/* "0,2-3" to numbers: *cpus is released with free(). Text that is no such list, and a CPU that the calling thread may
 * not run on, are ERROR_USAGE. */
int cpu_parse_list(const char *text, int **cpus, int *count, struct error *error);
/* Restricts the calling thread to these CPUs. */
int cpu_pin_thread(const int *cpus, int count, struct error *error);

#endif
