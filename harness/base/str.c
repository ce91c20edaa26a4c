/* str.c: see str.h. */
#include "harness/base/str.h"
#include "harness/base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- growing string ---- */

static void reserve(struct str *str, size_t more)
{
    size_t needed = str->length + more + 1;
    if (needed <= str->capacity)
        return;
    size_t capacity = str->capacity ? str->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    str->data = mem_resize(str->data, capacity, 1);
    str->capacity = capacity;
}

void str_append_bytes(struct str *str, const void *bytes, size_t length)
{
    reserve(str, length);
    if (length)
        memcpy(str->data + str->length, bytes, length);
    str->length += length;
    str->data[str->length] = '\0';
}

void str_append(struct str *str, const char *text)
{
    str_append_bytes(str, text, strlen(text));
}

void str_append_char(struct str *str, char byte)
{
    str_append_bytes(str, &byte, 1);
}

void str_vappendf(struct str *str, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length > 0) {
        reserve(str, (size_t)length);
        vsnprintf(str->data + str->length, (size_t)length + 1, format, again);
        str->length += (size_t)length;
    }
    va_end(again);
}

void str_appendf(struct str *str, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    str_vappendf(str, format, arguments);
    va_end(arguments);
}

void str_clear(struct str *str)
{
    str->length = 0;
    if (str->data)
        str->data[0] = '\0';
}

void str_release(struct str *str)
{
    free(str->data);
    *str = (struct str){ 0 };
}

const char *str_text(const struct str *str)
{
    return str->data ? str->data : "";
}

char *str_take(struct str *str)
{
    char *text = str->data ? str->data : mem_strdup("");
    *str = (struct str){ 0 };
    return text;
}

/* ---- comparison ---- */

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
    size_t length = strlen(text), suffix_length = strlen(suffix);
    return length >= suffix_length && memcmp(text + length - suffix_length, suffix, suffix_length) == 0;
}

bool str_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---- parsing ---- */

/* The strto* functions skip leading blanks and accept forms we do not want; a number starts with a digit, sign or dot.
 */
static bool starts_number(const char *text)
{
    return text && (isdigit((unsigned char)text[0]) || text[0] == '-' || text[0] == '+' || text[0] == '.');
}

bool str_parse_i64(const char *text, int64_t *value)
{
    if (!starts_number(text))
        return false;
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (errno || *end || end == text)
        return false;
    *value = parsed;
    return true;
}

bool str_parse_u64(const char *text, uint64_t *value)
{
    if (!starts_number(text) || text[0] == '-')
        return false;
    char *end;
    errno = 0;
    unsigned long long parsed = strtoull(text, &end, 10);
    if (errno || *end || end == text)
        return false;
    *value = parsed;
    return true;
}

/* strtod in the C locale whatever setlocale said; *rest is what follows the number. */
static bool parse_number(const char *text, double *value, const char **rest)
{
    if (!starts_number(text))
        return false;
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        return false;
    char *end;
    errno = 0;
    double parsed = strtod_l(text, &end, c_locale);
    int failed = errno;
    freelocale(c_locale);
    if (end == text || !isfinite(parsed) || (failed == ERANGE && fabs(parsed) > 1.0))
        return false;
    *value = parsed;
    *rest = end;
    return true;
}

bool str_parse_f64(const char *text, double *value)
{
    const char *rest;
    double parsed;
    if (!parse_number(text, &parsed, &rest) || *rest)
        return false;
    *value = parsed;
    return true;
}

bool str_parse_bool(const char *text, bool *value)
{
    static const char *const yes[] = { "1", "true", "yes", "on" }, *const no[] = { "0", "false", "no", "off" };
    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *value = strcasecmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

bool str_parse_bytes(const char *text, uint64_t *bytes)
{
    const char *rest;
    double number;
    if (!parse_number(text, &number, &rest) || number < 0)
        return false;
    static const char letters[] = "kMGT";
    double factor = 1;
    if (*rest && *rest != 'B') {
        const char *letter = strchr(letters, *rest == 'K' ? 'k' : *rest);
        if (!letter)
            return false;
        for (const char *l = letters; l <= letter; l++)
            factor *= 1024;
        rest++;
        if (*rest == 'i')
            rest++;
    }
    if (*rest == 'B')
        rest++;
    if (*rest || number * factor >= 18446744073709551616.0)
        return false;
    *bytes = (uint64_t)(number * factor);
    return true;
}

bool str_parse_duration(const char *text, double *seconds)
{
    static const struct {
        const char *suffix;
        double factor;
    } units[] = { { "", 1 }, { "s", 1 }, { "ms", 1e-3 }, { "us", 1e-6 }, { "m", 60 }, { "min", 60 }, { "h", 3600 } };
    const char *rest;
    double number;
    if (!parse_number(text, &number, &rest) || number < 0)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(rest, units[i].suffix) == 0) {
            *seconds = number * units[i].factor;
            return true;
        }
    }
    return false;
}

/* ---- human numbers ---- */

/* Three significant digits without an exponent for 1 <= |value| < 1000 or so. */
static int digits_after_point(double value)
{
    double size = fabs(value);
    return size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
}

char *str_bytes(char *buffer, size_t size, double bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
    size_t unit = 0;
    while (fabs(bytes) >= 1023.5 && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    snprintf(buffer, size, "%.*f %s", unit == 0 ? 0 : digits_after_point(bytes), bytes, units[unit]);
    return buffer;
}

char *str_duration(char *buffer, size_t size, double seconds)
{
    double amount = fabs(seconds);
    if (amount == 0)
        snprintf(buffer, size, "0 s");
    else if (amount < 999.5e-9)
        snprintf(buffer, size, "%.*f ns", digits_after_point(seconds * 1e9), seconds * 1e9);
    else if (amount < 999.5e-6)
        snprintf(buffer, size, "%.*f us", digits_after_point(seconds * 1e6), seconds * 1e6);
    else if (amount < 999.5e-3)
        snprintf(buffer, size, "%.*f ms", digits_after_point(seconds * 1e3), seconds * 1e3);
    else if (amount < 119.5)
        snprintf(buffer, size, "%.*f s", digits_after_point(seconds), seconds);
    else if (amount < 7170)
        snprintf(buffer, size, "%d min %02d s", (int)(seconds / 60), (int)fmod(amount, 60));
    else
        snprintf(buffer, size, "%d h %02d min", (int)(seconds / 3600), (int)fmod(amount / 60, 60));
    return buffer;
}

char *str_si(char *buffer, size_t size, double value, const char *unit)
{
    static const char *const prefixes[] = { "", "k", "M", "G", "T", "P", "E" };
    size_t prefix = 0;
    while (fabs(value) >= 999.5 && prefix + 1 < sizeof prefixes / sizeof prefixes[0]) {
        value /= 1000;
        prefix++;
    }
    snprintf(buffer, size, "%.*f %s%s", digits_after_point(value), value, prefixes[prefix], unit);
    size_t length = strlen(buffer);
    if (length && buffer[length - 1] == ' ')
        buffer[length - 1] = '\0';
    return buffer;
}
