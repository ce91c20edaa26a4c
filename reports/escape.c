/* escape.c: decoding by utf8proc, one mapping per destination. */
#include "reports/escape.h"
#include <string.h>
#include <utf8proc.h>

enum { REPLACEMENT = 0xFFFD };

/* The next code point of text, which must not be at its end. */
static int32_t next_code(const char **text)
{
    utf8proc_int32_t code;
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)*text, -1, &code);
    if (length <= 0) {
        (*text)++;
        return REPLACEMENT;
    }
    *text += length;
    return code == 0xFFFE || code == 0xFFFF ? REPLACEMENT : code; /* no characters: XML has no room for them */
}

/* Control and format characters: bidirectional overrides and zero-width joiners can disguise a name. */
static bool is_control(int32_t code)
{
    utf8proc_category_t category = utf8proc_category(code);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

static void append_code(struct str *out, int32_t code)
{
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t length = utf8proc_encode_char(code, bytes);
    str_append_bytes(out, bytes, (size_t)length);
}

void escape_plain(struct str *out, const char *text)
{
    while (*text) {
        int32_t code = next_code(&text);
        if (is_control(code))
            str_append_char(out, ' ');
        else
            append_code(out, code);
    }
}

static void html(struct str *out, const char *text, bool breaks)
{
    while (*text) {
        int32_t code = next_code(&text);
        switch (code) {
        case '&': str_append(out, "&amp;"); break;
        case '<': str_append(out, "&lt;"); break;
        case '>': str_append(out, "&gt;"); break;
        case '"': str_append(out, "&quot;"); break;
        case '\'': str_append(out, "&#39;"); break;
        case '\n': str_append_char(out, '\n'); break;
        default:
            if (is_control(code))
                str_append_char(out, ' ');
            else
                append_code(out, code);
        }
        if (breaks && code == '/')
            str_append(out, "<wbr>");
    }
}

void escape_html(struct str *out, const char *text)
{
    html(out, text, false);
}

void escape_html_name(struct str *out, const char *text)
{
    html(out, text, true);
}

void escape_markdown(struct str *out, const char *text)
{
    while (*text) {
        int32_t code = next_code(&text);
        if (code == '<')
            str_append(out, "&lt;");
        else if (code == '&')
            str_append(out, "&amp;");
        else if (code < 128 && strchr("\\`*_[]|~#", code)) /* NUL never comes here */
            str_appendf(out, "\\%c", (char)code);
        else if (is_control(code))
            str_append_char(out, ' ');
        else
            append_code(out, code);
    }
}

/* What gnuplot would read as the end of a text, a comment or an escape, and what looks much like it. */
static const char *chart_lookalike(int32_t code)
{
    switch (code) {
    case '"': return "\u201d";
    case '\'': return "\u2019";
    case '`': return "\u2018";
    case '\\': return "\u2216";
    case '#': return "\u266f";
    default: return NULL;
    }
}

void escape_chart(struct str *out, const char *text)
{
    while (*text) {
        int32_t code = next_code(&text);
        const char *lookalike = chart_lookalike(code);
        if (lookalike)
            str_append(out, lookalike);
        else if (is_control(code))
            str_append_char(out, '?');
        else
            append_code(out, code);
    }
}

int escape_width(const char *text)
{
    int width = 0;
    while (*text) {
        int32_t code = next_code(&text);
        width += is_control(code) ? 1 : utf8proc_charwidth(code);
    }
    return width;
}

void escape_fit(struct str *out, const char *text, int width)
{
    struct str plain = { 0 };
    escape_plain(&plain, text);
    int full = escape_width(str_text(&plain));
    if (full <= width) {
        str_append(out, str_text(&plain));
        str_release(&plain);
        return;
    }
    /* The end of a case name (shape, threads) tells more than its middle. */
    int head = (width - 1) / 2, tail_from = full - (width - 1 - head), column = 0;
    bool cut = false;
    for (const char *at = str_text(&plain); *at;) {
        int32_t code = next_code(&at);
        int columns = utf8proc_charwidth(code);
        if (column + columns <= head || column >= tail_from)
            append_code(out, code);
        else if (!cut) {
            str_append(out, "…");
            cut = true;
        }
        column += columns;
    }
    str_release(&plain);
}
