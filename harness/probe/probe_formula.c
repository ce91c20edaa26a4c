/* probe_formula.c: arithmetic on the values of a sample: + - * / ( ), numbers, names.
 *
 *     expression = term { ("+" | "-") term }
 *     term       = factor { ("*" | "/") factor }
 *     factor     = [ "-" ] ( number | name | "{" any name "}" | "(" expression ")" )
 *
 * A name is letters, digits, "_", ":" and "."; names with other characters stand in braces. */
#include "harness/base/str.h"
#include "harness/probe/probe_groups.h"
#include <ctype.h>
#include <math.h>
#include <string.h>

enum { DEPTH_LIMIT = 64, NUMBER_LIMIT = 64 };

struct reader {
    const char *text, *at;
    probe_formula_visit *visit; /* NULL: look names up */
    probe_formula_lookup *lookup;
    void *context;
    struct arena *arena;
    const char *missing;
    struct error *error;
    int code, depth;
};

/* A wrong text ends the reading; a missing value does not, for the rest must be read, too. */
static bool goes_on(const struct reader *reader)
{
    return !reader->code || reader->code == ERROR_STATE || reader->code == ERROR_NUMERIC;
}

/* What is wrong with the text comes before what is wrong with the values. */
static double fail(struct reader *reader, int code, const char *what)
{
    if (!reader->code || (code == ERROR_FORMAT && goes_on(reader)))
        reader->code = error_set(reader->error, code, "'%.80s', character %zu: %s", reader->text,
                                 (size_t)(reader->at - reader->text) + 1, what);
    return NAN;
}

static void skip_blanks(struct reader *reader)
{
    while (isspace((unsigned char)*reader->at))
        reader->at++;
}

static double read_number(struct reader *reader)
{
    char text[NUMBER_LIMIT];
    size_t length = strspn(reader->at, "0123456789.");
    double value;
    if (reader->at[length] == 'e' || reader->at[length] == 'E') {
        length++;
        length += reader->at[length] == '-' || reader->at[length] == '+';
        length += strspn(reader->at + length, "0123456789");
    }
    if (length >= sizeof text)
        return fail(reader, ERROR_FORMAT, "the number is too long");
    memcpy(text, reader->at, length);
    text[length] = '\0';
    if (!str_parse_f64(text, &value))
        return fail(reader, ERROR_FORMAT, "this is not a number");
    reader->at += length;
    return value;
}

static double resolve_name(struct reader *reader, size_t length)
{
    const char *name = arena_strndup(reader->arena, reader->at, length);
    double value = 1;
    if (reader->visit) {
        reader->visit(reader->context, name);
    } else if (!reader->lookup(reader->context, name, &value)) {
        if (!reader->missing)
            reader->missing = name;
        if (!reader->code)
            reader->code =
                error_set(reader->error, ERROR_STATE, "'%.80s': there is no value of %.80s", reader->text, name);
        value = NAN;
    }
    reader->at += length;
    return value;
}

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == ':' || c == '.';
}

static double read_name(struct reader *reader)
{
    size_t length = 0;
    if (*reader->at != '{') {
        while (is_name_character(reader->at[length]))
            length++;
        return resolve_name(reader, length);
    }
    length = strcspn(reader->at + 1, "}");
    if (!length || reader->at[1 + length] != '}')
        return fail(reader, ERROR_FORMAT, length ? "the brace is not closed" : "there is no name in the braces");
    reader->at++;
    double value = resolve_name(reader, length);
    reader->at++;
    return value;
}

static double read_expression(struct reader *reader);

static double read_factor(struct reader *reader)
{
    skip_blanks(reader);
    if (++reader->depth > DEPTH_LIMIT)
        return fail(reader, ERROR_FORMAT, "it is nested too deep");
    double value;
    if (*reader->at == '-') {
        reader->at++;
        value = -read_factor(reader);
    } else if (*reader->at == '(') {
        reader->at++;
        value = read_expression(reader);
        if (goes_on(reader) && *reader->at != ')')
            fail(reader, ERROR_FORMAT, "a ) is missing");
        reader->at += *reader->at == ')';
    } else if (isdigit((unsigned char)*reader->at) || *reader->at == '.') {
        value = read_number(reader);
    } else if (*reader->at == '{' || isalpha((unsigned char)*reader->at) || *reader->at == '_') {
        value = read_name(reader);
    } else {
        value =
            fail(reader, ERROR_FORMAT, *reader->at ? "expected a number, a name or (" : "something is missing here");
    }
    reader->depth--;
    skip_blanks(reader);
    return value;
}

static double read_term(struct reader *reader)
{
    double value = read_factor(reader);
    while (goes_on(reader) && (*reader->at == '*' || *reader->at == '/')) {
        char sign = *reader->at;
        const char *place = reader->at++;
        double right = read_factor(reader);
        if (sign == '/' && right == 0 && goes_on(reader)) {
            const char *after = reader->at;
            reader->at = place;
            if (!reader->visit)
                fail(reader, ERROR_NUMERIC, "division by zero");
            reader->at = after;
        }
        value = sign == '*' ? value * right : value / right;
    }
    return value;
}

static double read_expression(struct reader *reader)
{
    double value = read_term(reader);
    while (goes_on(reader) && (*reader->at == '+' || *reader->at == '-')) {
        char sign = *reader->at++;
        double right = read_term(reader);
        value = sign == '+' ? value + right : value - right;
    }
    return value;
}

static int read_all(struct reader *reader, double *value)
{
    *value = read_expression(reader);
    if (goes_on(reader) && *reader->at)
        fail(reader, ERROR_FORMAT, *reader->at == ')' ? "this ) was never opened" : "expected + - * / or the end");
    if (!reader->code && !reader->visit && !isfinite(*value))
        fail(reader, ERROR_NUMERIC, "the result is not finite");
    return reader->code;
}

int probe_formula_visit_names(const char *expression, probe_formula_visit *visit, void *context, struct arena *arena,
                              struct error *error)
{
    double value;
    struct reader reader = {
        .text = expression, .at = expression, .visit = visit, .context = context, .arena = arena, .error = error
    };
    return read_all(&reader, &value);
}

int probe_formula_compute(const struct probe_formula *formula, probe_formula_lookup *lookup, void *context,
                          struct arena *arena, double *value, const char **missing, struct error *error)
{
    struct reader reader = { .text = formula->expression,
                             .at = formula->expression,
                             .lookup = lookup,
                             .context = context,
                             .arena = arena,
                             .error = error };
    int code = read_all(&reader, value);
    *missing = reader.missing;
    return code;
}

bool probe_formula_evaluate(const struct probe_formula *formula, probe_formula_lookup *lookup, void *context,
                            struct arena *arena, double *value, const char **missing)
{
    return probe_formula_compute(formula, lookup, context, arena, value, missing, NULL) == 0;
}
