/* profile_inline.c: inlined functions given back to the functions around them: then a kernel is one function again,
 * whatever the compiler made of its helpers. */
#include "harness/base/mem.h"
#include "reports/profile.h"
#include <stdlib.h>

struct stacks *profile_without_inlined(const struct stacks *stacks)
{
    struct stacks *plain = stacks_create();
    size_t count = stacks_node_count(stacks);
    const struct stacks_node *nodes = stacks_nodes(stacks);
    uint32_t *place = mem_array(count, sizeof *place);
    for (size_t i = 0; i < count; i++) {
        const struct stacks_frame *frame = i ? &stacks_frames(stacks)[nodes[i].frame] : NULL;
        place[i] = i ? place[nodes[i].parent] : 0;
        if (frame && frame->kind != STACKS_INLINE)
            place[i] = stacks_add_node(plain, place[i], stacks_add_frame(plain, frame));
        stacks_add_weight(plain, place[i], nodes[i].self, nodes[i].count);
    }
    free(place);
    return plain;
}
