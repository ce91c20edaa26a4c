/* build_info.c: the only file that reads the -D definitions of the Makefile. */
#include "harness/run/build_info.h"

#ifndef PRONY_VERSION
#define PRONY_VERSION "unknown"
#endif
#ifndef PRONY_BUILD_FLAGS
#define PRONY_BUILD_FLAGS "unknown"
#endif
#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

const char *build_info_version(void)
{
    return PRONY_VERSION;
}

const char *build_info_compiler(void)
{
    return COMPILER;
}

const char *build_info_flags(void)
{
    return PRONY_BUILD_FLAGS;
}
