/* judgement_source.h: which source file a case is about, for annotations. */
#ifndef PRONY_REPORTS_JUDGEMENT_SOURCE_H
#define PRONY_REPORTS_JUDGEMENT_SOURCE_H

#include "harness/base/arena.h"

/* A path relative to root, of a file that is there: for the kernels suite that of the kernel variant
 * ("matmul/q4_0/avx512vnni/..." is kernels/matmul/matmul_q4_0__avx512vnni.c) or its table, for others the suite's own
 * program (suites/generate.c). NULL if there is none, or root is NULL. name may be NULL: the whole suite. */
const char *judgement_source(const char *root, const char *suite, const char *name, struct arena *arena);

#endif
