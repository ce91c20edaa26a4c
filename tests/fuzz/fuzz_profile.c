/* Any bytes as a profile file of folded stacks or of perf script: refused, or written in every format, and what is
 * written as folded stacks can be read again with the same weight. */
#include "harness/base/mem.h"
#include "reports/profile_diff.h"
#include "reports/profile_read.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(const struct profile *profile)
{
    const struct profile_options options = { .top = 5 };
    struct error error;
    for (size_t i = 0; i < profile_format_count; i++) {
        struct str out = { 0 };
        if (profile_formats[i].write(profile, &options, &out, &error))
            abort();
        if (profile_formats[i].write == profile_folded && out.length) {
            struct stacks *stacks = stacks_create();
            const struct profile again = { .about = profile->about, .stacks = stacks };
            if (profile_read_folded(out.data, true, stacks, &error) || profile_total(&again) != profile_total(profile))
                abort();
            stacks_release(stacks);
        }
        str_release(&out);
    }
    struct profile_diff diff;
    if (profile_total(profile) && profile_diff_make(&diff, profile, profile, &error))
        abort();
    if (profile_total(profile))
        profile_diff_release(&diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size);
    struct stacks *stacks = stacks_create();
    struct arena arena = { 0 };
    struct error error;
    const char *event = NULL;
    struct profile profile = { .about = { .title = "t", .kind = "cpu", .unit = "samples" }, .stacks = stacks };
    int code = profile_is_perf(text) ? profile_read_perf(text, &arena, stacks, &event, &error)
                                     : profile_read_folded(text, true, stacks, &error);
    if (code == 0)
        write_all(&profile);
    else if (code != ERROR_FORMAT || !*error.text)
        abort();
    stacks_release(stacks);
    arena_release(&arena);
    free(text);
    return 0;
}
