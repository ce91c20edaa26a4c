/* judgement.h: comparisons and the gate's answer as documents: one file and one row in judgement_formats.c a format. */
#ifndef PRONY_REPORTS_JUDGEMENT_H
#define PRONY_REPORTS_JUDGEMENT_H

#include "harness/base/str.h"
#include "harness/judge/calibration.h"
#include "harness/judge/compare.h"
#include "harness/judge/gate.h"
#include "reports/report.h"

/* Everything that one `prony ab`, `compare` or `gate` has to say. Borrowed. */
struct judgement {
    const char *title;
    const struct comparison *comparisons; /* candidates against the same base; none: targets only */
    size_t count;
    const struct gate *gate;               /* NULL = nothing gated */
    const struct calibration *calibration; /* NULL = not loaded */
    const char *source_root; /* of annotations and SARIF: where files of cases are looked for; NULL = none */
};

typedef int judgement_writer(const struct judgement *judgement, const struct report_options *options, struct str *out,
                             struct error *error);
struct judgement_format {
    const char *name;      /* text markdown html json csv junit sarif github gobench gbench png svg */
    const char *extension; /* ".md" */
    judgement_writer *write;
};
/* The first line of the Markdown: a bot finds its comment by it and replaces the text. */
#define JUDGEMENT_MARKER "<!-- prony-judgement -->"
/* What GitHub takes as a comment, in bytes; the Markdown always stays below. */
enum { JUDGEMENT_COMMENT_LIMIT = 65536 };

judgement_writer judgement_text, judgement_markdown, judgement_html, judgement_json, judgement_csv, judgement_junit,
    judgement_sarif, judgement_github, judgement_gobench, judgement_gbench, judgement_png, judgement_svg;

extern const struct judgement_format judgement_formats[];
extern const size_t judgement_format_count;
/* NULL if there is none. */
const struct judgement_format *judgement_format_find(const char *name);

#endif
