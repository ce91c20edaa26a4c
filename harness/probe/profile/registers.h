/* registers.h: the registers of a sample, in the numbering of DWARF, which the kernel and ucontext order otherwise. */
#ifndef PRONY_PROBE_PROFILE_REGISTERS_H
#define PRONY_PROBE_PROFILE_REGISTERS_H

#include <stdint.h>

#if defined(__x86_64__)
/* DWARF: rax rdx rcx rbx rsi rdi rbp rsp r8..r15 and the return address, where the program counter goes. */
enum {
    REGISTERS_COUNT = 17,
    REGISTERS_SP = 7,
    REGISTERS_PC = 16,
    REGISTERS_KERNEL_BITS = 24 /* numbers in perf_event's mask, see asm/perf_regs.h */
};
#define REGISTERS_KERNEL_MASK UINT64_C(0xff01ff) /* ax..ip and r8..r15 */
/* DWARF number of each bit of the mask; -1 = not asked for. */
static const signed char registers_of_kernel[REGISTERS_KERNEL_BITS] = { 0,  3,  2,  1,  4, 5, 6,  7,  16, -1, -1, -1,
                                                                        -1, -1, -1, -1, 8, 9, 10, 11, 12, 13, 14, 15 };
#elif defined(__aarch64__)
/* DWARF: x0..x30, sp; the program counter has no number, so it gets the next. */
enum { REGISTERS_COUNT = 33, REGISTERS_SP = 31, REGISTERS_PC = 32, REGISTERS_KERNEL_BITS = 33 };
#define REGISTERS_KERNEL_MASK ((UINT64_C(1) << 33) - 1)
static const signed char registers_of_kernel[REGISTERS_KERNEL_BITS] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                                        11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                                        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 };
#else
#error "the profiler knows the registers of x86-64 and AArch64"
#endif

/* The address without what pointer authentication adds to it. */
static inline uint64_t registers_strip(uint64_t address)
{
#if defined(__aarch64__)
    address &= (UINT64_C(1) << 48) - 1;
#endif
    return address;
}

#endif
