#include "harness/run/project.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/ab_conf.h"
#include "harness/run/child.h"
#include "harness/run/interrupt.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As short as a sample may be where nobody says anything: the same as that of prony ab. */
static const char default_min_time[] = "0.1"; /* seconds, as plans hold them */

bool project_is(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_equal(slash ? slash + 1 : path, AB_CONF_NAME);
}

static int build_line(const struct ab_conf *conf, const char *root, const char *line, int interrupt_fd,
                      struct error *error)
{
    char *script = mem_format("exec 1>&2\n%s", line), text[128];
    const char *const arguments[] = { "/bin/sh", "-c", script, NULL };
    struct child_request request = { .arguments = arguments,
                                     .directory = root,
                                     .timeout_s = conf->build_timeout_s,
                                     .interrupt_fd = interrupt_fd,
                                     .keeps_streams = true };
    struct child_result result;
    log_info("building %s: %s", root, line);
    int code = child_run(&request, &result, error);
    free(script);
    if (code != 0)
        return code;
    if (result.end == CHILD_INTERRUPTED)
        code = error_set(error, ERROR_STATE, "interrupted while %s was built", root);
    else if (result.end != CHILD_EXITED || result.status != 0)
        code = error_set(error, ERROR_IO, "%s does not build: '%.150s' %s", root, line,
                         child_describe(&result, &request, text, sizeof text));
    child_release(&result);
    return code;
}

static int build(const struct ab_conf *conf, const char *root, struct error *error)
{
    struct interrupt interrupt;
    int code = interrupt_begin(&interrupt, error);
    if (code != 0)
        return code;
    for (size_t i = 0; code == 0 && i < conf->build.count; i++)
        code = build_line(conf, root, conf->build.items[i], interrupt.fd, error);
    interrupt_end(&interrupt);
    return code;
}

/* Suites of the file, or the plan that it names. */
static int choose_plan(struct runner_options *options, const struct ab_conf *conf, const char *root,
                       struct arena *arena, struct error *error)
{
    options->plan_path = conf->source;
    options->plan_text = conf->suites;
    if (conf->plan) {
        options->plan_path = arena_format(arena, "%s/%s", root, conf->plan);
        options->plan_text = NULL;
    } else if (!conf->suites) {
        return error_set(error, ERROR_USAGE,
                         "%s: says how to build, but not what to measure: add plan = FILE to its [project], or a "
                         "[suite NAME] with program = PATH",
                         conf->source);
    }
    return 0;
}

int project_prepare(struct runner_options *options, const char *path, struct arena *arena, struct error *error)
{
    struct ab_conf conf;
    char *full = realpath(path, NULL);
    if (!full)
        return error_system(error, errno, "%s", path);
    const char *root = arena_strndup(arena, full, (size_t)(strrchr(full, '/') - full));
    free(full);
    if (!*root)
        root = "/";
    int code = ab_conf_load(&conf, arena_strdup(arena, path), arena, error);
    if (code == 0)
        code = choose_plan(options, &conf, root, arena, error);
    if (code == 0)
        code = build(&conf, root, error);
    if (code != 0)
        return code;
    const char **places = arena_array(arena, conf.programs.count + 1, sizeof *places);
    for (size_t i = 0; i < conf.programs.count; i++)
        places[i] = arena_format(arena, "%s/%s", root, conf.programs.items[i]);
    places[conf.programs.count] = root;
    options->program_directories = places;
    options->program_directory_count = conf.programs.count + 1;
    options->directory = root;
    options->min_time = default_min_time;
    return 0;
}
