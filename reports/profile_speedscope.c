/* profile_speedscope.c: the JSON of https://www.speedscope.app (its file-format-schema.json): one "sampled" profile a
 * thread, stacks from the outermost frame, one weight each. Read back by speedscope, Perfetto and others. */
#include "harness/base/arena.h"
#include "harness/base/mem.h"
#include "reports/json_text.h"
#include "reports/profile.h"
#include <stdlib.h>
#include <string.h>

/* The five units that the format knows. */
static const char *unit_name(const char *unit)
{
    return str_equal(unit, "ns") ? "nanoseconds" : str_equal(unit, "B") ? "bytes" : "none";
}

static void append_frames(const struct stacks *stacks, struct str *out)
{
    for (size_t i = 0; i < stacks_frame_count(stacks); i++) {
        const struct stacks_frame *frame = &stacks_frames(stacks)[i];
        str_append(out, i ? ",\n{\"name\":" : "\n{\"name\":");
        json_text(out, frame->function);
        if (*frame->file || *frame->object) {
            str_append(out, ",\"file\":");
            json_text(out, *frame->file ? frame->file : frame->object);
        }
        if (frame->line)
            str_appendf(out, ",\"line\":%u", frame->line);
        str_append_char(out, '}');
    }
}

/* threads[n] = node directly below the root that leads to node n if that is a thread, else 0. */
static void find_threads(const struct stacks *stacks, uint32_t *threads)
{
    for (size_t i = 1; i < stacks_node_count(stacks); i++) {
        const struct stacks_node *node = &stacks_nodes(stacks)[i];
        if (node->parent)
            threads[i] = threads[node->parent];
        else if (stacks_frames(stacks)[node->frame].kind == STACKS_THREAD)
            threads[i] = (uint32_t)i;
    }
}

static void append_stack(const struct stacks *stacks, uint32_t node, uint32_t *path, struct str *out)
{
    size_t depth = 0;
    for (uint32_t at = node; at; at = stacks_nodes(stacks)[at].parent) {
        uint32_t frame = stacks_nodes(stacks)[at].frame;
        if (stacks_frames(stacks)[frame].kind != STACKS_THREAD)
            path[depth++] = frame;
    }
    str_append_char(out, '[');
    while (depth > 0) {
        str_appendf(out, "%u", path[--depth]);
        if (depth)
            str_append_char(out, ',');
    }
    str_append_char(out, ']');
}

/* Samples of one thread (0: of none); false if it has none, and nothing is written. */
static bool append_profile(const struct profile *profile, const uint32_t *threads, uint32_t thread, uint32_t *path,
                           bool first, struct str *out)
{
    const struct stacks *stacks = profile->stacks;
    const struct stacks_node *nodes = stacks_nodes(stacks);
    struct str samples = { 0 }, weights = { 0 };
    uint64_t sum = 0;
    for (size_t i = 0; i < stacks_node_count(stacks); i++) {
        if (threads[i] != thread || !nodes[i].self)
            continue;
        if (samples.length)
            str_append_char(&samples, ',');
        append_stack(stacks, (uint32_t)i, path, &samples);
        str_appendf(&weights, "%s%llu", weights.length ? "," : "", (unsigned long long)nodes[i].self);
        sum += nodes[i].self;
    }
    if (sum) {
        str_append(out, first ? "\n{\"type\":\"sampled\",\"name\":" : ",\n{\"type\":\"sampled\",\"name\":");
        json_text(out, thread ? stacks_frames(stacks)[nodes[thread].frame].function : profile->about.title);
        str_appendf(out, ",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%llu,\n\"samples\":[",
                    unit_name(profile->about.unit), (unsigned long long)sum);
        str_append_bytes(out, str_text(&samples), samples.length);
        str_append(out, "],\n\"weights\":[");
        str_append_bytes(out, str_text(&weights), weights.length);
        str_append(out, "]}");
    }
    str_release(&samples);
    str_release(&weights);
    return sum > 0;
}

int profile_speedscope(const struct profile *profile, const struct profile_options *options, struct str *out,
                       struct error *error)
{
    (void)options;
    (void)error;
    size_t count = stacks_node_count(profile->stacks);
    uint32_t *threads = mem_array(count, sizeof *threads), *path = mem_array(count, sizeof *path);
    bool any = false;
    find_threads(profile->stacks, threads);
    str_append(out, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"name\":");
    json_text(out, profile->about.title);
    str_append(out, ",\"exporter\":\"prony " PRONY_VERSION "\",\"activeProfileIndex\":0,\n\"shared\":{\"frames\":[");
    append_frames(profile->stacks, out);
    str_append(out, "]},\n\"profiles\":[");
    for (size_t i = 0; i < count; i++)
        if (i == 0 || threads[i] == i)
            any = append_profile(profile, threads, (uint32_t)i, path, !any, out) || any;
    str_append(out, "]}\n");
    free(threads);
    free(path);
    return 0;
}
