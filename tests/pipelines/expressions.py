"""expressions.py: the expression language of GitHub's workflow files, `${{ ... }}` and `if:`.

evaluate(text, contexts) gives a value, expand(text, contexts) a text with all `${{ }}` replaced. Unknown names, functions and
syntax are errors here where the server gives null or refuses the file: a misspelt context must fail a test. Contexts are dicts;
those named in `open_contexts` may lack a key (vars, inputs, outputs: what nobody set is null).
"""
import fnmatch
import hashlib
import json
import os
import re

TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|'(?P<text>(?:[^']|'')*)'|(?P<operator>\|\||&&|==|!=|<=|>=|[<>!().,\[\]*])"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*))"
)


class ExpressionError(Exception):
    pass


class Missing(dict):
    """A context in which a missing key is null."""


def truth(value):
    return value not in (None, False, 0, "") and value == value


def as_text(value):
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def as_number(value):
    if value in (None, "", False):
        return 0.0
    if value is True:
        return 1.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def equal(a, b):
    if isinstance(a, str) and isinstance(b, str):
        return a.lower() == b.lower()
    if type(a) is type(b):
        return a == b
    return as_number(a) == as_number(b)


def hash_files(workspace, patterns):
    digest = hashlib.sha256()
    found = False
    for folder, _, names in sorted(os.walk(workspace)):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), workspace)
            if any(fnmatch.fnmatch(path, pattern) for pattern in patterns):
                digest.update(open(os.path.join(folder, name), "rb").read())
                found = True
    return digest.hexdigest() if found else ""


class Parser:
    def __init__(self, text, contexts):
        self.contexts = contexts
        self.text = text
        self.tokens = []
        at = 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if not match:
                raise ExpressionError(f"cannot read {text[at:]!r} in {text!r}")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else (None, None)

    def take(self, operator=None):
        kind, value = self.peek()
        if operator is not None and (kind, value) != ("operator", operator):
            raise ExpressionError(f"expected {operator!r} instead of {value!r} in {self.text!r}")
        self.at += 1
        return kind, value

    def is_next(self, *operators):
        kind, value = self.peek()
        return kind == "operator" and value in operators

    def whole(self):
        value = self.either()
        if self.at != len(self.tokens):
            raise ExpressionError(f"unexpected {self.peek()[1]!r} in {self.text!r}")
        return value

    def either(self):
        value = self.both()
        while self.is_next("||"):
            self.take()
            other = self.both()
            value = value if truth(value) else other
        return value

    def both(self):
        value = self.comparison()
        while self.is_next("&&"):
            self.take()
            other = self.comparison()
            value = other if truth(value) else value
        return value

    def comparison(self):
        value = self.unary()
        while self.is_next("==", "!=", "<", ">", "<=", ">="):
            operator = self.take()[1]
            other = self.unary()
            if operator in ("==", "!="):
                value = equal(value, other) == (operator == "==")
            else:
                a, b = as_number(value), as_number(other)
                value = {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[operator]
        return value

    def unary(self):
        if self.is_next("!"):
            self.take()
            return not truth(self.unary())
        return self.access()

    def access(self):
        kind, word = self.take()
        if kind == "operator" and word == "(":
            value = self.either()
            self.take(")")
            return value
        if kind == "text":
            return word.replace("''", "'")
        if kind == "number":
            return float(word)
        if kind != "name":
            raise ExpressionError(f"unexpected {word!r} in {self.text!r}")
        if word in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word]
        if self.is_next("("):
            return self.call(word)
        if word not in self.contexts:
            raise ExpressionError(f"there is no context {word!r} here: {self.text!r}")
        return self.members(self.contexts[word], word)

    def members(self, value, path):
        many = False
        while self.is_next(".", "["):
            if self.take()[1] == "[":
                key = self.either()
                self.take("]")
            elif self.is_next("*"):
                self.take()
                many, path = True, path + ".*"
                continue
            else:
                key = self.take()[1]
            path += f".{key}"
            value = [self.member(one, key, path) for one in value] if many else self.member(value, key, path)
        return value

    def member(self, value, key, path):
        if isinstance(value, Missing) or value is None:
            return (value or {}).get(key)
        if not isinstance(value, dict) or key not in value:
            raise ExpressionError(f"there is no {path}: {self.text!r}")
        return value[key]

    def call(self, name):
        self.take("(")
        arguments = []
        while not self.is_next(")"):
            arguments.append(self.either())
            if not self.is_next(")"):
                self.take(",")
        self.take(")")
        status = self.contexts.get("_status", "success")
        functions = {
            "always": lambda: True,
            "success": lambda: status == "success",
            "failure": lambda: status == "failure",
            "cancelled": lambda: status == "cancelled",
            "contains": lambda a, b: any(equal(x, b) for x in a) if isinstance(a, list) else as_text(b).lower() in as_text(a).lower(),
            "startsWith": lambda a, b: as_text(a).lower().startswith(as_text(b).lower()),
            "endsWith": lambda a, b: as_text(a).lower().endswith(as_text(b).lower()),
            "format": lambda a, *b: re.sub(r"\{(\d+)\}", lambda m: as_text(b[int(m[1])]), a),
            "join": lambda a, b=",": as_text(b).join(as_text(x) for x in a) if isinstance(a, list) else as_text(a),
            "toJSON": lambda a: json.dumps(a),
            "fromJSON": lambda a: json.loads(a),
            "hashFiles": lambda *a: hash_files(self.contexts["github"]["workspace"], a),
        }
        if name not in functions:
            raise ExpressionError(f"there is no function {name!r}: {self.text!r}")
        return functions[name](*arguments)


def evaluate(text, contexts):
    return Parser(text, contexts).whole()


def expand(text, contexts):
    """A text that is one expression keeps the expression's type."""
    if not isinstance(text, str):
        return text
    alone = re.fullmatch(r"\s*\$\{\{((?:[^}]|\}(?!\}))*)\}\}\s*", text)
    if alone:
        return evaluate(alone[1], contexts)
    return re.sub(r"\$\{\{(.*?)\}\}", lambda match: as_text(evaluate(match[1], contexts)), text, flags=re.S)


def condition(text, contexts):
    """An `if:`; without one of the status functions it also asks for success()."""
    if text is None:
        text = "success()"
    inner = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", str(text), flags=re.S)
    text = inner[1] if inner else as_text(text)
    if not re.search(r"\b(always|success|failure|cancelled)\s*\(", text):
        text = f"success() && ({text})"
    return truth(evaluate(text, contexts))
