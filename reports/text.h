/* text.h: what the files of the text report share: columns of a terminal, TEXT_WIDTH wide. */
#ifndef PRONY_REPORTS_TEXT_H
#define PRONY_REPORTS_TEXT_H

#include "harness/base/str.h"
#include "reports/explain.h"

enum { TEXT_WIDTH = 100 };

void text_pad(struct str *out, int columns);
/* In width columns, cut if it does not fit. */
void text_left(struct str *out, const char *text, int width);
void text_right(struct str *out, const char *text, int width);
/* Ends the line without blanks at its end. */
void text_end_line(struct str *out);
/* Words of text in lines of TEXT_WIDTH, each after `indent` blanks. */
void text_paragraph(struct str *out, const char *text, int indent);
void text_heading(struct str *out, const char *text);

/* Counters, noise and checks (text_explain.c). */
void text_explain(const struct view *view, const struct explain *explain, struct str *out);

#endif
