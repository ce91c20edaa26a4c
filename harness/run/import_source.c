/* import_source.c: the text of a file that may be anything: a pipe, a device without an end, a program, an archive.
 * What it is not is said in words; memory is bounded by a limit of its size, and nothing behind the first look is read
 * of what is no text. */
#include "harness/run/import_internal.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/run/protocol_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- JSON ---- */

const char *import_skip_blanks(const char *text)
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
    const char *start = import_skip_blanks(text);
    size_t length = strcspn(start, "\n");
    if (*start != '{' || *import_skip_blanks(start + length) == 0)
        return false;
    json_t *first = json_loadb(start, length, 0, NULL);
    json_decref(first);
    return first != NULL;
}

static void load_json(struct import_source *source)
{
    const char *start = import_skip_blanks(source->text);
    /* github-action-benchmark's page is one assignment. */
    if (str_starts(start, "window.BENCHMARK_DATA")) {
        const char *equals = strchr(start, '=');
        start = equals ? import_skip_blanks(equals + 1) : start;
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

/* ---- the text ---- */

/* What a file begins with that is no text, and what to do about it. */
static const char *find_disguise(const char *text, size_t length)
{
    static const struct {
        const char *magic, *words;
    } disguises[] = {
        { "SQLite format 3", "is a database: prony db merge takes its runs (compare and report read it as it is)" },
        { "\x1f\x8b", "is compressed: gzip -dc FILE | prony import -" },
        { "\x28\xb5\x2f\xfd", "is compressed: zstd -dc FILE | prony import -" },
        { "\xfd"
          "7zXZ",
          "is compressed: xz -dc FILE | prony import -" },
        { "BZh", "is compressed: bzip2 -dc FILE | prony import -" },
        { "PK\x03\x04", "is an archive: unzip it first" },
        { "\xff\xfe", "is UTF-16: iconv -f utf-16 -t utf-8 FILE | prony import -" },
        { "\xfe\xff", "is UTF-16: iconv -f utf-16 -t utf-8 FILE | prony import -" },
    };
    for (size_t i = 0; i < sizeof disguises / sizeof disguises[0]; i++) {
        size_t size = strlen(disguises[i].magic);
        if (length >= size && memcmp(text, disguises[i].magic, size) == 0)
            return disguises[i].words;
    }
    return memchr(text, 0, length) ? "is no text: it has zero bytes" : NULL;
}

static int check_text(const char *path, const char *text, size_t length, struct error *error)
{
    const char *words = find_disguise(text, length);
    if (words)
        return error_set(error, ERROR_FORMAT, "%s: %s", path, words);
    if (length > IMPORT_LIMIT_BYTES)
        return error_set(error, ERROR_FORMAT,
                         "%s: more than %d MiB, which is the most that can be imported at once (databases: prony db "
                         "merge)",
                         path, (int)(IMPORT_LIMIT_BYTES >> 20));
    return 0;
}

/* Everything up to the limit and a byte; what cannot be text is seen after the first piece. */
static int read_text(int file, const char *path, char **text, size_t *length, struct error *error)
{
    size_t capacity = 1 << 16;
    char *buffer = mem_alloc(capacity + 1);
    int code = 0;
    *length = 0;
    while (code == 0) {
        ssize_t got = read(file, buffer + *length, capacity - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            code = error_system(error, errno, "%s: cannot read", path);
        if (got <= 0)
            break;
        bool first = *length < 64; /* the longest sign of another kind of file is shorter */
        *length += (size_t)got;
        if (first || *length > IMPORT_LIMIT_BYTES)
            code = check_text(path, buffer, *length, error);
        if (code == 0 && *length == capacity)
            buffer = mem_resize(buffer, (capacity *= 2) + 1, 1);
    }
    buffer[*length] = 0;
    *text = buffer;
    return code ? code : check_text(path, buffer, *length, error);
}

static int check_kind(struct import_source *source, const struct stat *status, struct error *error)
{
    source->is_directory = S_ISDIR(status->st_mode);
    source->modified_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
    if (!source->is_directory && !S_ISREG(status->st_mode)) { /* what comes out of it is made now */
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        source->modified_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    }
    if (S_ISSOCK(status->st_mode) || S_ISBLK(status->st_mode))
        return error_set(error, ERROR_IO, "%s: is neither a file nor a pipe", source->path);
    if (S_ISREG(status->st_mode) && status->st_size > (off_t)IMPORT_LIMIT_BYTES)
        return error_set(error, ERROR_FORMAT,
                         "%s: %lld MiB; at most %d MiB can be imported at once (databases: prony db merge)",
                         source->path, (long long)(status->st_size >> 20), (int)(IMPORT_LIMIT_BYTES >> 20));
    return 0;
}

int import_source_open(struct import_source *source, const char *path, struct error *error)
{
    struct stat status;
    bool standard = str_equal(path, "-");
    const char *slash = strrchr(path, '/');
    *source = (struct import_source){ .path = standard ? "standard input" : path,
                                      .name = standard            ? "stdin"
                                              : slash && slash[1] ? slash + 1
                                                                  : path };
    if (standard ? fstat(STDIN_FILENO, &status) : stat(path, &status))
        return error_system(error, errno, "%s", source->path);
    int code = check_kind(source, &status, error);
    if (code != 0 || source->is_directory)
        return code;
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_system(error, errno, "%s: cannot open", path);
    char *text = NULL;
    code = read_text(file, source->path, &text, &source->length, error);
    if (!standard)
        close(file);
    source->text = text;
    if (code == 0 && str_starts(text, "\xef\xbb\xbf")) /* a byte order mark, as Windows puts one */
        memmove(text, text + 3, (source->length -= 3) + 1);
    if (code == 0 && *import_skip_blanks(text) == 0)
        return error_set(error, ERROR_FORMAT, "%s: is empty", source->path);
    if (code == 0)
        load_json(source);
    return code;
}

void import_source_close(struct import_source *source)
{
    json_decref(source->json);
    free((char *)source->text);
    *source = (struct import_source){ 0 };
}
