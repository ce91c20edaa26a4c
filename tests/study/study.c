/* study.c: tables, targets, and the text between the marks. */
#include "tests/study/study.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void study_line(struct study *study, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    str_vappendf(&study->text, format, arguments);
    va_end(arguments);
    str_append_char(&study->text, '\n');
}

void study_target(struct study *study, bool met, const char *format, ...)
{
    if (met)
        return;
    va_list arguments;
    va_start(arguments, format);
    str_append(&study->missed, "missed: ");
    str_vappendf(&study->missed, format, arguments);
    va_end(arguments);
    str_append_char(&study->missed, '\n');
}

/* 0, or 1 after a word on stderr. */
static int put(const struct study *study, const char *path)
{
    char *begin = mem_format("<!-- study:%s -->\n", study->name), *end = mem_format("<!-- /study:%s -->", study->name);
    char *old = NULL;
    size_t length;
    struct error error = { 0 };
    struct str text = { 0 };
    int code = file_read(path, &old, &length, &error);
    char *from = code ? NULL : strstr(old, begin), *to = from ? strstr(from, end) : NULL;
    if (!code && !to)
        code = error_set(&error, ERROR_FORMAT, "%s: there is no %.*s", path, (int)strlen(begin) - 1, begin);
    if (!code) {
        str_append_bytes(&text, old, (size_t)(from - old) + strlen(begin));
        str_append_bytes(&text, str_text(&study->text), study->text.length);
        str_append(&text, to);
        if (strcmp(str_text(&text), old) != 0)
            code = file_write(path, text.data, text.length, &error);
    }
    if (code)
        fprintf(stderr, "study %s: %s\n", study->name, error.text);
    str_release(&text);
    free(begin), free(end), free(old);
    return code != 0;
}

int study_end(struct study *study, int argc, char **argv)
{
    int status = 0;
    if (argc > 1)
        status = put(study, argv[1]);
    else
        fputs(str_text(&study->text), stdout);
    fputs(str_text(&study->missed), stderr);
    status |= study->missed.length > 0;
    str_release(&study->text);
    str_release(&study->missed);
    return status;
}
