/* gate_acknowledgement.c: what people answer for, read from a file. */
#include "harness/judge/gate.h"
#include "harness/base/conf.h"
#include "harness/base/file.h"
#include "harness/base/str.h"
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Days since 1970-01-01 of a date of the Gregorian calendar; false if there is no such day. */
static bool days_of(const char *text, int64_t *days)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t year, month, day;
    char part[3][5] = { { 0 } };
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || strspn(text, "0123456789-") != 10)
        return false;
    memcpy(part[0], text, 4);
    memcpy(part[1], text + 5, 2);
    memcpy(part[2], text + 8, 2);
    if (!str_parse_i64(part[0], &year) || !str_parse_i64(part[1], &month) || !str_parse_i64(part[2], &day))
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1] + (leap && month == 2))
        return false;
    int64_t count = day - 1 + (leap && month > 2);
    for (int64_t i = 0; i < month - 1; i++)
        count += lengths[i];
    int64_t before = year - 1;
    *days =
        count + (year - 1970) * 365 + before / 4 - before / 100 + before / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    return true;
}

static int read_until(struct gate_acknowledgement *item, const struct conf_entry *entry, struct error *error)
{
    int64_t days;
    if (!days_of(entry->value, &days))
        return error_set(error, ERROR_FORMAT, "%s:%d: '%.40s' is not a day like 2026-12-31", item->source, entry->line,
                         entry->value);
    const int64_t day_ns = 86400 * INT64_C(1000000000), last = INT64_MAX / day_ns - 1; /* in 2262 */
    item->until_ns = days < last ? (days + 1) * day_ns : INT64_MAX;
    return 0;
}

static int read_up_to(struct gate_acknowledgement *item, const struct conf_entry *entry, struct error *error)
{
    char number[64];
    size_t length = strcspn(entry->value, " \t%");
    const char *rest = entry->value + length + strspn(entry->value + length, " \t");
    double percent;
    snprintf(number, sizeof number, "%.*s", (int)length, entry->value);
    if (length >= sizeof number || !str_equal(rest, "%") || !str_parse_f64(number + (number[0] == '+'), &percent) ||
        !(percent > 0 && percent <= 1000000))
        return error_set(error, ERROR_FORMAT, "%s:%d: '%.40s' is not a share like 6 %%", item->source, entry->line,
                         entry->value);
    item->up_to = log1p(percent / 100);
    return 0;
}

static int read_pattern(const struct gate_acknowledgement *item, const struct conf_entry *entry, struct error *error)
{
    regex_t regex;
    int code = regcomp(&regex, entry->value, REG_EXTENDED | REG_NOSUB);
    if (code == 0) {
        regfree(&regex);
        return 0;
    }
    char reason[128];
    regerror(code, &regex, reason, sizeof reason);
    return error_set(error, ERROR_FORMAT, "%s:%d: '%.80s' is not a regular expression: %s", item->source, entry->line,
                     entry->value, reason);
}

static int read_entry(struct gate_acknowledgement *item, const struct conf_entry *entry, struct arena *arena,
                      struct error *error)
{
    const struct {
        const char *key;
        const char **target;
    } texts[] = { { "suite", &item->suite },   { "case", &item->pattern },  { "metric", &item->metric },
                  { "reason", &item->reason }, { "author", &item->author }, { "until", &item->until },
                  { "commit", &item->commit } };
    if (str_equal(entry->key, "up_to"))
        return read_up_to(item, entry, error);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!str_equal(entry->key, texts[i].key))
            continue;
        if (!*entry->value)
            return error_set(error, ERROR_FORMAT, "%s:%d: %s is empty", item->source, entry->line, entry->key);
        *texts[i].target = arena_strdup(arena, entry->value);
        return str_equal(entry->key, "until")  ? read_until(item, entry, error)
               : str_equal(entry->key, "case") ? read_pattern(item, entry, error)
                                               : 0;
    }
    return error_set(error, ERROR_FORMAT, "%s:%d: there is no setting '%.80s'", item->source, entry->line, entry->key);
}

/* What nobody answers for is no acknowledgement. */
static int check(const struct gate_acknowledgement *item, struct error *error)
{
    const char *missing = !item->pattern  ? "case"
                          : !item->reason ? "reason"
                          : !item->author ? "author"
                          : !item->until  ? "until"
                                          : NULL;
    bool measured = !str_equal(item->metric, "output") && !str_equal(item->metric, "failure");
    if (!missing && measured && isnan(item->up_to))
        missing = "up_to";
    if (!missing)
        return 0;
    return error_set(error, ERROR_FORMAT, "%s:%d: this acknowledgement has no '%s'", item->source, item->line, missing);
}

static int read_sections(struct gate_acknowledgements *acknowledgements, const struct conf *conf, const char *source,
                         struct arena *arena, struct error *error)
{
    acknowledgements->items = arena_array(arena, conf->section_count, sizeof *acknowledgements->items);
    acknowledgements->count = 0;
    if (conf->sections[0].entry_count)
        return error_set(error, ERROR_FORMAT, "%s:%d: '%.40s' stands before the first [acknowledge]", source,
                         conf->sections[0].entries[0].line, conf->sections[0].entries[0].key);
    for (size_t i = 1; i < conf->section_count; i++) {
        const struct conf_section *section = &conf->sections[i];
        struct gate_acknowledgement *item = &acknowledgements->items[acknowledgements->count++];
        *item = (struct gate_acknowledgement){ .source = source, .line = section->line, .up_to = NAN };
        if (!str_equal(section->kind, "acknowledge"))
            return error_set(error, ERROR_FORMAT, "%s:%d: there is no section [%.40s], only [acknowledge]", source,
                             section->line, section->kind);
        int code = 0;
        for (size_t k = 0; !code && k < section->entry_count; k++)
            code = read_entry(item, &section->entries[k], arena, error);
        if (!code)
            code = check(item, error);
        if (code)
            return code;
    }
    return 0;
}

int gate_acknowledgements_parse(struct gate_acknowledgements *acknowledgements, const char *source, const char *text,
                                size_t length, struct arena *arena, struct error *error)
{
    struct conf conf;
    int code = conf_parse(&conf, source, text, length, error);
    if (code)
        return code;
    code = read_sections(acknowledgements, &conf, arena_strdup(arena, source), arena, error);
    conf_release(&conf);
    return code;
}

int gate_acknowledgements_load(struct gate_acknowledgements *acknowledgements, const char *path, struct arena *arena,
                               struct error *error)
{
    char *text;
    size_t length;
    int code = file_read(path, &text, &length, error);
    if (code)
        return code;
    code = gate_acknowledgements_parse(acknowledgements, path, text, length, arena, error);
    free(text);
    return code;
}
