/* fuzz_json.c: whatever a suite prints, as JSON and as a list of cases. Accepted output must be usable. */
#include "harness/run/protocol.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void check_sample(const struct store_sample *sample)
{
    require(sample->name && sample->name[0]);
    require(sample->status != STORE_SAMPLE_OK || (isfinite(sample->real_time_ns) && sample->real_time_ns >= 0));
    require(sample->status == STORE_SAMPLE_OK || sample->message != NULL);
    for (size_t i = 0; i < sample->metric_count; i++)
        require(sample->metrics[i].name && sample->metrics[i].unit);
    for (size_t i = 0; i < sample->value_count; i++)
        require(!isnan(sample->values_ns[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct protocol_output output;
    struct error error;
    const char *const *names;
    size_t count;
    if (protocol_parse((const char *)data, size, &arena, &output, &error) == 0)
        for (size_t i = 0; i < output.sample_count; i++)
            check_sample(&output.samples[i]);
    else
        require(strchr(error.text, '\n') == NULL);
    if (protocol_parse_list((const char *)data, size, &arena, &names, &count, &error) == 0 && count > 0 && count < 50)
        free(protocol_filter(names, count));
    arena_release(&arena);
    return 0;
}
