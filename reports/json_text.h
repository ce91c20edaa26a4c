/* json_text.h: a text as a quoted JSON string. It may also stand inside <script>: it has no <, > or &. What is not
 * UTF-8 becomes U+FFFD and control characters become blanks, as in escape.h. */
#ifndef PRONY_REPORTS_JSON_TEXT_H
#define PRONY_REPORTS_JSON_TEXT_H

#include "harness/base/str.h"

void json_text(struct str *out, const char *text);

#endif
