/* json_text.c: see json_text.h. */
#include "reports/json_text.h"
#include "reports/escape.h"
#include <string.h>

void json_text(struct str *out, const char *text)
{
    struct str plain = { 0 };
    escape_plain(&plain, text);
    str_append_char(out, '"');
    for (const char *at = str_text(&plain); *at; at++) {
        if (strchr("<>&'", *at))
            str_appendf(out, "\\u%04x", (unsigned)(unsigned char)*at);
        else if (*at == '"' || *at == '\\')
            str_appendf(out, "\\%c", *at);
        else
            str_append_char(out, *at);
    }
    str_append_char(out, '"');
    str_release(&plain);
}
