/* probe_malloc.h: how probe_allocations.c finds the counting malloc of probe_malloc.c, which is linked on demand. */
#ifndef PRONY_PROBE_MALLOC_H
#define PRONY_PROBE_MALLOC_H

#include <stdint.h>

struct probe_allocations;
struct probe_allocations_window;

struct probe_malloc_hooks {
    const char *(*find_problem)(void); /* why nothing is counted; NULL if all is well */
    void (*read)(struct probe_allocations *so_far);
    void (*open_window)(void);
    void (*close_window)(struct probe_allocations_window *window);
};
/* Weak in probe_allocations.c: its address is NULL in a program without it. */
extern const struct probe_malloc_hooks prony_malloc_hooks __attribute__((visibility("default")));

#endif
