/* Any bytes as encoded stacks: refused, or a tree that can be read and gives the same bytes again. */
#include "harness/base/mem.h"
#include "harness/base/stacks.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stacks *stacks;
    struct error error;
    int code = stacks_decode(&stacks, data, size, &error);
    if (code) {
        if (code != ERROR_FORMAT || stacks || !*error.text)
            abort();
        return 0;
    }
    struct str again = { 0 };
    stacks_encode(stacks, &again);
    if (again.length != size || memcmp(again.data, data, size) != 0)
        abort();
    str_release(&again);

    size_t count = stacks_node_count(stacks), function_count;
    uint64_t *totals = mem_array(count, sizeof *totals);
    struct stacks_function *functions;
    stacks_totals(stacks, totals);
    stacks_top(stacks, &functions, &function_count);
    for (size_t i = 0; i < function_count; i++)
        if (functions[i].flat > functions[i].cumulative || functions[i].cumulative > totals[0])
            abort();
    free(functions);
    free(totals);
    stacks_release(stacks);
    return 0;
}
