/* judgement.c: see judgement.h. */
#include "harness/cli/judgement.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- documents ---- */

static int find_format(const char *name, const struct judgement_format **format, struct error *error)
{
    struct str names = { 0 };
    *format = judgement_format_find(name);
    if (*format)
        return 0;
    for (size_t i = 0; i < judgement_format_count; i++)
        str_appendf(&names, "%s%s", i ? ", " : "", judgement_formats[i].name);
    int code = error_set(error, ERROR_USAGE, "--format %s: there is only %s", name, str_text(&names));
    str_release(&names);
    return code;
}

/* By the ending of the file, the longest that fits; text if none does. */
static const struct judgement_format *format_of_path(const char *path)
{
    const struct judgement_format *best = &judgement_formats[0];
    size_t length = 0;
    for (size_t i = 0; i < judgement_format_count; i++) {
        const char *ending = judgement_formats[i].extension;
        if (strlen(ending) > length && str_ends(path, ending)) {
            best = &judgement_formats[i];
            length = strlen(ending);
        }
    }
    return best;
}

static void add_document(struct judging *judging, const struct judgement_format *format, const char *path)
{
    if (path && str_equal(path, "-"))
        path = NULL;
    judging->documents[judging->document_count++] = (struct judgement_document){ format, path };
}

/* --format stands for the next --output, and for standard output where none follows before the next --format. */
static int choose_documents(struct judging *judging, struct error *error)
{
    const struct option_list *list = &judging->settings->documents;
    const struct judgement_format *pending = NULL;
    judging->documents = arena_array(judging->arena, list->count / 2 + 2, sizeof *judging->documents);
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        if (str_equal(list->items[i], "output")) {
            add_document(judging, pending ? pending : format_of_path(list->items[i + 1]), list->items[i + 1]);
            pending = NULL;
            continue;
        }
        if (pending)
            add_document(judging, pending, NULL);
        int code = find_format(list->items[i + 1], &pending, error);
        if (code)
            return code;
    }
    if (pending)
        add_document(judging, pending, NULL);
    bool printed = false;
    for (size_t i = 0; i < judging->document_count; i++)
        printed |= judging->documents[i].path == NULL;
    if (!printed)
        add_document(judging, &judgement_formats[0], NULL);
    return 0;
}

/* A measurement of an hour must not end with a file that cannot be written. */
static int check_documents(const struct judging *judging, struct error *error)
{
    for (size_t i = 0; i < judging->document_count; i++) {
        const char *path = judging->documents[i].path, *slash = path ? strrchr(path, '/') : NULL;
        if (!path)
            continue;
        char *directory = slash == path ? mem_format("/")
                          : slash       ? mem_strndup(path, (size_t)(slash - path))
                                        : mem_format(".");
        struct stat status;
        int code = 0;
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            code = error_set(error, ERROR_IO, "%s: is a directory", path);
        else if (access(path, F_OK) == 0 ? access(path, W_OK) != 0 : access(directory, W_OK) != 0)
            code = error_system(error, errno, "%s: cannot be written", path);
        free(directory);
        if (code)
            return code;
    }
    return 0;
}

static bool is_colored(int descriptor)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    return isatty(descriptor) && !str_equal(term, "dumb") && !(no_color && *no_color);
}

static int write_document(const struct judgement_document *document, const struct judgement *judgement,
                          const struct report_options *options, struct error *error)
{
    struct str text = { 0 };
    int code = document->format->write(judgement, options, &text, error);
    if (!code && !document->path) {
        fwrite(str_text(&text), 1, text.length, stdout); /* main checks stdout */
    } else if (!code) {
        code = file_write(document->path, str_text(&text), text.length, error);
        if (!code)
            log_info("wrote %s", document->path);
    }
    str_release(&text);
    return code;
}

int judgement_write(struct judging *judging, const struct judgement *judgement, struct error *error)
{
    const char *gnuplot = getenv("PRONY_GNUPLOT");
    struct report_options options = {
        .gnuplot = judging->settings->no_charts ? NULL
                   : gnuplot && *gnuplot        ? gnuplot
                                                : "gnuplot",
        .now_ns = clock_utc_ns(),
        .picture = judging->settings->picture,
    };
    int code = 0;
    /* One that cannot be written (no gnuplot for a picture) does not cost the others. */
    for (size_t i = 0; i < judging->document_count; i++) {
        options.color = !judging->documents[i].path && is_colored(STDOUT_FILENO);
        int failed = write_document(&judging->documents[i], judgement, &options, code ? NULL : error);
        code = code ? code : failed;
    }
    return code;
}

/* ---- judging ---- */

int judgement_prepare(struct judging *judging, const struct judgement_settings *settings, struct arena *arena,
                      struct error *error)
{
    *judging = (struct judging){ .settings = settings, .arena = arena };
    int code = choose_documents(judging, error);
    if (!code)
        code = check_documents(judging, error);
    if (!code)
        code = gate_policy_load(&judging->policy, settings->policy, arena, error);
    if (code)
        return code;
    const char *acknowledged = settings->acknowledged;
    if (!acknowledged)
        acknowledged = gate_policy_acknowledged(judging->policy);
    if (!acknowledged)
        return 0;
    return gate_acknowledgements_load(&judging->acknowledgements, acknowledged, arena, error);
}

int judgement_calibrate(struct judging *judging, struct store *store, const char *fingerprint, struct error *error)
{
    judging->calibrated = true;
    return calibration_load(&judging->calibration, store, fingerprint, judging->arena, error);
}

double judgement_noise(void *judging, const char *suite, const char *name)
{
    const struct judging *asked = judging;
    return asked->calibrated ? calibration_noise_of(&asked->calibration, suite, name) : NAN;
}

/* The cases that were asked for; the filter was checked when the options were read. */
static size_t choose_cases(const struct judging *judging, const struct store_case *cases, size_t count,
                           struct store_case *chosen)
{
    const struct judgement_settings *settings = judging->settings;
    regex_t filter;
    size_t kept = 0;
    if (settings->filter && regcomp(&filter, settings->filter, REG_EXTENDED | REG_NOSUB) != 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if ((!settings->suite || str_equal(cases[i].suite, settings->suite)) &&
            (!settings->filter || regexec(&filter, cases[i].name, 0, NULL, 0) == 0))
            chosen[kept++] = cases[i];
    if (settings->filter)
        regfree(&filter);
    return kept;
}

int judgement_conclude(struct judging *judging, const char *title, struct comparison *comparisons, size_t count,
                       const struct store_case *cases, size_t case_count, int *status, struct error *error)
{
    const struct judgement_settings *settings = judging->settings;
    struct store_case *chosen = cases ? arena_array(judging->arena, case_count + 1, sizeof *chosen) : NULL;
    if (cases)
        case_count = choose_cases(judging, cases, case_count, chosen);
    const struct gate_input input = {
        .policy = judging->policy,
        .acknowledgements = &judging->acknowledgements,
        .comparisons = comparisons,
        .comparison_count = count,
        .cases = chosen,
        .case_count = case_count,
        .calibration = judging->calibrated ? &judging->calibration : NULL,
        .uncompared = judging->uncompared,
        .partial = settings->filter || settings->suite,
        .now_ns = clock_utc_ns(),
    };
    gate_judge(&judging->gate, &input, judging->arena);
    *status = (int)judging->gate.status;
    const struct judgement judgement = {
        .title = settings->title ? settings->title : title,
        .comparisons = comparisons,
        .count = count,
        .gate = &judging->gate,
        .calibration = input.calibration,
        .source_root = ".",
    };
    return judgement_write(judging, &judgement, error);
}

void judgement_release(struct judgement_settings *settings)
{
    free(settings->documents.items);
    settings->documents = (struct option_list){ 0 };
}
