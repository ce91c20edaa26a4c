/* flame_class.c: whose code a function is, by its object, its source file and its name. */
#include "reports/flame.h"
#include <string.h>

static bool starts_with_any(const char *text, const char *const *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_starts(text, prefixes[i]))
            return true;
    return false;
}

static bool is_libc(const char *object)
{
    static const char *const names[] = { "libc.so",  "libc-2",     "libm.so",   "libm-2",   "libpthread",
                                         "ld-linux", "libdl.so",   "librt.so",  "libgcc_s", "libstdc++",
                                         "libc++",   "libgomp.so", "libomp.so", "ld-musl",  "[vdso]" };
    return starts_with_any(object, names, sizeof names / sizeof names[0]);
}

/* matvec_q8_0__avx2, act_silu__avx512_4x4: see the Makefile. */
static bool has_isa(const char *function)
{
    static const char *const isas[] = { "scalar", "avx", "amx", "neon", "sve", "sse" };
    for (const char *at = function; (at = strstr(at, "__")); at += 2)
        if (at > function && starts_with_any(at + 2, isas, sizeof isas / sizeof isas[0]))
            return true;
    return false;
}

static bool is_kernel_source(const char *file)
{
    return str_starts(file, "kernels/") || strstr(file, "/kernels/");
}

enum flame_class flame_class(const struct stacks_frame *frame)
{
    if (frame->kind == STACKS_THREAD)
        return FLAME_THREAD;
    if (frame->kind == STACKS_MARK || !*frame->function)
        return FLAME_UNKNOWN;
    if (frame->kind == STACKS_KERNEL)
        return FLAME_SYSTEM;
    if (is_libc(frame->object))
        return FLAME_LIBC;
    if (*frame->object && str_starts(frame->function, frame->object) && strstr(frame->function, "+0x"))
        return FLAME_UNKNOWN;
    if (is_kernel_source(frame->file) || has_isa(frame->function))
        return FLAME_KERNELS;
    return strstr(frame->object, ".so") ? FLAME_LIBRARY : FLAME_PROGRAM;
}

const char *flame_class_name(enum flame_class class)
{
    static const char *const names[FLAME_CLASS_COUNT] = { "compute kernels",  "program", "libraries", "C library",
                                                          "operating system", "unknown", "threads" };
    return names[class];
}
