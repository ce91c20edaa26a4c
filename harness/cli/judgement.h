/* judgement.h: what the commands that judge share (ab, compare, gate, calibrate): their options, the policy and the A/A
 * data that they go by, the gate's answer, and the documents that they write.
 *
 *     struct judgement_settings settings = { .database = app->database_path };
 *     const struct option options[] = { JUDGEMENT_OPTIONS(&settings), ... };   and in the help: JUDGEMENT_HELP
 *     judgement_prepare    before anything is measured: wrong formats, policies, acknowledgements show here
 *     judgement_calibrate  once the machine is known
 *     judgement_conclude   applies the gate, writes the documents, gives the exit status
 *     judgement_release
 */
#ifndef PRONY_CLI_JUDGEMENT_H
#define PRONY_CLI_JUDGEMENT_H

#include "harness/cli/options.h"
#include "reports/judgement.h"

struct judgement_settings {
    const char *database;              /* default first: app->database_path */
    const char *filter, *suite;        /* only these cases; NULL = all */
    const char *policy, *acknowledged; /* files; NULL = built-in, none */
    const char *title;                 /* NULL = the command's */
    const char *picture;               /* path or URL that Markdown shows as the forest plot; NULL = bars of text */
    bool no_charts;                    /* documents without pictures */
    struct option_list documents;      /* "format" NAME, "output" FILE, in the order they were given */
};
#define JUDGEMENT_OPTIONS(settings)                                                                           \
    { "db", 0, OPTION_TEXT, &(settings)->database }, { "filter", 'f', OPTION_REGEX, &(settings)->filter },    \
        { "suite", 0, OPTION_TEXT, &(settings)->suite }, { "policy", 0, OPTION_TEXT, &(settings)->policy },   \
        { "acknowledged", 0, OPTION_TEXT, &(settings)->acknowledged },                                        \
        { "title", 0, OPTION_TEXT, &(settings)->title }, { "picture", 0, OPTION_TEXT, &(settings)->picture }, \
        { "no-charts", 0, OPTION_FLAG, &(settings)->no_charts },                                              \
        { "format", 'F', OPTION_NAMED, &(settings)->documents },                                              \
    {                                                                                                         \
        "output", 'o', OPTION_NAMED, &(settings)->documents                                                   \
    }
#define JUDGEMENT_HELP                                                                                            \
    "  -f, --filter RE      only cases whose name matches this POSIX extended regular expression\n"               \
    "  --suite NAME         only cases of this suite\n"                                                           \
    "  --policy FILE        budgets, targets, what undecided means (docs/FORMATS.md); default: built-in\n"        \
    "  --acknowledged FILE  regressions that somebody answers for; default: what the policy names\n"              \
    "  -F, --format NAME    of the next -o, or of standard output: text (default), markdown, html, json, csv,\n"  \
    "                       junit, sarif, github, gobench, gbench, png, svg (the forest plot)\n"                  \
    "  -o, --output FILE    write a document too; repeatable, each with a --format before it, or the format of\n" \
    "                       its ending; - is standard output, which otherwise gets the text\n"                    \
    "  --title T            title of the documents\n"                                                             \
    "  --picture URL        of the forest plot, for Markdown; default: bars made of characters\n"                 \
    "  --no-charts          documents without pictures\n"                                                         \
    "  --db FILE            database (default: $PRONY_DB, else prony.db)\n"

struct judgement_document {
    const struct judgement_format *format;
    const char *path; /* NULL = standard output */
};

/* Everything lives in the arena of judgement_prepare, but what judgement_release gives back. */
struct judging {
    const struct judgement_settings *settings;
    struct arena *arena;
    struct judgement_document *documents;
    size_t document_count;
    const struct gate_policy *policy;
    struct gate_acknowledgements acknowledgements;
    struct calibration calibration;
    bool calibrated; /* judgement_calibrate was called: calibration.comparisons may still be 0 */
    struct gate gate;
    const char *uncompared; /* set before judgement_conclude: why nothing or not all is compared, see gate.h */
};

int judgement_prepare(struct judging *judging, const struct judgement_settings *settings, struct arena *arena,
                      struct error *error);
/* fingerprint: of the machine that the judged runs were measured on. */
int judgement_calibrate(struct judging *judging, struct store *store, const char *fingerprint, struct error *error);
/* A/A noise of a case, as compare_cases asks for it; context is a struct judging. */
double judgement_noise(void *judging, const char *suite, const char *name);
/* Gates the comparisons (cases: what targets look at, NULL = the candidates) and writes the documents. *status is the
 * exit status. title: of the command, where the user gave none. */
int judgement_conclude(struct judging *judging, const char *title, struct comparison *comparisons, size_t count,
                       const struct store_case *cases, size_t case_count, int *status, struct error *error);
/* The documents alone, of a judgement that is not to be gated (gate NULL) or was elsewhere. */
int judgement_write(struct judging *judging, const struct judgement *judgement, struct error *error);
void judgement_release(struct judgement_settings *settings);

#endif
