/* import.c: from a file of another tool to runs in the store: reads, recognizes, identifies, writes. What the formats
 * mean is in import_<format>.c. Nothing is written before the whole file was understood. */
#include "harness/run/import_internal.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/run/protocol_internal.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- reading the file ---- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

static void note_fault(struct import_source *source, int line, int column, const char *text)
{
    snprintf(source->json_fault, sizeof source->json_fault, "line %d, column %d: %.150s", line, column, text);
    for (char *p = source->json_fault; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
}

/* A JSON value on every line. */
static json_t *load_lines(struct import_source *source)
{
    json_t *list = json_array();
    int number = 0;
    for (const char *line = source->text; *line; number++) {
        size_t length = strcspn(line, "\n");
        size_t blank = strspn(line, " \t\r");
        json_error_t fault;
        json_t *value = NULL;
        if (blank < length) {
            value = json_loadb(line, length, JSON_DECODE_ANY, &fault);
            if (!value) {
                note_fault(source, number + 1, fault.column, fault.text);
                json_decref(list);
                return NULL;
            }
            json_array_append_new(list, value);
        }
        line += length + (line[length] == '\n');
    }
    return list;
}

/* Whether the first line is a JSON object by itself, and others follow. */
static bool starts_with_line(const char *text)
{
    const char *start = skip_blanks(text);
    size_t length = strcspn(start, "\n");
    if (*start != '{' || *skip_blanks(start + length) == 0)
        return false;
    json_t *first = json_loadb(start, length, 0, NULL);
    json_decref(first);
    return first != NULL;
}

static void load_json(struct import_source *source)
{
    const char *start = skip_blanks(source->text);
    /* github-action-benchmark's page is one assignment. */
    if (str_starts(start, "window.BENCHMARK_DATA")) {
        const char *equals = strchr(start, '=');
        start = equals ? skip_blanks(equals + 1) : start;
    }
    if (*start != '{' && *start != '[') {
        snprintf(source->json_fault, sizeof source->json_fault, "it does not begin with { or [");
        return;
    }
    if (starts_with_line(source->text)) {
        source->is_lines = true;
        source->json = load_lines(source);
        return;
    }
    size_t length = source->length - (size_t)(start - source->text);
    while (length > 0 && strchr("; \t\r\n", start[length - 1]) && start[length - 1])
        length--;
    struct error ignored;
    json_error_t fault;
    source->json = json_loadb(start, length, JSON_REJECT_DUPLICATES, &fault);
    if (!source->json) {
        note_fault(source, fault.line, fault.column, fault.text);
        source->json = protocol_load(start, length, &ignored); /* mends NaN and the like */
    }
}

static int open_source(struct import_source *source, const char *path, struct error *error)
{
    struct stat status;
    const char *slash = strrchr(path, '/');
    *source = (struct import_source){ .path = path, .name = slash && slash[1] ? slash + 1 : path };
    if (stat(path, &status) != 0)
        return error_system(error, errno, "%s", path);
    source->modified_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    source->is_directory = S_ISDIR(status.st_mode);
    if (source->is_directory)
        return 0;
    char *text;
    int code = file_read(path, &text, &source->length, error);
    if (code != 0)
        return code;
    source->text = text;
    if (*skip_blanks(text) == 0 && strlen(text) == source->length)
        return error_set(error, ERROR_FORMAT, "%s: is empty", path);
    load_json(source);
    return 0;
}

static void close_source(struct import_source *source)
{
    json_decref(source->json);
    free((char *)source->text);
    *source = (struct import_source){ 0 };
}

/* ---- recognizing ---- */

static int find_format(const struct import_source *source, const char *name, const struct import_format **format,
                       struct error *error)
{
    *format = NULL;
    for (size_t i = 0; i < import_format_count && !*format; i++)
        if (name ? str_equal(import_formats[i].row.name, name) : import_formats[i].recognize(source))
            *format = &import_formats[i];
    if (*format)
        return 0;
    if (name)
        return error_set(error, ERROR_USAGE, "there is no format '%s' to import (prony import --help lists them)",
                         name);
    char start = source->text ? *skip_blanks(source->text) : 0;
    if ((start == '{' || start == '[' || str_starts(skip_blanks(source->text ? source->text : ""), "window.")) &&
        !source->json)
        return error_set(error, ERROR_FORMAT, "%s: damaged or cut off: its JSON ends in an error: %s", source->path,
                         source->json_fault);
    return error_set(error, ERROR_FORMAT,
                     "%s: none of the formats that can be imported (prony import --help lists them)", source->path);
}

bool import_is_file(const char *path)
{
    struct import_source source;
    const struct import_format *format;
    bool good = open_source(&source, path, NULL) == 0 && find_format(&source, NULL, &format, NULL) == 0;
    close_source(&source);
    return good;
}

const struct import_format_row *import_format_at(size_t index)
{
    return index < import_format_count ? &import_formats[index].row : NULL;
}

/* ---- building ---- */

struct import_run *import_add_run(struct import_document *document)
{
    MEM_GROW(document->runs, document->count, document->capacity);
    struct import_run *run = &document->runs[document->count++];
    *run = (struct import_run){ .machine.arena = document->arena,
                                .build.arena = document->arena,
                                .environment.arena = document->arena };
    return run;
}

struct store_sample *import_add_sample(struct import_document *document, struct import_run *run, const char *suite,
                                       const char *name)
{
    MEM_GROW(run->samples, run->sample_count, run->sample_capacity);
    struct store_sample *sample = &run->samples[run->sample_count++];
    *sample = (struct store_sample){ .suite = arena_strdup(document->arena, suite),
                                     .name = arena_strdup(document->arena, name),
                                     .real_time_ns = NAN,
                                     .cpu_time_ns = NAN };
    return sample;
}

void import_add_metric(struct import_document *document, struct store_sample *sample, const char *name,
                       const char *unit, double value)
{
    if (!isfinite(value))
        return;
    struct store_metric *list = arena_array(document->arena, sample->metric_count + 1, sizeof *list);
    if (sample->metric_count)
        memcpy(list, sample->metrics, sample->metric_count * sizeof *list);
    list[sample->metric_count++] = (struct store_metric){ .name = arena_strdup(document->arena, name),
                                                          .unit = arena_strdup(document->arena, unit),
                                                          .value = value };
    sample->metrics = list;
}

static void release_document(struct import_document *document)
{
    for (size_t i = 0; i < document->count; i++) {
        facts_release(&document->runs[i].machine);
        facts_release(&document->runs[i].build);
        facts_release(&document->runs[i].environment);
        str_release(&document->runs[i].identity);
        free(document->runs[i].samples);
    }
    free(document->runs);
}

/* ---- identifying ---- */

/* FNV-1a of 128 bits (Fowler, Noll, Vo): content is told apart, not defended against forgers. */
__extension__ typedef unsigned __int128 wide;

static wide hash_bytes(wide hash, const char *bytes, size_t length)
{
    const wide prime = ((wide)1 << 88) + 0x13b;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * prime;
    return hash;
}

static const wide hash_start = ((wide)0x6c62272e07bb0142u << 64) + 0x62b821756295c58du;

/* A UUID of version 8 (RFC 9562: made by a method of one's own). */
static const char *make_uuid(struct arena *arena, wide hash)
{
    uint64_t high = (uint64_t)(hash >> 64), low = (uint64_t)hash;
    high = (high & ~(uint64_t)0xf000) | 0x8000;
    low = (low & ~((uint64_t)3 << 62)) | (uint64_t)2 << 62;
    return arena_format(arena, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff),
                        (unsigned)(high & 0xffff), (unsigned)(low >> 48), (unsigned long long)(low & 0xffffffffffffu));
}

static const char *identify_run(const struct import_document *document, const struct import_source *source,
                                const char *format, const struct import_run *run)
{
    wide hash = hash_bytes(hash_start, format, strlen(format) + 1);
    if (run->identity.length)
        hash = hash_bytes(hash, str_text(&run->identity), run->identity.length);
    else
        hash = hash_bytes(hash, source->text, source->length);
    return make_uuid(document->arena, hash);
}

/* A machine is what its file says of it, or the name that the user gives it. Its fingerprint cannot be that of one of
 * our own fingerprints, unless the user says so. */
static const char *identify_machine(const struct import_document *document, const char *format, struct import_run *run)
{
    const char *name = document->options->machine;
    if (name && strlen(name) == 16 && strspn(name, "0123456789abcdef") == 16)
        return name;
    if (name) {
        facts_release(&run->machine);
        run->machine.arena = document->arena;
        facts_add(&run->machine, "name", name);
    } else if (run->machine.count == 0) {
        facts_addf(&run->machine, "machine", "not known to %s", format);
    }
    wide hash = hash_start;
    for (size_t i = 0; i < run->machine.count; i++) {
        const struct store_fact *fact = &run->machine.items[i];
        hash = hash_bytes(hash, fact->name, strlen(fact->name) + 1);
        hash = hash_bytes(hash, fact->value, strlen(fact->value) + 1);
    }
    return arena_format(document->arena, "i-%014llx", (unsigned long long)(hash & 0xffffffffffffffu));
}

static void replace_fact(struct facts *facts, const char *name, const char *value)
{
    if (!value)
        return;
    for (size_t i = 0; i < facts->count; i++)
        if (str_equal(facts->items[i].name, name)) {
            facts->items[i].value = arena_strdup(facts->arena, value);
            return;
        }
    facts_add(facts, name, value);
}

/* What the user says wins over the file. */
static int apply_options(const struct import_document *document, const struct import_source *source, const char *format,
                         struct import_run *run, struct error *error)
{
    const struct import_options *options = document->options;
    replace_fact(&run->build, "git_branch", options->branch);
    replace_fact(&run->build, "git_commit", options->commit);
    if (options->date && !import_parse_date(options->date, &run->started_ns))
        return error_set(error, ERROR_USAGE, "'%s' is not a date (2026-11-21T20:56:36Z)", options->date);
    if (options->date)
        run->ended_ns = 0;
    if (run->started_ns == 0) {
        run->started_ns = source->modified_ns;
        facts_add(&run->environment, "import_date", "that of the file: the format has none");
    }
    if (run->ended_ns < run->started_ns)
        run->ended_ns = run->started_ns;
    for (size_t i = 0; options->suite && i < run->sample_count; i++)
        run->samples[i].suite = options->suite;
    for (size_t i = 0; i < run->sample_count; i++)
        if (run->samples[i].repetition > 0) {
            facts_add(&run->environment, "import_repetitions",
                      "of one process, but taken as independent: intervals are narrower than they should be");
            break;
        }
    facts_add(&run->environment, "import_format", format);
    facts_add(&run->environment, "import_file", source->name);
    return 0;
}

/* ---- writing ---- */

static int write_run(struct store *store, const struct import_document *document, const struct import_run *run,
                     const char *format, const char *uuid, const char *fingerprint, int64_t *id, struct error *error)
{
    (void)document;
    struct store_run row = { .plan = format,
                             .command = run->command ? run->command : "",
                             .fingerprint = fingerprint,
                             .machine = run->machine.items,
                             .machine_count = run->machine.count,
                             .build = run->build.items,
                             .build_count = run->build.count,
                             .environment = run->environment.items,
                             .environment_count = run->environment.count,
                             .uuid = uuid,
                             .started_ns = run->started_ns };
    int code = store_run_begin(store, &row, id, error);
    if (code == 0)
        code = store_sample_add(store, *id, run->samples, run->sample_count, error);
    if (code == 0)
        code = store_run_end_at(store, *id, "complete", run->ended_ns, error);
    return code;
}

static int write_document(struct store *store, struct import_document *document, const struct import_source *source,
                          const char *format, struct import_ids *ids, struct error *error)
{
    int64_t *list = arena_array(document->arena, document->count, sizeof *list);
    int code = store_group_begin(store, error);
    if (code != 0)
        return code;
    for (size_t i = 0; code == 0 && i < document->count; i++) {
        struct import_run *run = &document->runs[i];
        const char *uuid = identify_run(document, source, format, run);
        code = store_run_known(store, uuid, &list[i], error);
        if (code != 0 || list[i]) {
            ids->known += code == 0;
            continue;
        }
        code = apply_options(document, source, format, run, error);
        if (code == 0)
            code =
                write_run(store, document, run, format, uuid, identify_machine(document, format, run), &list[i], error);
    }
    code = store_group_end(store, code, error);
    ids->ids = list;
    ids->count = document->count;
    ids->format = format;
    return code;
}

int import_file(struct store *store, const char *path, const struct import_options *options, struct arena *arena,
                struct import_ids *ids, struct error *error)
{
    static const struct import_options none;
    struct import_source source;
    struct import_document document = { .arena = arena, .options = options ? options : &none };
    const struct import_format *format = NULL;
    *ids = (struct import_ids){ 0 };
    int code = open_source(&source, path, error);
    if (code == 0)
        code = find_format(&source, document.options->format, &format, error);
    if (code == 0 && format->merge) {
        ids->format = format->row.name;
        code = format->merge(&source, store, arena, ids, error);
        if (code != 0)
            error_prefix(error, "%s (%s)", path, format->row.name);
    } else if (code == 0) {
        code = format->read(&source, &document, error);
        if (code == 0 && document.count == 0)
            code = error_set(error, ERROR_FORMAT, "holds no results");
        if (code != 0)
            error_prefix(error, "%s (%s)", path, format->row.name);
    }
    if (code == 0 && !format->merge)
        code = write_document(store, &document, &source, format->row.name, ids, error);
    release_document(&document);
    close_source(&source);
    return code;
}
