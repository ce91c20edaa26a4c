/* escape.h: foreign text (case names, messages, stderr) made safe for where it is going.
 *
 * Every function takes any bytes: what is not UTF-8 becomes U+FFFD, control characters become spaces or are shown, so
 * a hostile case name can neither draw on a terminal, nor end a tag, nor reach gnuplot's string escapes. */
#ifndef PRONY_REPORTS_ESCAPE_H
#define PRONY_REPORTS_ESCAPE_H

#include "harness/base/str.h"

/* One line for a terminal: no control characters; newlines and tabs become spaces. */
void escape_plain(struct str *out, const char *text);
/* Text or a quoted attribute of HTML. Newlines stay. */
void escape_html(struct str *out, const char *text);
/* The same with <wbr> after slashes, for long names in narrow tables. Not for attributes. */
void escape_html_name(struct str *out, const char *text);
/* A cell of a Markdown table or a line of a paragraph. */
void escape_markdown(struct str *out, const char *text);
/* A field of a chart's data file: quotes, backslashes and number signs become characters that look like them, control
 * characters '?'. Markup stays: charts are drawn without enhanced text, and gnuplot escapes it for SVG. */
void escape_chart(struct str *out, const char *text);

/* Columns that text takes on a terminal. */
int escape_width(const char *text);
/* Plain text cut to at most width columns, with an ellipsis in the middle if it does not fit. */
void escape_fit(struct str *out, const char *text, int width);

#endif
