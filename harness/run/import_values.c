/* import_values.c: dates, units and facts as other tools write them. */
#include "harness/run/import_internal.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- dates ---- */

/* Days since 1970 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
 * days_from_civil). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* "Z", "+01:00", "+0100", "" */
static bool parse_zone(const char *text, int64_t *seconds)
{
    int hours, minutes;
    *seconds = 0;
    if (*text == 0 || str_equal(text, "Z") || str_equal(text, "z"))
        return true;
    if (*text != '+' && *text != '-')
        return false;
    bool colon = strlen(text) == 6 && text[3] == ':';
    if (!colon && strlen(text) != 5)
        return false;
    for (size_t i = 1; text[i]; i++)
        if (!isdigit((unsigned char)text[i]) && !(colon && i == 3))
            return false;
    hours = (text[1] - '0') * 10 + text[2] - '0';
    const char *rest = text + (colon ? 4 : 3);
    minutes = (rest[0] - '0') * 10 + rest[1] - '0';
    *seconds = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return hours < 24 && minutes < 60;
}

bool import_parse_date(const char *text, int64_t *utc_ns)
{
    int year, month, day, hour = 0, minute = 0, second = 0, used = 0;
    int64_t zone;
    char separator = 0;
    if (!text || sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used != 10)
        return false;
    text += used;
    double fraction = 0;
    if (*text) {
        separator = *text++;
        used = 0;
        if ((separator != 'T' && separator != ' ') || sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 ||
            used != 5)
            return false;
        text += used;
        if (*text == ':' && isdigit((unsigned char)text[1]) && isdigit((unsigned char)text[2])) {
            second = (text[1] - '0') * 10 + text[2] - '0';
            text += 3;
        }
        if (*text == '.' && isdigit((unsigned char)text[1])) {
            double scale = .1;
            for (text++; isdigit((unsigned char)*text); text++, scale /= 10)
                fraction += scale * (*text - '0');
        }
        text += *text == ' ';
    }
    if (!parse_zone(text, &zone) || year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second > 60)
        return false;
    int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone;
    *utc_ns = seconds * 1000000000 + (int64_t)(fraction * 1e9);
    return true;
}

/* ---- units ---- */

double import_unit_ns(const char *unit)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {
        { "ns", 1 },          { "nsec", 1 },        { "nanoseconds", 1 },    { "us", 1e3 },
        { "\xc2\xb5s", 1e3 }, { "\xce\xbcs", 1e3 }, { "usec", 1e3 },         { "microseconds", 1e3 },
        { "ms", 1e6 },        { "msec", 1e6 },      { "milliseconds", 1e6 }, { "s", 1e9 },
        { "sec", 1e9 },       { "secs", 1e9 },      { "second", 1e9 },       { "seconds", 1e9 },
    };
    for (size_t i = 0; unit && i < sizeof units / sizeof units[0]; i++)
        if (str_equal(unit, units[i].name))
            return units[i].ns;
    return NAN;
}

const char *import_metric_name(struct arena *arena, const char *unit)
{
    struct str name = { 0 };
    for (const char *p = unit; *p; p++) {
        if (*p == '/')
            str_append(&name, str_equal(p, "/s") || str_equal(p, "/sec") ? "_per_second" : "_per_");
        else if (isalnum((unsigned char)*p) || (unsigned char)*p >= 0x80)
            str_append_char(&name, (char)tolower((unsigned char)*p));
        else if (*p == '%')
            str_append(&name, "percent");
        else if (name.length && name.data[name.length - 1] != '_')
            str_append_char(&name, '_');
        if (*p == '/' && (str_equal(p, "/s") || str_equal(p, "/sec")))
            break;
    }
    const char *text = arena_strdup(arena, name.length ? str_text(&name) : "value");
    str_release(&name);
    return text;
}

/* ---- JSON ---- */

const char *import_known(const char *text)
{
    bool known = text && *text && *text != '(' && !str_equal(text, "unknown");
    return known ? text : NULL;
}

const char *import_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

double import_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

int64_t import_integer(const json_t *object, const char *key)
{
    double value = import_number(object, key);
    return value >= -9e15 && value <= 9e15 ? (int64_t)value : 0;
}

const char *import_canonical(struct arena *arena, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    const char *copy = arena_strdup(arena, text ? text : "");
    free(text);
    return copy;
}

void import_add_facts(struct facts *facts, const json_t *object, const char *prefix)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        char name[200];
        snprintf(name, sizeof name, "%s%s", prefix, key);
        if (json_is_string(value) && json_string_length(value) > 0)
            facts_add(facts, name, json_string_value(value));
        else if (json_is_number(value))
            facts_addf(facts, name, "%.17g", json_number_value(value));
        else if (json_is_boolean(value))
            facts_add(facts, name, json_is_true(value) ? "true" : "false");
    }
}
