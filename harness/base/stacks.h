/* stacks.h: weighted call stacks, the pivot of every profile: samplers and the allocation recorder add to it, the store
 * keeps it, flame graphs and the formats of other tools are written from it.
 *
 * A tree of calls: a node is one frame below its parent, so that equal stacks become one path. Node 0 is the root and
 * has no frame; a parent's index is smaller than its children's. Texts are copied and kept once. */
#ifndef PRONY_BASE_STACKS_H
#define PRONY_BASE_STACKS_H

#include "harness/base/error.h"
#include "harness/base/str.h"
#include <stddef.h>
#include <stdint.h>

enum stacks_kind {
    STACKS_USER,
    STACKS_KERNEL,
    STACKS_THREAD, /* not a function: the thread's name, directly below the root */
    STACKS_INLINE, /* inlined into its parent */
    STACKS_MARK    /* not a function: "[unknown]", "[truncated]" */
};

/* Frames with equal members are the same frame. */
struct stacks_frame {
    const char *function; /* never NULL; without a symbol "libc.so.6+0x1234" */
    const char *object;   /* file name without its directory, "" = unknown */
    const char *file;     /* source file, "" = unknown */
    uint32_t line;        /* where the function begins; 0 = unknown */
    enum stacks_kind kind;
};

struct stacks_node {
    uint32_t parent, frame; /* indices; the root's frame means nothing */
    uint64_t self;          /* weight of samples that end here, in the profile's unit */
    uint64_t count;         /* how many samples those are */
};

struct stacks;
struct stacks *stacks_create(void);
void stacks_release(struct stacks *stacks); /* NULL is allowed */

/* The index of the frame, which is new if no equal one is there. */
uint32_t stacks_add_frame(struct stacks *stacks, const struct stacks_frame *frame);
/* The child of parent with that frame, which is new if there is none. */
uint32_t stacks_add_node(struct stacks *stacks, uint32_t parent, uint32_t frame);
void stacks_add_weight(struct stacks *stacks, uint32_t node, uint64_t weight, uint64_t count);

/* Valid until something is added. */
size_t stacks_node_count(const struct stacks *stacks);
const struct stacks_node *stacks_nodes(const struct stacks *stacks);
size_t stacks_frame_count(const struct stacks *stacks);
const struct stacks_frame *stacks_frames(const struct stacks *stacks);
/* totals[node_count]: weight of each node with all below it. */
void stacks_totals(const struct stacks *stacks, uint64_t *totals);

/* One function over all stacks, as pprof's top prints it. */
struct stacks_function {
    uint32_t frame;            /* one of its frames, for the names */
    uint64_t flat, cumulative; /* weight in it; weight in it or below, each stack once */
};
/* Sorted by flat, then cumulative, then name. *functions is released with free(). Functions are told apart by name and
 * object. Threads and marks are no functions. */
void stacks_top(const struct stacks *stacks, struct stacks_function **functions, size_t *count);

/* A compact form of its own (docs/FORMATS.md), and back: ERROR_FORMAT for anything that is not whole and valid. */
enum { STACKS_DEPTH_MAX = 4096 }; /* frames of a stack; deeper ones are encoded, but not decoded */
void stacks_encode(const struct stacks *stacks, struct str *out);
int stacks_decode(struct stacks **stacks, const void *data, size_t size_bytes, struct error *error);

#endif
