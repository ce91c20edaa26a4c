/* profile_folded.c: folded stacks, the format of Brendan Gregg's FlameGraph tools that every other tool can read: a
 * line a stack, "main;work;kernel_[k] 123". Suffixes as his stackcollapse-perf writes them: _[k] kernel, _[i] inlined.
 *
 * The number is of samples where all weights come from a clock (that is what others expect of CPU profiles), else the
 * weight. The root of the tree is no frame; samples without any get the frame "[unknown]". */
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/profile.h"
#include <stdlib.h>
#include <string.h>

static void append_frame(struct str *out, const struct stacks_frame *frame)
{
    size_t from = out->length;
    escape_plain(out, *frame->function ? frame->function : "[unknown]");
    for (size_t i = from; i < out->length; i++)
        if (out->data[i] == ';')
            out->data[i] = ':'; /* it separates frames */
    if (frame->kind == STACKS_KERNEL)
        str_append(out, "_[k]");
    if (frame->kind == STACKS_INLINE)
        str_append(out, "_[i]");
}

/* Lines in the order of the tree: parents have smaller indices, so a path is read from its end. */
static void append_stack(const struct profile *profile, uint32_t node, uint32_t *path, uint64_t number, struct str *out)
{
    const struct stacks_node *nodes = stacks_nodes(profile->stacks);
    const struct stacks_frame *frames = stacks_frames(profile->stacks);
    size_t depth = 0;
    for (uint32_t at = node; at; at = nodes[at].parent)
        path[depth++] = nodes[at].frame;
    if (depth == 0)
        str_append(out, "[unknown]");
    while (depth > 0) {
        append_frame(out, &frames[path[--depth]]);
        if (depth)
            str_append_char(out, ';');
    }
    str_appendf(out, " %llu\n", (unsigned long long)number);
}

int profile_folded(const struct profile *profile, const struct profile_options *options, struct str *out,
                   struct error *error)
{
    (void)options;
    (void)error;
    const struct stacks_node *nodes = stacks_nodes(profile->stacks);
    size_t count = stacks_node_count(profile->stacks);
    uint32_t *path = mem_array(count, sizeof *path);
    bool samples = str_equal(profile->about.kind, "cpu") && profile_samples(profile) > 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = samples ? nodes[i].count : nodes[i].self;
        if (number)
            append_stack(profile, (uint32_t)i, path, number, out);
    }
    free(path);
    return 0;
}
