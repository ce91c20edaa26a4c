/* allocations.c: reads the text of sampled allocations and looks up its addresses. Every line is checked: the file
 * comes from another process, which may have died while it wrote. */
#include "harness/probe/profile/allocations.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/probe/probe_malloc.h"
#include "harness/probe/profile/symbols.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The nodes' frames of one address, so that it is looked up once. */
struct place {
    uint64_t address; /* 0 = none */
    uint32_t frames[SYMBOLS_DEPTH];
    size_t frame_count; /* innermost first */
};

struct thread {
    uint64_t id;
    char *name;
};

struct reader {
    const char *path;
    char *rest; /* unread text */
    size_t line;
    struct allocations *current;
    struct symbols *symbols;
    struct place *places; /* place_capacity: a power of two, at most half full */
    size_t place_count, place_capacity;
    struct thread *threads;
    size_t thread_count, thread_capacity;
};

static int fail(const struct reader *reader, struct error *error, const char *what)
{
    return error_set(error, ERROR_FORMAT, "%s: line %zu: %s", reader->path, reader->line, what);
}

/* NULL at the end of the text. A last line without its end counts as one that is not there. */
static char *next_line(struct reader *reader)
{
    char *line = reader->rest, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = 0;
    reader->rest = end + 1;
    reader->line++;
    return line;
}

/* "key NUMBER" */
static int read_number(struct reader *reader, const char *key, uint64_t *value, struct error *error)
{
    const char *line = next_line(reader);
    size_t length = strlen(key);
    if (!line || strncmp(line, key, length) != 0 || line[length] != ' ' || !str_parse_u64(line + length + 1, value))
        return error_set(error, ERROR_FORMAT, "%s: line %zu: not '%s' and a number", reader->path, reader->line, key);
    return 0;
}

/* ---- addresses to frames ---- */

static struct place *find_place(struct place *places, size_t capacity, uint64_t address)
{
    size_t i = (size_t)(address * 0x9e3779b97f4a7c15u >> 32) & (capacity - 1);
    while (places[i].address && places[i].address != address)
        i = (i + 1) & (capacity - 1);
    return &places[i];
}

static void grow_places(struct reader *reader)
{
    size_t capacity = reader->place_capacity ? reader->place_capacity * 2 : 256;
    struct place *places = mem_array(capacity, sizeof *places);
    memset(places, 0, capacity * sizeof *places);
    for (size_t i = 0; i < reader->place_capacity; i++)
        if (reader->places[i].address)
            *find_place(places, capacity, reader->places[i].address) = reader->places[i];
    free(reader->places);
    reader->places = places;
    reader->place_capacity = capacity;
}

/* Frames are numbered alike in both trees: whatever one gets, the other gets too. */
static uint32_t add_frame(const struct allocations *current, const struct stacks_frame *frame)
{
    stacks_add_frame(current->living, frame);
    return stacks_add_frame(current->allocated, frame);
}

static const struct place *look_up(struct reader *reader, uint64_t address)
{
    if (2 * (reader->place_count + 1) > reader->place_capacity)
        grow_places(reader);
    struct place *place = find_place(reader->places, reader->place_capacity, address);
    if (place->address)
        return place;
    struct stacks_frame frames[SYMBOLS_DEPTH];
    place->address = address;
    place->frame_count = symbols_resolve(reader->symbols, address, true, frames, SYMBOLS_DEPTH);
    for (size_t i = 0; i < place->frame_count; i++)
        place->frames[i] = add_frame(reader->current, &frames[i]);
    reader->place_count++;
    return place;
}

static void add_stack(struct reader *reader, struct stacks *stacks, uint32_t base, const uint64_t *addresses,
                      size_t count, uint64_t bytes)
{
    uint32_t node = base;
    for (size_t i = count; i-- > 0;) {
        const struct place *place = look_up(reader, addresses[i]);
        for (size_t k = place->frame_count; k-- > 0;)
            node = stacks_add_node(stacks, node, place->frames[k]);
    }
    stacks_add_weight(stacks, node, bytes, 1);
}

/* ---- samples ---- */

static const char *thread_name(const struct reader *reader, uint64_t id)
{
    for (size_t i = 0; i < reader->thread_count; i++)
        if (reader->threads[i].id == id)
            return reader->threads[i].name;
    return "[ended thread]";
}

/* The node that a thread's stacks hang from. */
static uint32_t thread_node(struct reader *reader, struct stacks *stacks, uint64_t thread, bool truncated)
{
    struct stacks_frame frame = { thread_name(reader, thread), "", "", 0, STACKS_THREAD };
    struct stacks_frame mark = { "[truncated]", "", "", 0, STACKS_MARK };
    uint32_t node = stacks_add_node(stacks, 0, add_frame(reader->current, &frame));
    return truncated ? stacks_add_node(stacks, node, add_frame(reader->current, &mark)) : node;
}

/* "BYTES COUNT LIVING THREAD ADDRESS..." */
static int read_sample(struct reader *reader, const char *line, struct error *error)
{
    uint64_t addresses[PROBE_RECORD_FRAMES];
    size_t count = 0;
    char *end;
    errno = 0;
    double bytes = strtod(line, &end), weight = strtod(end, &end);
    long living = strtol(end, &end, 10);
    uint64_t thread = strtoull(end, &end, 10);
    while (*end == ' ' && count < PROBE_RECORD_FRAMES)
        addresses[count++] = strtoull(end + 1, &end, 16);
    if (*end || errno || !count || !(bytes >= 0 && bytes < 1e18) || !(weight >= 1) || living < 0 || living > 1)
        return fail(reader, error, "not a sample");
    for (size_t i = 0; i < count; i++)
        if (!addresses[i])
            return fail(reader, error, "an address of 0");
    struct allocations *current = reader->current;
    bool truncated = count == PROBE_RECORD_FRAMES;
    for (int i = 0; i <= living; i++) {
        struct stacks *stacks = i ? current->living : current->allocated;
        add_stack(reader, stacks, thread_node(reader, stacks, thread, truncated), addresses, count,
                  (uint64_t)llround(bytes));
    }
    current->sample_count++;
    current->living_count += (uint64_t)living;
    current->truncated_count += truncated;
    return 0;
}

static int read_thread(struct reader *reader, const char *line, struct error *error)
{
    char *end;
    uint64_t id = strtoull(line, &end, 10);
    if (*end != ' ' || !end[1])
        return fail(reader, error, "not a thread's number and name");
    MEM_GROW(reader->threads, reader->thread_count, reader->thread_capacity);
    reader->threads[reader->thread_count++] = (struct thread){ id, mem_strdup(end + 1) };
    return 0;
}

/* ---- a case ---- */

/* Of one section; the next is another process perhaps. */
static void forget_section(struct reader *reader)
{
    symbols_close(reader->symbols);
    free(reader->places);
    for (size_t i = 0; i < reader->thread_count; i++)
        free(reader->threads[i].name);
    reader->symbols = NULL;
    reader->places = NULL;
    reader->place_count = reader->place_capacity = reader->thread_count = 0;
}

/* The lines up to the first "thread" or "samples": /proc/PID/maps. */
static int read_maps(struct reader *reader, struct error *error)
{
    const char *line = next_line(reader);
    struct str maps = { 0 };
    int code = line && str_equal(line, "maps") ? 0 : fail(reader, error, "not 'maps'");
    while (code == 0 && !str_starts(reader->rest, "thread ") && !str_starts(reader->rest, "samples\n")) {
        line = next_line(reader);
        if (!line)
            code = fail(reader, error, "it ends within the maps");
        else
            str_appendf(&maps, "%s\n", line);
    }
    code = code ? code : symbols_open(&reader->symbols, str_text(&maps), error);
    str_release(&maps);
    return code;
}

static int read_head(struct reader *reader, struct error *error)
{
    struct allocations *current = reader->current;
    uint64_t seed;
    const char *line = next_line(reader);
    if (!line || !str_equal(line, "prony-allocations 1"))
        return fail(reader, error, "not a profile of allocations (prony-allocations 1)");
    line = next_line(reader);
    if (!line || !str_starts(line, "case ") || !line[5])
        return fail(reader, error, "not 'case' and a name");
    current->name = mem_strdup(line + 5);
    int code = read_number(reader, "operations", &current->operations, error);
    code = code ? code : read_number(reader, "allocations", &current->allocation_count, error);
    code = code ? code : read_number(reader, "bytes", &current->bytes, error);
    code = code ? code : read_number(reader, "interval_bytes", &current->interval_bytes, error);
    code = code ? code : read_number(reader, "seed", &seed, error);
    return code ? code : read_number(reader, "lost", &current->lost_count, error);
}

static int read_section(struct reader *reader, struct error *error)
{
    bool in_samples = false;
    int code = read_head(reader, error);
    code = code ? code : read_maps(reader, error);
    while (code == 0) {
        const char *line = next_line(reader);
        if (!line)
            return fail(reader, error, "it ends before 'end'");
        if (in_samples && str_equal(line, "end"))
            return 0;
        if (in_samples)
            code = read_sample(reader, line, error);
        else if (str_equal(line, "samples"))
            in_samples = true;
        else
            code = str_starts(line, "thread ") ? read_thread(reader, line + 7, error)
                                               : fail(reader, error, "not 'thread' or 'samples'");
    }
    return code;
}

bool allocations_is_file(const char *path)
{
    static const char head[] = "prony-allocations ";
    char text[sizeof head - 1];
    FILE *file = fopen(path, "re");
    bool matches = file && fread(text, 1, sizeof text, file) == sizeof text && memcmp(text, head, sizeof text) == 0;
    if (file)
        fclose(file);
    return matches;
}

int allocations_read(const char *path, struct allocations **list, size_t *count, struct error *error)
{
    char *text;
    size_t size, capacity = 0;
    *list = NULL;
    *count = 0;
    int code = file_read(path, &text, &size, error);
    if (code)
        return code;
    struct reader reader = { .path = path, .rest = text };
    if (strlen(text) != size)
        code = fail(&reader, error, "not text");
    while (code == 0 && *reader.rest) {
        MEM_GROW(*list, *count, capacity);
        reader.current = &(*list)[(*count)++];
        *reader.current = (struct allocations){ .allocated = stacks_create(), .living = stacks_create() };
        code = read_section(&reader, error);
        forget_section(&reader);
    }
    free(reader.threads);
    free(text);
    if (code == 0)
        return 0;
    allocations_release(*list, *count);
    *list = NULL;
    *count = 0;
    return code;
}

void allocations_release(struct allocations *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
        stacks_release(list[i].allocated);
        stacks_release(list[i].living);
    }
    free(list);
}
