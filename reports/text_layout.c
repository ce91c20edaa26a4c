/* text_layout.c: columns and paragraphs of a terminal. */
#include "reports/escape.h"
#include "reports/text.h"
#include <string.h>

void text_pad(struct str *out, int columns)
{
    for (; columns > 0; columns--)
        str_append_char(out, ' ');
}

void text_left(struct str *out, const char *text, int width)
{
    struct str fitted = { 0 };
    escape_fit(&fitted, text, width);
    str_append(out, str_text(&fitted));
    text_pad(out, width - escape_width(str_text(&fitted)));
    str_release(&fitted);
}

void text_right(struct str *out, const char *text, int width)
{
    text_pad(out, width - escape_width(text));
    str_append(out, text);
}

/* Ends the line without blanks at its end. */
void text_end_line(struct str *out)
{
    while (out->length && out->data[out->length - 1] == ' ')
        out->data[--out->length] = 0;
    str_append_char(out, '\n');
}

/* Words of text in lines of TEXT_WIDTH, each after `indent` blanks. */
void text_paragraph(struct str *out, const char *text, int indent)
{
    int column = 0;
    while (*text) {
        struct str word = { 0 };
        size_t length = strcspn(text, " ");
        str_append_bytes(&word, text, length);
        int width = escape_width(str_text(&word));
        if (column && column + 1 + width > TEXT_WIDTH) {
            text_end_line(out);
            column = 0;
        }
        if (column == 0) {
            text_pad(out, indent);
            column = indent;
        } else {
            str_append_char(out, ' ');
            column++;
        }
        str_append(out, str_text(&word));
        column += width;
        text += length + strspn(text + length, " ");
        str_release(&word);
    }
    text_end_line(out);
}

void text_heading(struct str *out, const char *text)
{
    str_append_char(out, '\n');
    escape_plain(out, text);
    str_append_char(out, '\n');
}
