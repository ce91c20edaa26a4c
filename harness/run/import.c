/* import.c: from a file of another tool to runs in the store: recognizes, identifies, joins, writes. What the formats
 * mean is in import_<format>.c. Nothing is written before the whole file was understood. */
#include "harness/run/import_internal.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file that was understood, and nothing of it stored yet. */
struct import_input {
    struct arena arena;
    struct import_source source;
    struct import_document document; /* lives in the arena; its lists do not */
    const struct import_format *format;
    int joined;          /* further files */
    const char *content; /* uuids of what was joined; NULL = only its own */
};

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
    char start = source->text ? *import_skip_blanks(source->text) : 0;
    if ((start == '{' || start == '[' || str_starts(import_skip_blanks(source->text ? source->text : ""), "window.")) &&
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
    struct stat status;
    /* What a pipe holds can be read once. */
    if (stat(path, &status) == 0 && S_ISFIFO(status.st_mode))
        return true;
    bool good = import_source_open(&source, path, NULL) == 0 && find_format(&source, NULL, &format, NULL) == 0;
    import_source_close(&source);
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
static int apply_options(const struct import_input *input, struct import_run *run, struct error *error)
{
    const struct import_options *options = input->document.options;
    replace_fact(&run->build, "git_branch", options->branch);
    replace_fact(&run->build, "git_commit", options->commit);
    if (options->date && !import_parse_date(options->date, &run->started_ns))
        return error_set(error, ERROR_USAGE, "'%s' is not a date (2026-11-21T20:56:36Z)", options->date);
    if (options->date)
        run->ended_ns = 0;
    if (run->started_ns == 0) {
        run->started_ns = input->source.modified_ns;
        facts_add(&run->environment, "import_date", "that of the file: the format has none");
    }
    if (run->ended_ns < run->started_ns)
        run->ended_ns = run->started_ns;
    for (size_t i = 0; options->suite && i < run->sample_count; i++)
        run->samples[i].suite = options->suite;
    for (size_t i = 0; i < run->sample_count; i++)
        run->one_process = run->one_process || run->samples[i].repetition > 0;
    facts_add(&run->environment, "import_format", input->format->row.name);
    facts_add(&run->environment, "import_file", input->source.name);
    return 0;
}

/* ---- reading ---- */

static int understand(struct import_input *input, struct error *error)
{
    struct import_document *document = &input->document;
    const struct import_format *format = input->format;
    int code = format->prepare ? format->prepare(&input->source, document, error)
                               : format->read(&input->source, document, error);
    if (code == 0 && !format->prepare && document->count == 0)
        code = error_set(error, ERROR_FORMAT, "holds no results");
    if (code != 0)
        return error_prefix(error, "%s (%s)", input->source.path, format->row.name);
    for (size_t i = 0; code == 0 && i < document->count; i++) {
        struct import_run *run = &document->runs[i];
        run->uuid = identify_run(document, &input->source, format->row.name, run);
        code = apply_options(input, run, error);
        run->fingerprint = identify_machine(document, format->row.name, run);
    }
    return code;
}

int import_open(struct import_input **input, const char *path, const struct import_options *options,
                struct error *error)
{
    static const struct import_options none;
    struct import_input *opened = mem_alloc(sizeof *opened);
    *opened = (struct import_input){ 0 };
    opened->document = (struct import_document){ .arena = &opened->arena, .options = options ? options : &none };
    int code = import_source_open(&opened->source, path, error);
    if (code == 0)
        code = find_format(&opened->source, opened->document.options->format, &opened->format, error);
    if (code == 0)
        code = understand(opened, error);
    if (code != 0)
        import_close(opened);
    *input = code == 0 ? opened : NULL;
    return code;
}

void import_close(struct import_input *input)
{
    if (!input)
        return;
    if (input->document.part)
        import_discard_prony(&input->document);
    release_document(&input->document);
    import_source_close(&input->source);
    arena_release(&input->arena);
    free(input);
}

/* ---- joining ---- */

/* Processes are numbered on; those of one process are one again, as others are there now. */
static int take_processes(struct import_run *run, bool one_process, int first)
{
    int next = first;
    for (size_t i = 0; i < run->sample_count; i++) {
        struct store_sample *sample = &run->samples[i];
        sample->process = first + (one_process ? 0 : sample->process);
        sample->round = sample->process;
        next = sample->process + 1 > next ? sample->process + 1 : next;
    }
    return next;
}

static int check_join(const struct import_input *whole, const struct import_input *part, struct error *error)
{
    const char *path = part->source.path;
    if (whole->format != part->format)
        return error_set(error, ERROR_USAGE, "%s: is %s, the first file is %s: they cannot be one run", path,
                         part->format->row.name, whole->format->row.name);
    if (whole->document.count != 1 || part->document.count != 1)
        return error_set(error, ERROR_USAGE, "%s: a history cannot be joined with other files",
                         whole->document.count != 1 ? whole->source.path : path);
    const struct import_run *a = whole->document.runs, *b = part->document.runs;
    if (strstr(whole->content ? whole->content : a->uuid, b->uuid))
        return error_set(error, ERROR_USAGE, "%s: holds the same as a file before it, and a process counts once", path);
    if (!str_equal(a->fingerprint, b->fingerprint))
        return error_set(error, ERROR_USAGE, "%s: from another machine than the first file", path);
    const char *of_whole = facts_find(a->build.items, a->build.count, "git_commit");
    const char *of_part = facts_find(b->build.items, b->build.count, "git_commit");
    if (of_whole && of_part && !str_equal(of_whole, of_part))
        return error_set(error, ERROR_USAGE, "%s: of commit %.12s, the first file is of %.12s", path, of_part,
                         of_whole);
    return 0;
}

int import_join(struct import_input *whole, const struct import_input *part, struct error *error)
{
    int code = check_join(whole, part, error);
    if (code != 0)
        return code;
    struct import_run *run = whole->document.runs, *more = part->document.runs;
    if (run->processes == 0)
        run->processes = take_processes(run, run->one_process, 0);
    run->processes = take_processes(more, more->one_process, run->processes);
    for (size_t i = 0; i < more->sample_count; i++) {
        MEM_GROW(run->samples, run->sample_count, run->sample_capacity);
        run->samples[run->sample_count++] = more->samples[i];
    }
    if (more->ended_ns > run->ended_ns)
        run->ended_ns = more->ended_ns;
    if (more->started_ns < run->started_ns)
        run->started_ns = more->started_ns;
    run->one_process = false;
    whole->content = arena_format(&whole->arena, "%s %s", whole->content ? whole->content : run->uuid, more->uuid);
    wide hash = hash_bytes(hash_start, run->uuid, strlen(run->uuid));
    run->uuid = make_uuid(&whole->arena, hash_bytes(hash, more->uuid, strlen(more->uuid)));
    facts_addf(&run->environment, arena_format(&whole->arena, "import_file_%d", ++whole->joined + 1), "%s",
               part->source.name);
    return 0;
}

/* ---- writing ---- */

static int write_run(struct store *store, struct import_run *run, const char *format, int64_t *id, struct error *error)
{
    if (run->one_process)
        replace_fact(&run->environment, "import_repetitions",
                     "of one process, but taken as independent: intervals are narrower than they should be");
    struct store_run row = { .plan = format,
                             .command = run->command ? run->command : "",
                             .fingerprint = run->fingerprint,
                             .machine = run->machine.items,
                             .machine_count = run->machine.count,
                             .build = run->build.items,
                             .build_count = run->build.count,
                             .environment = run->environment.items,
                             .environment_count = run->environment.count,
                             .uuid = run->uuid,
                             .started_ns = run->started_ns };
    int code = store_run_begin(store, &row, id, error);
    if (code == 0)
        code = store_sample_add(store, *id, run->samples, run->sample_count, error);
    if (code == 0)
        code = store_run_end_at(store, *id, "complete", run->ended_ns, error);
    return code;
}

static int write_runs(const struct import_input *input, struct store *store, struct arena *arena,
                      struct import_ids *ids, struct error *error)
{
    const struct import_document *document = &input->document;
    int64_t *list = arena_array(arena, document->count, sizeof *list);
    int code = store_group_begin(store, error);
    if (code != 0)
        return code;
    for (size_t i = 0; code == 0 && i < document->count; i++) {
        struct import_run *run = &document->runs[i];
        code = store_run_known(store, run->uuid, &list[i], error);
        if (code == 0 && list[i])
            ids->known++;
        else if (code == 0)
            code = write_run(store, run, input->format->row.name, &list[i], error);
    }
    ids->ids = list;
    ids->count = document->count;
    return store_group_end(store, code, error);
}

int import_write(struct import_input *input, struct store *store, struct arena *arena, struct import_ids *ids,
                 struct error *error)
{
    *ids = (struct import_ids){ .format = input->format->row.name };
    if (!input->document.part)
        return write_runs(input, store, arena, ids, error);
    int code = import_merge_prony(&input->source, &input->document, store, arena, ids, error);
    return code == 0 ? 0 : error_prefix(error, "%s (%s)", input->source.path, input->format->row.name);
}

int import_file(struct store *store, const char *path, const struct import_options *options, struct arena *arena,
                struct import_ids *ids, struct error *error)
{
    struct import_input *input;
    *ids = (struct import_ids){ 0 };
    int code = import_open(&input, path, options, error);
    if (code == 0)
        code = import_write(input, store, arena, ids, error);
    import_close(input);
    return code;
}
