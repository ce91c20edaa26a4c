/* judgement_formats.c: the table of formats of a judgement. */
#include "reports/judgement.h"

const struct judgement_format judgement_formats[] = {
    { "text", ".txt", judgement_text },         { "markdown", ".md", judgement_markdown },
    { "html", ".html", judgement_html },        { "json", ".json", judgement_json },
    { "csv", ".csv", judgement_csv },           { "junit", ".xml", judgement_junit },
    { "sarif", ".sarif", judgement_sarif },     { "github", ".github", judgement_github },
    { "gobench", ".bench", judgement_gobench }, { "gbench", ".gbench.json", judgement_gbench },
    { "png", ".png", judgement_png },           { "svg", ".svg", judgement_svg },
};
const size_t judgement_format_count = sizeof judgement_formats / sizeof judgement_formats[0];

const struct judgement_format *judgement_format_find(const char *name)
{
    for (size_t i = 0; i < judgement_format_count; i++)
        if (str_equal(judgement_formats[i].name, name))
            return &judgement_formats[i];
    return NULL;
}
