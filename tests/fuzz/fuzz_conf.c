/* fuzz_conf.c: any text as a prony.conf. What is accepted names nothing outside of the tree, and what it leaves of its
 * suites stands on the lines where it stood; what is refused is refused in one line that names the file. */
#include "harness/base/conf.h"
#include "harness/base/str.h"
#include "harness/run/ab_conf.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

/* Below the tree as a path is read: how deep it goes, never above where it began. */
static void check_path(const char *path)
{
    require(*path && *path != '/');
    for (int depth = 0; *path;) {
        size_t length = strcspn(path, "/");
        bool up = length == 2 && strncmp(path, "..", 2) == 0;
        depth += up ? -1 : length > 0 && !(length == 1 && *path == '.');
        require(depth >= 0);
        path += length + (path[length] == '/');
    }
}

static void check_paths(const struct plan_strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        check_path(list->items[i]);
}

/* The plan inside has no [project] any more, and reads as the whole file does. */
static void check_suites(const char *suites, const char *text, size_t size)
{
    struct conf whole, rest;
    size_t next = 1;
    require(conf_parse(&whole, "fuzz.conf", text, size, NULL) == 0);
    require(conf_parse(&rest, "fuzz.conf", suites, strlen(suites), NULL) == 0);
    for (size_t i = 1; i < whole.section_count; i++) {
        const struct conf_section *section = &whole.sections[i], *kept = &rest.sections[next];
        if (str_equal(section->kind, "project"))
            continue;
        require(next++ < rest.section_count && str_equal(kept->kind, section->kind) &&
                str_equal(kept->name, section->name) && kept->line == section->line &&
                kept->entry_count == section->entry_count);
        for (size_t k = 0; k < section->entry_count; k++)
            require(str_equal(kept->entries[k].key, section->entries[k].key) &&
                    str_equal(kept->entries[k].value, section->entries[k].value) &&
                    kept->entries[k].line == section->entries[k].line);
    }
    require(next == rest.section_count && rest.sections[0].entry_count == whole.sections[0].entry_count);
    conf_release(&whole);
    conf_release(&rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct ab_conf conf;
    struct error error;
    if (ab_conf_parse(&conf, "fuzz.conf", (const char *)data, size, &arena, &error) != 0) {
        require(strncmp(error.text, "fuzz.conf", 9) == 0 && !strchr(error.text, '\n'));
    } else {
        require(conf.build_timeout_s > 0 && !(conf.plan && conf.suites));
        for (size_t i = 0; i < conf.build.count; i++)
            require(*conf.build.items[i]);
        check_paths(&conf.programs);
        check_paths(&conf.copies);
        check_paths(&conf.links);
        if (conf.plan)
            check_path(conf.plan);
        if (conf.suites)
            check_suites(conf.suites, (const char *)data, size);
    }
    arena_release(&arena);
    return 0;
}
