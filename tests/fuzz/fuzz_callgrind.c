/* fuzz_callgrind.c: whatever stands in a file that callgrind should have written. */
#include "harness/run/callgrind.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct callgrind_totals totals;
    struct error error;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (callgrind_dump_parse(text, size, &totals, &error) == 0) {
        if (!totals.has[CALLGRIND_IR])
            abort();
    } else if (strchr(error.text, '\n')) {
        abort();
    }
    free(text);
    return 0;
}
