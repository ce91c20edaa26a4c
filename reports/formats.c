/* formats.c: the table of report formats. */
#include "reports/report.h"

const struct report_format report_formats[] = {
    { "text", ".txt", false, report_text },
    { "markdown", ".md", false, report_markdown },
    { "html", ".html", true, report_html },
    { "json", ".json", false, report_json },
    { "csv", ".csv", false, report_csv },
    { "junit", ".xml", false, report_junit },
    { "gobench", ".bench", false, report_gobench },
    { "gbench", ".gbench.json", false, report_gbench }, /* after json, whose ending it has too */
};
const size_t report_format_count = sizeof report_formats / sizeof report_formats[0];

const struct report_format *report_format_find(const char *name)
{
    for (size_t i = 0; i < report_format_count; i++)
        if (str_equal(report_formats[i].name, name))
            return &report_formats[i];
    return NULL;
}
