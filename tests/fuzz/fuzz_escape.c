/* Any bytes as a case name: none of the escapes of reports/escape.h may let through what its destination understands.
 */
#include "harness/base/mem.h"
#include "harness/base/case_name.h"
#include "reports/escape.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void escape(struct str *, const char *), const char *text, const char *forbidden, bool newlines)
{
    struct str out = { 0 };
    escape(&out, text);
    for (size_t i = 0; i < out.length; i++) {
        unsigned char byte = (unsigned char)out.data[i];
        bool control = byte < 32 || byte == 127;
        if ((control && !(newlines && byte == '\n')) || (byte && strchr(forbidden, byte)))
            abort();
    }
    /* What comes out is UTF-8, whatever went in. */
    for (size_t at = 0; at < out.length;) {
        utf8proc_int32_t code;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)out.data + at, -1, &code);
        if (length <= 0)
            abort();
        at += (size_t)length;
    }
    str_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size);
    struct arena arena = { 0 };
    check(escape_plain, text, "", false);
    check(escape_html, text, "<>\"'", true);
    check(escape_chart, text, "\"'\\`#\t", false);
    check(escape_markdown, text, "<", false);
    for (int width = 1; width < 40; width += 13) {
        struct str fitted = { 0 };
        escape_fit(&fitted, text, width);
        if (escape_width(str_text(&fitted)) > width)
            abort();
        str_release(&fitted);
    }
    case_name_part(&arena, text, 2);
    case_name_argument(&arena, text, "threads");
    case_name_number(text, "ctx", 0);
    arena_release(&arena);
    free(text);
    return 0;
}
