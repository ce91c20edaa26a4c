/* conf.c: see conf.h. The text is copied once and cut into strings in place. */
#include "harness/base/conf.h"
#include "harness/base/mem.h"

#include <stdlib.h>
#include <string.h>

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1]))
        text[--length] = '\0';
    return text;
}

struct growth {
    size_t sections, entries;
};

static struct conf_section *add_section(struct conf *conf, struct growth *capacity, int line)
{
    MEM_GROW(conf->sections, conf->section_count, capacity->sections);
    struct conf_section *section = &conf->sections[conf->section_count++];
    *section = (struct conf_section){ .kind = "", .name = "", .line = line };
    capacity->entries = 0;
    return section;
}

static int parse_header(struct conf *conf, struct growth *capacity, char *text, int line, struct error *error)
{
    char *close = strchr(text, ']');
    if (!close || close[1] != '\0')
        return error_set(error, ERROR_FORMAT, "%s:%d: a section is [kind name], found '%.80s'", conf->source, line,
                         text);
    *close = '\0';
    char *kind = trim(text + 1);
    if (!*kind)
        return error_set(error, ERROR_FORMAT, "%s:%d: a section needs a kind: [kind name]", conf->source, line);
    struct conf_section *section = add_section(conf, capacity, line);
    section->kind = kind;
    char *blank = strpbrk(kind, " \t");
    if (blank) {
        *blank = '\0';
        section->name = trim(blank + 1);
    }
    return 0;
}

static int parse_line(struct conf *conf, struct growth *capacity, char *text, int line, struct error *error)
{
    if (!*text || *text == '#')
        return 0;
    if (*text == '[')
        return parse_header(conf, capacity, text, line, error);
    char *equals = strchr(text, '=');
    if (equals)
        *equals = '\0';
    char *key = trim(text);
    if (!equals || !*key)
        return error_set(error, ERROR_FORMAT, "%s:%d: expected key = value, found '%.80s'", conf->source, line, text);
    struct conf_section *section = &conf->sections[conf->section_count - 1];
    MEM_GROW(section->entries, section->entry_count, capacity->entries);
    section->entries[section->entry_count++] = (struct conf_entry){ key, trim(equals + 1), line };
    return 0;
}

int conf_parse(struct conf *conf, const char *source, const char *text, size_t length, struct error *error)
{
    *conf = (struct conf){ 0 };
    if (length && memchr(text, '\0', length))
        return error_set(error, ERROR_FORMAT, "%s: is not a text file (it holds NUL bytes)", source);
    struct growth capacity = { 0, 0 };
    conf->source = mem_strdup(source);
    conf->text = mem_strndup(text ? text : "", length);
    add_section(conf, &capacity, 0);
    int line = 0, result = 0;
    for (char *at = conf->text, *next; at && !result; at = next) {
        next = strchr(at, '\n');
        if (next)
            *next++ = '\0';
        result = parse_line(conf, &capacity, trim(at), ++line, error);
    }
    if (result)
        conf_release(conf);
    return result;
}

void conf_release(struct conf *conf)
{
    for (size_t i = 0; i < conf->section_count; i++)
        free(conf->sections[i].entries);
    free(conf->sections);
    free(conf->source);
    free(conf->text);
    *conf = (struct conf){ 0 };
}
