/* profile_value.c: weights and the sentence about a profile, as all formats write them. */
#include "harness/base/arena.h"
#include "reports/profile.h"
#include <stdio.h>

uint64_t profile_total(const struct profile *profile)
{
    uint64_t sum = 0;
    for (size_t i = 0; profile->stacks && i < stacks_node_count(profile->stacks); i++)
        sum += stacks_nodes(profile->stacks)[i].self;
    return sum;
}

uint64_t profile_samples(const struct profile *profile)
{
    uint64_t sum = 0;
    for (size_t i = 0; profile->stacks && i < stacks_node_count(profile->stacks); i++)
        sum += stacks_nodes(profile->stacks)[i].count;
    return sum;
}

char *profile_value(char *buffer, size_t size, const char *unit, double value)
{
    if (value == 0) {
        snprintf(buffer, size, "0");
        return buffer;
    }
    if (str_equal(unit, "ns"))
        return str_duration(buffer, size, value * 1e-9);
    if (str_equal(unit, "B"))
        return str_bytes(buffer, size, value);
    if (value < 100000 && value == (double)(long)value) {
        snprintf(buffer, size, "%ld%s%s", (long)value, unit && *unit ? " " : "", unit ? unit : "");
        return buffer;
    }
    char number[32];
    str_si(number, sizeof number, value, "");
    snprintf(buffer, size, "%s%s%s", number, unit && *unit ? " " : "", unit ? unit : "");
    return buffer;
}

const char *profile_summary(const struct profile *profile, struct arena *arena)
{
    const struct store_profile *about = &profile->about;
    struct str text = { 0 };
    char number[48];
    if (about->event && *about->event)
        str_appendf(&text, "%s", about->event);
    if (about->frequency_hz > 0)
        str_appendf(&text, " at %.6g Hz", about->frequency_hz);
    uint64_t samples = about->sample_count ? about->sample_count : profile_samples(profile);
    if (samples)
        str_appendf(&text, "%s%llu sample%s", text.length ? ", " : "", (unsigned long long)samples,
                    samples == 1 ? "" : "s");
    if (about->duration_ns > 0)
        str_appendf(&text, " in %s", str_duration(number, sizeof number, (double)about->duration_ns * 1e-9));
    if (profile->stacks && !str_equal(about->unit, "samples"))
        str_appendf(&text, "%s%s in all", text.length ? ", " : "",
                    profile_value(number, sizeof number, about->unit, (double)profile_total(profile)));
    if (about->lost_count)
        str_appendf(&text, "; %llu lost", (unsigned long long)about->lost_count);
    if (about->truncated_count)
        str_appendf(&text, "; %llu stack%s cut at the outer end", (unsigned long long)about->truncated_count,
                    about->truncated_count == 1 ? "" : "s");
    if (about->note && *about->note)
        str_appendf(&text, "; %s", about->note);
    const char *kept = arena_strdup(arena, str_text(&text));
    str_release(&text);
    return kept;
}
