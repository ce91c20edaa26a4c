/* flame.h: what the flame graphs share: classes of functions (their colours), the drawing without script, the parts of
 * the page. */
#ifndef PRONY_REPORTS_FLAME_H
#define PRONY_REPORTS_FLAME_H

#include "harness/base/stacks.h"
#include "harness/base/str.h"
#include <stdbool.h>

/* Whose code it is. The page's CSS has a colour for each: .fc0, .fc1, ... */
enum flame_class {
    FLAME_KERNELS, /* compute kernels: named ..__<isa>, or their source lies in a directory kernels */
    FLAME_PROGRAM, /* everything else of the program itself */
    FLAME_LIBRARY, /* a shared library */
    FLAME_LIBC,    /* the C library, its threads and loader, the compiler's runtime */
    FLAME_SYSTEM,  /* the operating system */
    FLAME_UNKNOWN, /* without a symbol, or a mark */
    FLAME_THREAD,
    FLAME_CLASS_COUNT
};

enum flame_class flame_class(const struct stacks_frame *frame);
const char *flame_class_name(enum flame_class class);

/* A flame graph (root on top) as one <svg> of 1200 units, with tooltips and without script: for reports, for paper and
 * for browsers without script. Frames too narrow to see and rows below the 20th are left out,
 * long chains of calls without a branch shortened. unit: of the weights. */
void flame_svg(const struct stacks *stacks, const char *title, const char *unit, struct str *out);

/* The page: head with style, then whatever the caller writes, then data and script (flame_page.c). */
void flame_page_begin(const char *title, const char *facts, bool difference, struct str *out);
/* "texts", "frames": the members of the page's data that describe frames. */
void flame_page_frames(const struct stacks *stacks, struct str *out);
/* data: the JSON that flame.js reads; table: HTML below the graph; fallback: for browsers without script. */
void flame_page_end(const char *data, const char *table, const char *fallback, struct str *out);

#endif
