/* compare_by.c: see compare_by.h. */
#include "harness/cli/compare_by.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/cli/run_reference.h"
#include "reports/implementations.h"
#include <stdio.h>

typedef void writer(const struct implementations *implementations, const char *title, struct str *out);
static const struct format {
    const char *name, *ending;
    writer *write;
} formats[] = { { "text", ".txt", implementations_text },
                { "markdown", ".md", implementations_markdown },
                { "json", ".json", implementations_json } };
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

struct document {
    const struct format *format;
    const char *path; /* NULL = standard output */
};

static const struct format *format_of_path(const char *path)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (str_ends(path, formats[i].ending))
            return &formats[i];
    }
    return &formats[0];
}

/* As of all judging commands: a format is of the next output, or of standard output. */
static int choose_documents(const struct option_list *list, struct document *documents, size_t *count,
                            struct error *error)
{
    const struct format *pending = NULL;
    *count = 0;
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        const char *value = list->items[i + 1];
        if (str_equal(list->items[i], "output")) {
            documents[(*count)++] =
                (struct document){ pending ? pending : format_of_path(value), str_equal(value, "-") ? NULL : value };
            pending = NULL;
            continue;
        }
        if (pending)
            documents[(*count)++] = (struct document){ pending, NULL };
        pending = NULL;
        for (size_t k = 0; k < FORMAT_COUNT; k++)
            pending = str_equal(value, formats[k].name) ? &formats[k] : pending;
        if (!pending)
            return error_set(error, ERROR_USAGE, "--format %s: implementations are written as text, markdown or json",
                             value);
    }
    if (pending || !*count)
        documents[(*count)++] = (struct document){ pending ? pending : &formats[0], NULL };
    return 0;
}

static int write_documents(const struct document *documents, size_t count,
                           const struct implementations *implementations, const char *title, struct error *error)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < count; i++) {
        struct str text = { 0 };
        documents[i].format->write(implementations, title, &text);
        if (!documents[i].path) {
            fwrite(str_text(&text), 1, text.length, stdout); /* main checks stdout */
        } else {
            code = file_write(documents[i].path, str_text(&text), text.length, error);
            if (code == 0)
                log_info("wrote %s", documents[i].path);
        }
        str_release(&text);
    }
    return code;
}

int compare_by(const struct judgement_settings *settings, const char *run, const char *dimension, const char *baseline,
               struct arena *arena, int *status, struct error *error)
{
    struct run_references references = { .database = settings->database };
    struct run_reference found;
    struct implementations implementations;
    struct store_case *cases = NULL;
    size_t case_count = 0, document_count = 0;
    const struct implementation_options options = {
        .dimension = dimension, .baseline = baseline, .suite = settings->suite, .filter = settings->filter
    };
    struct document *documents = arena_array(arena, settings->documents.count / 2 + 1, sizeof *documents);
    int code = choose_documents(&settings->documents, documents, &document_count, error);
    if (code == 0)
        code = run_reference_find(&references, run, arena, &found, error);
    if (code == 0)
        code = store_cases(found.store, found.row.id, arena, &cases, &case_count, error);
    if (code == 0)
        code = implementations_build(&implementations, cases, case_count, found.row.environment,
                                     found.row.environment_count, &options, arena, error);
    if (code == 0) {
        const char *title = settings->title ? settings->title
                                            : arena_format(arena, "Run %s (%s) by %s, against %s", run, found.row.plan,
                                                           dimension, implementations.baseline);
        code = write_documents(documents, document_count, &implementations, title, error);
        *status = implementations.different_outputs ? EXIT_REGRESSED : EXIT_OK;
    }
    run_references_release(&references);
    return code;
}
