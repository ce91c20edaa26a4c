/* profile_read.c: profile files of our own and of other tools come in: told apart by their contents. */
#include "reports/profile_read.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "reports/profile.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT_MAX_EXPONENT = 62 };

/* The next line of *text without its end, or NULL. */
static char *next_line(char **text)
{
    char *line = *text;
    if (!line || !*line)
        return NULL;
    size_t length = strcspn(line, "\n");
    *text = line[length] ? line + length + 1 : line + length;
    line[length] = 0;
    while (length && isspace((unsigned char)line[length - 1]))
        line[--length] = 0;
    return line;
}

/* ---- folded stacks ---- */

/* "main_[k]" loses its suffix. */
static uint32_t add_folded_frame(struct stacks *stacks, uint32_t parent, char *name)
{
    struct stacks_frame frame = { .function = name, .object = "", .file = "", .kind = STACKS_USER };
    size_t length = strlen(name);
    if (length > 4 && (str_ends(name, "_[k]") || str_ends(name, "_[i]"))) {
        frame.kind = name[length - 2] == 'k' ? STACKS_KERNEL : STACKS_INLINE;
        name[length - 4] = 0;
    } else if (length > 2 && *name == '[' && name[length - 1] == ']') { /* [unknown], [truncated], [signal] */
        frame.kind = STACKS_MARK;
    }
    return stacks_add_node(stacks, parent, stacks_add_frame(stacks, &frame));
}

int profile_read_folded(char *text, bool counted, struct stacks *stacks, struct error *error)
{
    uint64_t sum = 0;
    size_t number = 0;
    for (char *line; (line = next_line(&text));) {
        number++;
        if (!*line || *line == '#')
            continue;
        char *blank = strrchr(line, ' ');
        double value;
        if (!blank || blank == line || !str_parse_f64(blank + 1, &value))
            return error_set(error, ERROR_FORMAT, "line %zu: folded stacks end in a blank and a number, not '%.60s'",
                             number, line);
        if (value < 0 || value >= ldexp(1, WEIGHT_MAX_EXPONENT) ||
            (sum += (uint64_t)(value + 0.5)) >> WEIGHT_MAX_EXPONENT)
            return error_set(error, ERROR_FORMAT, "line %zu: %s is no possible weight", number, blank + 1);
        *blank = 0;
        uint32_t node = 0;
        for (char *frame = line, *next; frame; frame = next) {
            next = strchr(frame, ';');
            if (next)
                *next++ = 0;
            node = add_folded_frame(stacks, node, frame);
        }
        uint64_t weight = (uint64_t)(value + 0.5);
        stacks_add_weight(stacks, node, weight, counted ? weight : 0);
    }
    return 0;
}

/* ---- perf script ----
 *
 * prony-engine  4711/4712 [001]  5012.123456:    2004008 cpu-clock:pppH:
 *         55e0d1c3c3f0 matvec_q8_0__avx2+0x150 (/usr/bin/prony-engine)
 *         55e0d1c3a000 helper (inlined)
 *                                                          (an empty line) */

bool profile_is_perf(const char *text)
{
    while (*text == '#' || *text == '\n') { /* comments */
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    size_t length = strcspn(text, "\n");
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    return length && !isspace((unsigned char)*text) && text[length - 1] == ':' && memchr(text, ' ', length);
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Ends the name of the command in line and returns what follows it, or NULL. The name may have blanks: it ends before
 * the first blank that a process id follows. */
static char *split_command(char *line)
{
    for (char *blank = line; (blank = strchr(blank, ' ')); blank++) {
        char *id = blank + strspn(blank, " ");
        char *end = id + digits(id);
        if (end > id && *end == '/')
            end += 1 + digits(end + 1);
        if (end > id && *end == ' ') {
            *blank = 0;
            return end;
        }
    }
    return NULL;
}

/* "... 5012.123456:    2004008 cpu-clock:pppH:" -> "cpu-clock". */
static const char *event_name(char *rest, struct arena *arena)
{
    char *at = strstr(rest, ": ");
    if (!at)
        return NULL;
    at += 1 + strspn(at + 1, " ");
    size_t number = digits(at);
    if (number && at[number] == ' ')
        at += number + strspn(at + number, " ");
    size_t length = strcspn(at, ": ");
    return length ? arena_strndup(arena, at, length) : NULL;
}

/* Frames arrive with the innermost first. Their texts point into the file's. */
struct perf_sample {
    struct stacks_frame *frames;
    size_t count, capacity;
    char *command;
};

static bool is_kernel(const char *object)
{
    return str_starts(object, "[kernel") || str_starts(object, "[guest.kernel") || str_ends(object, ".ko");
}

static bool add_perf_frame(struct perf_sample *sample, char *line)
{
    char *name = line + strspn(line, " \t");
    size_t address = strspn(name, "0123456789abcdef");
    char *object = strrchr(name, '(');
    if (!address || name[address] != ' ' || !object || object[strlen(object) - 1] != ')')
        return false;
    name += address + 1;
    object[strlen(object) - 1] = 0;
    *object++ = 0;
    for (size_t length = strlen(name); length && name[length - 1] == ' ';)
        name[--length] = 0;
    char *offset = strrchr(name, '+');
    if (offset && str_starts(offset, "+0x"))
        *offset = 0;
    struct stacks_frame frame = { .function = name, .object = "", .file = "", .kind = STACKS_USER };
    if (str_equal(object, "inlined")) {
        frame.kind = STACKS_INLINE;
    } else {
        char *slash = strrchr(object, '/');
        frame.object = slash ? slash + 1 : object;
        frame.kind = is_kernel(object) ? STACKS_KERNEL : STACKS_USER;
    }
    if (str_equal(name, "[unknown]"))
        frame.kind = STACKS_MARK;
    MEM_GROW(sample->frames, sample->count, sample->capacity);
    sample->frames[sample->count++] = frame;
    return true;
}

static void end_perf_sample(struct perf_sample *sample, struct stacks *stacks)
{
    if (!sample->command)
        return;
    const struct stacks_frame thread = { .function = sample->command, .object = "", .file = "", .kind = STACKS_THREAD };
    uint32_t node = stacks_add_node(stacks, 0, stacks_add_frame(stacks, &thread));
    const char *object = "";
    while (sample->count > 0) {
        struct stacks_frame *frame = &sample->frames[--sample->count];
        if (frame->kind == STACKS_INLINE)
            frame->object = object; /* that of the function around it */
        object = frame->object;
        node = stacks_add_node(stacks, node, stacks_add_frame(stacks, frame));
    }
    stacks_add_weight(stacks, node, 1, 1);
    sample->command = NULL;
}

int profile_read_perf(char *text, struct arena *arena, struct stacks *stacks, const char **event, struct error *error)
{
    struct perf_sample sample = { 0 };
    size_t number = 0;
    int code = 0;
    *event = NULL;
    for (char *line; code == 0 && (line = next_line(&text));) {
        number++;
        if (*line == '#')
            continue;
        if (!*line) {
            end_perf_sample(&sample, stacks);
        } else if (isspace((unsigned char)*line)) {
            if (!sample.command || !add_perf_frame(&sample, line))
                code = error_set(error, ERROR_FORMAT, "line %zu: no frame as perf script prints it: '%.60s'", number,
                                 line + strspn(line, " \t"));
        } else {
            end_perf_sample(&sample, stacks);
            char *rest = split_command(line);
            if (!rest)
                code = error_set(error, ERROR_FORMAT, "line %zu: no sample as perf script prints it: '%.60s'", number,
                                 line);
            else if (!*event)
                *event = event_name(rest, arena);
            sample.command = line;
        }
    }
    if (code == 0)
        end_perf_sample(&sample, stacks);
    free(sample.frames);
    return code;
}

/* ---- all ---- */

static int read_text(char *text, size_t length, const char *unit, struct arena *arena, struct profile *profile,
                     struct stacks *stacks, struct error *error)
{
    bool counted = !unit || str_equal(unit, "samples");
    if (strlen(text) != length)
        return error_set(error, ERROR_FORMAT, "neither folded or encoded stacks nor the output of perf script");
    profile->about.unit = unit ? unit : "samples";
    if (profile_is_perf(text)) {
        profile->about.unit = "samples";
        return profile_read_perf(text, arena, stacks, &profile->about.event, error);
    }
    return profile_read_folded(text, counted, stacks, error);
}

int profile_read(const char *path, const char *unit, struct arena *arena, struct profile *profile,
                 struct stacks **stacks, struct error *error)
{
    char *data;
    size_t size_bytes;
    *stacks = NULL;
    int code = file_read(path, &data, &size_bytes, error);
    if (code)
        return code;
    const char *slash = strrchr(path, '/');
    *profile = (struct profile){ .about = { .title = arena_strdup(arena, slash ? slash + 1 : path),
                                            .kind = str_equal(unit, "B") ? "allocations" : "cpu",
                                            .unit = unit ? unit : "samples" } };
    if (size_bytes >= 4 && memcmp(data, "PSTK", 4) == 0) {
        profile->about.unit = unit ? unit : "ns";
        code = stacks_decode(stacks, data, size_bytes, error);
    } else {
        *stacks = stacks_create();
        code = read_text(data, size_bytes, unit, arena, profile, *stacks, error);
    }
    free(data);
    profile->stacks = *stacks;
    if (code == 0 && profile_total(profile) == 0)
        code = error_set(error, ERROR_FORMAT, "no stacks in it");
    if (code) {
        error_prefix(error, "%s", path);
        stacks_release(*stacks);
        *stacks = NULL;
    }
    return code;
}
