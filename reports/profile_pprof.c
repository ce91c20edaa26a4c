/* profile_pprof.c: pprof's profile.proto (github.com/google/pprof/proto/profile.proto), gzipped, which
 * `go tool pprof FILE` reads.
 *
 * A location is an instruction's place with all functions inlined there, the innermost first; its id is the number of a
 * node in a tree of such chains. Threads are labels, not frames, as pprof wants them (-tagfocus, -tagroot=thread).
 * Texts are not shared in the string table: gzip does that. */
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/flame.h"
#include "reports/profile.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Field numbers of profile.proto. */
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_DURATION_NANOS = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_COMMENT = 13,
    PROFILE_DEFAULT_SAMPLE_TYPE = 14
};
enum { VALUE_TYPE_TYPE = 1, VALUE_TYPE_UNIT = 2 };
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3, LABEL_KEY = 1, LABEL_TEXT = 2 };
enum { MAPPING_ID = 1, MAPPING_FILE = 5, MAPPING_HAS_FUNCTIONS = 7, MAPPING_HAS_INLINES = 10 };
enum { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_LINE = 4, LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3, FUNCTION_FILE = 4, FUNCTION_LINE = 5 };

struct writer {
    const struct profile *profile;
    struct str *out;
    uint64_t string_count;
    const char **objects; /* object i has mapping i + 1; addresses of texts, which are unique */
    size_t object_count, object_capacity;
    struct stacks *chains; /* node = location */
    uint64_t thread_key;   /* string "thread" */
};

/* ---- protocol buffers ---- */

static void put_varint(struct str *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        str_append_char(out, (char)(value | 0x80));
    str_append_char(out, (char)value);
}

static void put_number(struct str *out, unsigned field, uint64_t value)
{
    if (!value)
        return; /* the default */
    put_varint(out, field << 3);
    put_varint(out, value);
}

static void put_bytes(struct str *out, unsigned field, const char *bytes, size_t length)
{
    put_varint(out, field << 3 | 2);
    put_varint(out, length);
    if (length)
        str_append_bytes(out, bytes, length);
}

/* Appends part as a message and empties it. */
static void put_message(struct str *out, unsigned field, struct str *part)
{
    put_bytes(out, field, part->data, part->length);
    str_release(part);
}

/* The number of a new entry of the string table; the empty text is entry 0. */
static uint64_t put_string(struct writer *writer, const char *text)
{
    struct str plain = { 0 };
    if (!text || !*text)
        return 0;
    escape_plain(&plain, text); /* protobuf texts are UTF-8 */
    put_bytes(writer->out, PROFILE_STRING, plain.data, plain.length);
    str_release(&plain);
    return writer->string_count++;
}

static void put_value_type(struct writer *writer, unsigned field, const char *type, const char *unit)
{
    struct str part = { 0 };
    put_number(&part, VALUE_TYPE_TYPE, put_string(writer, type));
    put_number(&part, VALUE_TYPE_UNIT, put_string(writer, unit));
    put_message(writer->out, field, &part);
}

/* ---- what is the same for all samples ---- */

static const char *weight_type(const struct store_profile *about)
{
    return str_equal(about->kind, "allocations") ? "alloc_space" : "cpu";
}

static const char *weight_unit(const char *unit)
{
    return str_equal(unit, "ns") ? "nanoseconds" : str_equal(unit, "B") ? "bytes" : "count";
}

static void put_head(struct writer *writer)
{
    const struct store_profile *about = &writer->profile->about;
    put_bytes(writer->out, PROFILE_STRING, "", 0);
    writer->string_count = 1;
    writer->thread_key = put_string(writer, "thread");
    put_value_type(writer, PROFILE_SAMPLE_TYPE, "samples", "count");
    put_value_type(writer, PROFILE_SAMPLE_TYPE, weight_type(about), weight_unit(about->unit));
    put_value_type(writer, PROFILE_PERIOD_TYPE, weight_type(about), weight_unit(about->unit));
    if (about->frequency_hz > 0 && str_equal(about->unit, "ns"))
        put_number(writer->out, PROFILE_PERIOD, (uint64_t)(1e9 / about->frequency_hz + 0.5));
    put_number(writer->out, PROFILE_DURATION_NANOS, about->duration_ns > 0 ? (uint64_t)about->duration_ns : 0);
    uint64_t type = put_string(writer, weight_type(about));
    put_number(writer->out, PROFILE_DEFAULT_SAMPLE_TYPE, type);
    const char *comments[] = { about->title, about->note };
    for (size_t i = 0; i < 2; i++) {
        uint64_t comment = put_string(writer, comments[i]);
        put_number(writer->out, PROFILE_COMMENT, comment);
    }
}

/* Function i + 1 is frame i. */
static void put_functions(struct writer *writer)
{
    const struct stacks_frame *frames = stacks_frames(writer->profile->stacks);
    for (size_t i = 0; i < stacks_frame_count(writer->profile->stacks); i++) {
        struct str part = { 0 };
        uint64_t name = put_string(writer, *frames[i].function ? frames[i].function : "[unknown]");
        put_number(&part, FUNCTION_ID, i + 1);
        put_number(&part, FUNCTION_NAME, name);
        put_number(&part, FUNCTION_SYSTEM_NAME, name);
        put_number(&part, FUNCTION_FILE, put_string(writer, frames[i].file));
        put_number(&part, FUNCTION_LINE, frames[i].line);
        put_message(writer->out, PROFILE_FUNCTION, &part);
    }
}

static uint64_t find_mapping(struct writer *writer, const char *object)
{
    if (!*object)
        return 0;
    for (size_t i = 0; i < writer->object_count; i++)
        if (writer->objects[i] == object)
            return i + 1;
    MEM_GROW(writer->objects, writer->object_count, writer->object_capacity);
    writer->objects[writer->object_count++] = object;
    struct str part = { 0 };
    put_number(&part, MAPPING_ID, writer->object_count);
    put_number(&part, MAPPING_FILE, put_string(writer, object));
    for (unsigned field = MAPPING_HAS_FUNCTIONS; field <= MAPPING_HAS_INLINES; field++)
        put_number(&part, field, 1); /* nothing is left to look up */
    put_message(writer->out, PROFILE_MAPPING, &part);
    return writer->object_count;
}

/* pprof calls the first mapping the program: that of the heaviest function that is neither a library's nor the
 * kernel's.
 */
static void put_main_mapping(struct writer *writer)
{
    struct stacks_function *functions;
    size_t count;
    stacks_top(writer->profile->stacks, &functions, &count);
    for (size_t i = 0; i < count; i++) {
        const struct stacks_frame *frame = &stacks_frames(writer->profile->stacks)[functions[i].frame];
        enum flame_class class = flame_class(frame);
        if (*frame->object && (class == FLAME_KERNELS || class == FLAME_PROGRAM)) {
            find_mapping(writer, frame->object);
            break;
        }
    }
    free(functions);
}

static void put_location(struct writer *writer, uint32_t location)
{
    const struct stacks_frame *frames = stacks_frames(writer->profile->stacks);
    const struct stacks_node *chain = stacks_nodes(writer->chains);
    struct str part = { 0 };
    put_number(&part, LOCATION_ID, location);
    put_number(&part, LOCATION_MAPPING, find_mapping(writer, frames[chain[location].frame].object));
    for (uint32_t at = location; at; at = chain[at].parent) {
        struct str line = { 0 };
        put_number(&line, LINE_FUNCTION, chain[at].frame + 1);
        put_number(&line, LINE_LINE, frames[chain[at].frame].line);
        put_message(&part, LOCATION_LINE, &line);
    }
    put_message(writer->out, PROFILE_LOCATION, &part);
}

/* ---- samples ---- */

/* locations[n] = where node n is: an inlined frame goes on with the chain of its parent. A thread has none. */
static void make_locations(struct writer *writer, uint32_t *locations)
{
    const struct stacks *stacks = writer->profile->stacks;
    const struct stacks_node *nodes = stacks_nodes(stacks);
    for (size_t i = 1; i < stacks_node_count(stacks); i++) {
        enum stacks_kind kind = stacks_frames(stacks)[nodes[i].frame].kind;
        if (kind == STACKS_THREAD)
            continue;
        uint32_t parent = kind == STACKS_INLINE ? locations[nodes[i].parent] : 0;
        locations[i] = stacks_add_node(writer->chains, parent, nodes[i].frame);
    }
}

static void put_sample(struct writer *writer, const uint32_t *locations, const uint64_t *thread_names, uint32_t node)
{
    const struct stacks_node *nodes = stacks_nodes(writer->profile->stacks);
    const struct stacks_frame *frames = stacks_frames(writer->profile->stacks);
    struct str sample = { 0 }, part = { 0 };
    uint64_t thread = 0;
    bool inlined = false; /* the frame below is part of the location that was written already */
    for (uint32_t at = node; at; at = nodes[at].parent) {
        if (frames[nodes[at].frame].kind == STACKS_THREAD)
            thread = thread_names[at];
        else if (!inlined)
            put_varint(&part, locations[at]);
        inlined = frames[nodes[at].frame].kind == STACKS_INLINE;
    }
    if (part.length)
        put_message(&sample, SAMPLE_LOCATION, &part);
    put_varint(&part, nodes[node].count);
    put_varint(&part, nodes[node].self);
    put_message(&sample, SAMPLE_VALUE, &part);
    if (thread) {
        put_number(&part, LABEL_KEY, writer->thread_key);
        put_number(&part, LABEL_TEXT, thread);
        put_message(&sample, SAMPLE_LABEL, &part);
    }
    put_message(writer->out, PROFILE_SAMPLE, &sample);
}

static void put_samples(struct writer *writer)
{
    const struct stacks *stacks = writer->profile->stacks;
    size_t count = stacks_node_count(stacks);
    uint32_t *locations = mem_array(count, sizeof *locations);
    uint64_t *thread_names = mem_array(count, sizeof *thread_names);
    make_locations(writer, locations);
    for (size_t i = 1; i < count; i++) {
        const struct stacks_frame *frame = &stacks_frames(stacks)[stacks_nodes(stacks)[i].frame];
        if (frame->kind == STACKS_THREAD)
            thread_names[i] = put_string(writer, frame->function);
    }
    for (size_t i = 0; i < count; i++)
        if (stacks_nodes(stacks)[i].self || stacks_nodes(stacks)[i].count)
            put_sample(writer, locations, thread_names, (uint32_t)i);
    for (size_t i = 1; i < stacks_node_count(writer->chains); i++)
        put_location(writer, (uint32_t)i);
    free(locations);
    free(thread_names);
}

static int gzip(const struct str *plain, struct str *out, struct error *error)
{
    enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };
    z_stream stream = { 0 };
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return error_set(error, ERROR_MEMORY, "no memory to compress the profile");
    unsigned char buffer[16384];
    /* zlib counts in unsigned int. */
    const char *at = plain->data;
    size_t left = plain->length;
    int result = Z_OK;
    while (result != Z_STREAM_END) {
        if (stream.avail_in == 0 && left) {
            stream.avail_in = left > 1 << 30 ? 1 << 30 : (unsigned)left;
            stream.next_in = (Bytef *)(uintptr_t)at;
            at += stream.avail_in;
            left -= stream.avail_in;
        }
        stream.next_out = buffer;
        stream.avail_out = sizeof buffer;
        result = deflate(&stream, left ? Z_NO_FLUSH : Z_FINISH);
        str_append_bytes(out, buffer, sizeof buffer - stream.avail_out);
    }
    deflateEnd(&stream);
    return 0;
}

int profile_pprof(const struct profile *profile, const struct profile_options *options, struct str *out,
                  struct error *error)
{
    (void)options;
    struct str plain = { 0 };
    struct writer writer = { .profile = profile, .out = &plain, .chains = stacks_create() };
    put_head(&writer);
    put_functions(&writer);
    put_main_mapping(&writer);
    put_samples(&writer);
    int code = gzip(&plain, out, error);
    stacks_release(writer.chains);
    free(writer.objects);
    str_release(&plain);
    return code;
}
