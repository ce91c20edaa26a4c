/* callgrind_dump.c: the totals in a file that callgrind wrote. Of the Callgrind Profile Format only two lines matter:
 * "events:" names the columns, "totals:" ends the file with one number a column, trailing zeros left out. A file
 * without it was cut. */
#include "harness/run/callgrind.h"
#include "harness/base/str.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_LIMIT = 64 };

static const char *const names[CALLGRIND_EVENT_COUNT] = { "Ir",   "Dr",   "Dw", "I1mr", "D1mr", "D1mw", "ILmr",
                                                          "DLmr", "DLmw", "Bc", "Bcm",  "Bi",   "Bim" };

struct columns {
    int events[COLUMN_LIMIT]; /* enum callgrind_event; -1 = of no interest */
    size_t count;
};

/* What follows "key:" on the last line that starts so (the totals are at the end, names of files may stand before). */
static const char *find_line(const char *text, const char *key)
{
    const char *found = NULL;
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, key, length) == 0)
            found = line + length;
    return found;
}

/* The next word of the line at *p, without the blanks around; length 0 = the line ends. */
static const char *next_word(const char **p, size_t *length)
{
    *p += strspn(*p, " \t\r");
    const char *word = *p;
    *length = strcspn(word, " \t\r\n");
    *p += *length;
    return word;
}

static int read_columns(const char *line, struct columns *columns, struct error *error)
{
    size_t length;
    for (const char *word; (word = next_word(&line, &length), length > 0);) {
        if (columns->count == COLUMN_LIMIT)
            return error_set(error, ERROR_FORMAT, "callgrind's file names more than %d events", COLUMN_LIMIT);
        int event = -1;
        for (int i = 0; i < CALLGRIND_EVENT_COUNT; i++)
            if (strlen(names[i]) == length && strncmp(names[i], word, length) == 0)
                event = i;
        columns->events[columns->count++] = event;
    }
    return 0;
}

static int read_totals(const char *line, const struct columns *columns, struct callgrind_totals *totals,
                       struct error *error)
{
    size_t length, column = 0;
    for (const char *word; (word = next_word(&line, &length), length > 0); column++) {
        char *end;
        errno = 0;
        unsigned long long value = strtoull(word, &end, 10);
        if (column == columns->count || errno || end != word + length || word[0] < '0' || word[0] > '9')
            return error_set(error, ERROR_FORMAT, "callgrind's totals have '%.*s' in column %zu",
                             (int)(length < 40 ? length : 40), word, column + 1);
        if (columns->events[column] >= 0)
            totals->values[columns->events[column]] = value;
    }
    for (size_t i = 0; i < columns->count; i++)
        if (columns->events[i] >= 0)
            totals->has[columns->events[i]] = true;
    return 0;
}

int callgrind_dump_parse(const char *text, size_t length, struct callgrind_totals *totals, struct error *error)
{
    struct columns columns = { 0 };
    *totals = (struct callgrind_totals){ 0 };
    if (memchr(text, 0, length))
        return error_set(error, ERROR_FORMAT, "callgrind's file holds a zero byte");
    const char *events = find_line(text, "events:"), *numbers = find_line(text, "totals:");
    if (!events)
        return error_set(error, ERROR_FORMAT, "callgrind's file does not say which events it counted");
    if (!numbers || !strchr(numbers, '\n'))
        return error_set(error, ERROR_FORMAT, "callgrind's file was cut: its totals are missing");
    int code = read_columns(events, &columns, error);
    if (code == 0)
        code = read_totals(numbers, &columns, totals, error);
    if (code == 0 && !totals->has[CALLGRIND_IR])
        code = error_set(error, ERROR_FORMAT, "callgrind's file has no column Ir");
    return code;
}
