/* cmd_doctor.c: `prony doctor`: can numbers of this machine be trusted just now, and what would help. */
#include "harness/cli/command.h"
#include "harness/cli/wrap.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/run/doctor.h"
#include "harness/run/fingerprint.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct arguments {
    struct doctor_options doctor;
    struct option_list models, rest;
    const char *state, *root;
    bool json, quick, strict, fix, restore, fingerprint;
};

/* Root lacks nothing that --fix could give; the user who typed sudo does. */
static bool is_behind_sudo(void)
{
    const char *user = getenv("SUDO_UID");
    return user && *user && !str_equal(user, "0");
}

static int parse(struct arguments *arguments, int argc, char **argv, struct error *error)
{
    const struct option options[] = { { "json", 0, OPTION_FLAG, &arguments->json },
                                      { "quick", 'q', OPTION_FLAG, &arguments->quick },
                                      { "seconds", 0, OPTION_DURATION, &arguments->doctor.seconds },
                                      { "threads", 't', OPTION_COUNT, &arguments->doctor.threads },
                                      { "model", 'm', OPTION_LIST, &arguments->models },
                                      { "strict", 0, OPTION_FLAG, &arguments->strict },
                                      { "fix", 0, OPTION_FLAG, &arguments->fix },
                                      { "restore", 0, OPTION_FLAG, &arguments->restore },
                                      { "fingerprint", 0, OPTION_FLAG, &arguments->fingerprint },
                                      { "state", 0, OPTION_TEXT, &arguments->state },
                                      { "root", 0, OPTION_TEXT, &arguments->root } };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &arguments->rest, error);
    if (code != 0)
        return code;
    if (arguments->fix + arguments->restore + arguments->fingerprint > 1)
        return error_set(error, ERROR_USAGE, "--fix, --restore and --fingerprint: one at a time");
    if (arguments->json && (arguments->fix || arguments->restore))
        return error_set(error, ERROR_USAGE, "--json is for verdicts and the fingerprint");
    if (arguments->rest.count && !arguments->fix)
        return error_set(error, ERROR_USAGE, "unexpected '%s' (a command goes behind --fix --)",
                         arguments->rest.items[0]);
    if (arguments->quick || arguments->fix)
        arguments->doctor.seconds = 0; /* what can be mended can be seen at once */
    for (size_t i = 0; i < arguments->models.count; i++)
        if (access(arguments->models.items[i], R_OK) != 0)
            return error_system(error, errno, "--model %s", arguments->models.items[i]);
    if (access(*arguments->root ? arguments->root : "/", R_OK | X_OK) != 0)
        return error_system(error, errno, "--root %s", arguments->root);
    arguments->doctor.root = arguments->root;
    arguments->doctor.for_users = arguments->fix && is_behind_sudo();
    return 0;
}

/* ---- verdicts ---- */

static int examine(const struct arguments *arguments, struct arena *arena)
{
    struct doctor_report report;
    struct winsize size;
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool terminal = isatty(STDOUT_FILENO) && !str_equal(term, "dumb");
    doctor_check(&arguments->doctor, arena, &report);
    struct doctor_style style = { .color = terminal && !(no_color && *no_color), .width = 100 };
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        style.width = size.ws_col;
    style.fixable = doctor_fixable(arguments->root, &report, arena);
    if (arguments->json)
        doctor_print_json(stdout, &report);
    else
        doctor_print_text(stdout, &report, &style);
    if (!arguments->strict)
        return EXIT_OK;
    return doctor_count(&report, "fail")   ? EXIT_COULD_NOT_RUN
           : doctor_count(&report, "warn") ? EXIT_UNDECIDED
                                           : EXIT_OK;
}

/* ---- changes ---- */

/* Returns whether all went well. For people, so on stderr when another command's results go to stdout. */
static bool print_changes(FILE *file, const struct doctor_change *changes, size_t count, bool back)
{
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        const struct doctor_change *change = &changes[i];
        const char *from = back ? change->after : change->before, *to = back ? change->before : change->after;
        good = good && change->state != DOCTOR_REFUSED;
        if (change->state == DOCTOR_CHANGED)
            fprintf(file, "%s: %s: %s -> %s\n", change->check, change->path, from, to);
        else if (change->state == DOCTOR_LEFT)
            fprintf(file, "%s: %s: left alone, %s\n", change->check, change->path, change->reason);
        else
            fprintf(file, "%s: %s: still %s: %s\n  $ %s\n", change->check, change->path, from, change->reason,
                    change->command);
        if (change->state == DOCTOR_CHANGED && str_equal(change->check, "transparent_hugepages"))
            fprintf(file,
                    "  (part of the machine's environment: histories and comparisons will say that it changed)\n");
    }
    if (count == 0)
        fprintf(file, back ? "nothing to put back\n" : "nothing to mend that can be put back\n");
    return good;
}

static int put_back(const struct arguments *arguments, const char *state, const struct doctor_change *only,
                    size_t only_count, FILE *file, struct arena *arena, bool *good, struct error *error)
{
    struct doctor_change *changes;
    size_t count;
    int code = doctor_restore(arguments->root, state, only, only_count, arena, &changes, &count, error);
    *good = print_changes(file, changes, count, true);
    return code;
}

static int run_between(struct arguments *arguments, const char *state, const struct doctor_change *changes,
                       size_t count, struct arena *arena, int *status, struct error *error)
{
    struct option_list *command = &arguments->rest;
    const char **words = arena_array(arena, command->count + 1, sizeof *words);
    struct error back_error;
    bool good = true;
    memcpy(words, command->items, command->count * sizeof *words);
    fflush(stdout);
    int code = wrap_command(words, status, error);
    int back_code = count ? put_back(arguments, state, changes, count, stderr, arena, &good, &back_error) : 0;
    if (back_code != 0)
        log_error("%s", back_error.text);
    if (back_code != 0 || !good)
        log_error("not everything was put back; sudo prony doctor --restore tries again");
    if (code == 0 && *status == EXIT_OK && (back_code != 0 || !good))
        *status = EXIT_COULD_NOT_RUN;
    return code;
}

static int mend_alone(struct arguments *arguments, const char *state, struct arena *arena, int *status,
                      struct error *error)
{
    struct doctor_report report;
    struct doctor_change *changes;
    size_t count, made = 0;
    bool wraps = arguments->rest.count > 0;
    doctor_check(&arguments->doctor, arena, &report);
    int code = doctor_fix(arguments->root, state, &report, arena, &changes, &count, error);
    bool good = print_changes(wraps ? stderr : stdout, changes, count, false);
    for (size_t i = 0; i < count; i++)
        made += changes[i].state == DOCTOR_CHANGED;
    if (code == 0 && wraps) /* what could not be mended is no reason not to run */
        return run_between(arguments, state, changes, made ? count : 0, arena, status, error);
    if (made)
        printf("prony doctor --restore puts back what is written down in %s\n", state);
    *status = good ? EXIT_OK : EXIT_COULD_NOT_RUN;
    return code;
}

static int mend(struct arguments *arguments, const char *state, struct arena *arena, int *status, struct error *error)
{
    int lock, code = doctor_lock(state, &lock, error);
    if (code != 0)
        return code;
    code = mend_alone(arguments, state, arena, status, error);
    doctor_unlock(lock);
    return code;
}

static int restore(const struct arguments *arguments, const char *state, struct arena *arena, int *status,
                   struct error *error)
{
    bool good;
    int lock, code = doctor_lock(state, &lock, error);
    if (code != 0)
        return code;
    code = put_back(arguments, state, NULL, 0, stdout, arena, &good, error);
    doctor_unlock(lock);
    *status = good ? EXIT_OK : EXIT_COULD_NOT_RUN;
    return code;
}

/* ---- fingerprint ---- */

static void print_facts(const char *title, const struct store_fact *facts, size_t count)
{
    printf("\n%s\n", title);
    for (size_t i = 0; i < count; i++)
        printf("  %-24s %s\n", facts[i].name, facts[i].value);
}

static json_t *facts_to_json(const struct store_fact *facts, size_t count)
{
    json_t *json = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(json, facts[i].name, json_string(facts[i].value));
    return json;
}

static void print_fingerprint(const struct arguments *arguments, struct arena *arena)
{
    struct fingerprint fingerprint;
    fingerprint_collect(&fingerprint, arguments->root, arena);
    size_t hardware = fingerprint.hardware_count, all = fingerprint.machine.count;
    const struct store_fact *facts = fingerprint.machine.items;
    const struct facts *condition = &fingerprint.condition;
    if (arguments->json) {
        json_t *json = json_object();
        json_object_set_new(json, "fingerprint", json_string(fingerprint.key));
        json_object_set_new(json, "identity", facts_to_json(facts, hardware));
        json_object_set_new(json, "environment", facts_to_json(facts + hardware, all - hardware));
        json_object_set_new(json, "condition", facts_to_json(condition->items, condition->count));
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
    } else {
        printf("%s\n", fingerprint.key);
        print_facts("Identity: a change of any of these is another machine", facts, hardware);
        print_facts("Environment: the machine stays the same; histories mark a change, comparisons warn of it",
                    facts + hardware, all - hardware);
        print_facts("Condition: recorded with every run", condition->items, condition->count);
    }
    fingerprint_release(&fingerprint);
}

static int run(struct app *app, int argc, char **argv)
{
    struct arguments arguments = { .doctor = { .seconds = 3 }, .root = "" };
    struct arena arena = { 0 };
    struct error error;
    int status = EXIT_OK;
    (void)app;
    int code = parse(&arguments, argc, argv, &error);
    const char *state = arguments.state ? arguments.state : doctor_state_path(&arena);
    if (code == 0)
        arguments.doctor.model_bytes = doctor_model_bytes(arguments.models.items, arguments.models.count);
    if (code == 0 && arguments.fix) {
        code = mend(&arguments, state, &arena, &status, &error);
    } else if (code == 0 && arguments.restore) {
        code = restore(&arguments, state, &arena, &status, &error);
    } else if (code == 0 && arguments.fingerprint) {
        print_fingerprint(&arguments, &arena);
    } else if (code == 0) {
        status = examine(&arguments, &arena);
    }
    arena_release(&arena);
    free(arguments.models.items);
    free(arguments.rest.items);
    return code == 0 ? status : command_fail(&cmd_doctor, &error);
}

const struct command cmd_doctor = {
    .name = "doctor",
    .synopsis = "prony doctor [OPTIONS] | prony doctor --fix [-- COMMAND...] | prony doctor --restore",
    .summary = "Say whether numbers of this machine can be trusted just now",
    .help = "  --seconds T     how long to watch the machine (default 3s); longer sees more\n"
            "  --quick         only look, do not watch\n"
            "  -t, --threads N how many will be measured (default: as many as CPUs)\n"
            "  -m, --model F   model file that must fit into memory (default: $PRONY_MODELS); repeatable\n"
            "  --json          the verdicts as JSON\n"
            "  --strict        exit with 2 on a fail, with 3 on a warning\n"
            "  --fix           change what warned or failed and can be put back: governor, boost, clocksource,\n"
            "                  huge pages, perf_event_paranoid, NMI watchdog, NUMA balancing. Needs root; without it\n"
            "                  the commands are printed. With a COMMAND: change, run it, put back, whatever happens\n"
            "  --restore       put back what --fix changed\n"
            "  --state FILE    where --fix writes down what was before (default: /var/lib/prony/doctor.json, for\n"
            "                  users $XDG_STATE_HOME/prony/doctor.json)\n"
            "  --fingerprint   which machine this is: what is hashed, and its condition now; with --json, too\n"
            "  --root DIR      read /proc and /sys below DIR, where another machine's were copied to\n"
            "\n"
            "Every check is pass, warn, fail or unknown, with what was seen, what it means for a measurement and the\n"
            "command that mends it. What cannot be found out is unknown, never pass. prony run looks for a quarter of\n"
            "a second before it measures and stores the verdicts with the run.\n"
            "\n"
            "examples:\n"
            "  prony doctor\n"
            "  prony doctor --seconds 10 --threads 4 --strict\n"
            "  sudo prony doctor --fix -- prony run quick\n"
            "  prony doctor --json | jq '.checks[] | select(.verdict == \"fail\")'\n"
            "\n"
            "exit status: 0; 2 for wrong usage, for a setting that could not be changed, with --strict for a fail;\n"
            "3 with --strict for a warning; with a COMMAND, its own\n",
    .run = run,
};
