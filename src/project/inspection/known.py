"""The values and calls that the evaluator knows: texts, files of the project, paths, regular expressions."""

import ast
import os
import re
import sys

import sources


class Unknown(Exception):
    """Something that cannot be told without running the code."""

    def __init__(self, node, reason=None):
        super().__init__(reason)
        self.node = node


class Missing(Unknown):
    """A file that is not there: what an `except` around it is for."""


class UnknownValue:
    """The place of an unknown value in a name or dictionary."""

    def __init__(self, unknown):
        self.unknown = unknown


class Dotted:
    """A module, or a name in it, that was imported or is built in."""

    def __init__(self, name):
        self.name = name


class Function:
    """A function of the module."""

    def __init__(self, node, scope):
        self.node = node
        self.scope = scope


class FileValue:
    """An open file of the project."""

    def __init__(self, text):
        self.text = text


class Compiled:
    """A regular expression."""

    def __init__(self, pattern):
        self.pattern = pattern


class PathValue:
    """A path, absolute or relative to the project."""

    def __init__(self, text):
        self.text = text

    def attribute(self, name, node):
        if name == "parent":
            return PathValue(os.path.dirname(self.text))
        if name == "name":
            return os.path.basename(self.text)
        if name == "stem":
            return os.path.splitext(os.path.basename(self.text))[0]
        raise Unknown(node)


TEXT_METHODS = set(
    "strip lstrip rstrip split rsplit splitlines join format replace lower upper title capitalize startswith endswith"
    " encode partition rpartition find count zfill removeprefix removesuffix isdigit casefold expandtabs format_map".split()
)
LIST_METHODS = set("append extend insert copy index count sort remove reverse".split())
DICT_METHODS = set("get keys values items update copy setdefault pop".split())
FUNCTIONS = {
    "str": str, "int": int, "float": float, "bool": bool, "len": len, "list": list, "tuple": tuple, "sorted": sorted,
    "min": min, "max": max, "any": any, "all": all, "reversed": lambda values: list(reversed(values)),
    "enumerate": lambda *args: list(enumerate(*args)), "zip": lambda *args: list(zip(*args)), "repr": repr,
    "set": lambda values=(): sorted(set(values)), "range": lambda *args: list(range(*args))[:1000],
    "textwrap.dedent": __import__("textwrap").dedent, "unicode": str,
}
OPENERS = {"open", "io.open", "codecs.open", "builtins.open"}
PATH_TYPES = {"pathlib.Path", "pathlib.PurePath", "Path", "py.path.local"}
RE_FLAGS = ("A", "ASCII", "I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "U", "UNICODE", "X", "VERBOSE")
CONSTANTS = {
    "sys.version_info": tuple(sys.version_info[:3]), "os.sep": "/", "os.linesep": "\n", "os.path.sep": "/",
    **{"re." + flag: int(getattr(re, flag)) for flag in RE_FLAGS}, "sys.argv": ["setup.py"], "True": True, "False": False, "None": None,
}
PLAIN = (str, bytes, int, float, bool, type(None), list, tuple, dict)


def plain(value, node):
    """A value that Python's own operators may see."""
    if isinstance(value, Dotted) and value.name in CONSTANTS:
        return CONSTANTS[value.name]
    if isinstance(value, PathValue):
        return value.text
    if not isinstance(value, PLAIN):
        raise Unknown(node)
    return value


def narrow(text, node):
    """A format whose widths are those of a text, not of memory."""
    if re.search(r"[0-9]{5}", text):
        raise Unknown(node)
    return text


def items(value, node):
    if isinstance(value, FileValue):
        return value.text.splitlines(True)
    if isinstance(value, str):
        return list(value)
    if isinstance(value, dict):
        return list(value)
    if not isinstance(value, (list, tuple)):
        raise Unknown(node)
    return value


def path_text(value, node):
    if isinstance(value, PathValue):
        return value.text
    if isinstance(value, str):
        return value
    raise Unknown(node)


def compare(operator, left, right, node):
    kind = type(operator)
    table = {
        ast.Eq: lambda: left == right, ast.NotEq: lambda: left != right, ast.Lt: lambda: left < right,
        ast.LtE: lambda: left <= right, ast.Gt: lambda: left > right, ast.GtE: lambda: left >= right,
        ast.In: lambda: left in right, ast.NotIn: lambda: left not in right,
        ast.Is: lambda: left is right, ast.IsNot: lambda: left is not right,
    }
    if kind not in table:
        raise Unknown(node)
    return table[kind]()


def open_file(evaluator, path, keywords, node):
    real = sources.inside(evaluator.root, path.replace("\\", "/"))
    if real is None:
        raise Unknown(node, "the file is not in the project")
    encoding = keywords.get("encoding") or "utf-8"
    return FileValue(sources.read_bytes(real).decode(encoding, "replace").replace("\r\n", "\n"))


def known_arguments(positional, keywords, node):
    """The arguments, none of them unknown."""
    for value in keywords.values():
        if isinstance(value, UnknownValue):
            raise value.unknown
    return [value if isinstance(value, (PathValue, FileValue)) else plain(value, node) for value in positional]


def call(evaluator, name, positional, keywords, node):
    """The value of a call of an imported or built-in function."""
    if name == "dict":
        return make_dict(positional, keywords, node)
    if name == "exec":
        return execute(evaluator, positional, node)
    arguments = known_arguments(positional, keywords, node)
    if name in OPENERS:
        return open_file(evaluator, path_text(arguments[0], node), keywords, node)
    if name in PATH_TYPES:
        return PathValue(os.path.join(*[path_text(value, node) for value in arguments] or ["."]))
    if name in ("os.path.join", "path.join"):
        return os.path.join(*[path_text(value, node) for value in arguments])
    if name == "os.path.dirname":
        return os.path.dirname(path_text(arguments[0], node))
    if name in ("os.path.abspath", "os.path.realpath", "os.path.normpath"):
        return os.path.join(os.path.realpath(evaluator.root), path_text(arguments[0], node))
    if name in ("os.path.exists", "os.path.isfile", "os.path.isdir"):
        real = sources.inside(evaluator.root, path_text(arguments[0], node))
        if real is None:
            raise Unknown(node)
        return getattr(os.path, name.split(".")[-1])(real)
    if name == "os.getcwd":
        return os.path.realpath(evaluator.root)
    if name == "re.compile":
        return Compiled(re.compile(*arguments, **keywords))
    if name in ("re.search", "re.match", "re.findall", "re.sub", "re.split", "re.fullmatch"):
        return getattr(re, name[3:])(*arguments, **keywords)
    if name in FUNCTIONS:
        values = [value.text.splitlines(True) if isinstance(value, FileValue) else plain(value, node) for value in arguments]
        return FUNCTIONS[name](*values, **keywords)
    raise Unknown(node)


def make_dict(positional, keywords, node):
    from evaluate import Evaluator, LineDict

    values = LineDict()
    for value in positional:
        Evaluator.merge(values, value, node.lineno)
    Evaluator.merge(values, keywords, node.lineno)
    return values


def execute(evaluator, positional, node):
    """`exec(open(FILE).read(), names)`: the constants of that source."""
    from evaluate import Evaluator

    text = plain(positional[0], node)
    scope = Evaluator(evaluator.root, evaluator.name, evaluator.budget, None, None, evaluator.depth + 1)
    if scope.depth > 20:
        raise Unknown(node)
    try:
        scope.run(ast.parse(text).body)
    except SyntaxError:
        raise Unknown(node, "the text is not Python") from None
    target = positional[1] if len(positional) > 1 else evaluator.names
    if not isinstance(target, dict):
        raise Unknown(node)
    target.update({name: value for name, value in scope.names.items() if name not in ("__name__", "__file__", "__doc__")})
    return None


def method(holder, name, positional, keywords, node):
    """The value of a call of a method."""
    arguments = known_arguments(positional, keywords, node)
    if isinstance(holder, FileValue):
        if name == "read" and not arguments:
            return holder.text
        if name == "readlines":
            return holder.text.splitlines(True)
        if name == "readline":
            return holder.text.splitlines(True)[0]
        if name == "close":
            return None
    if isinstance(holder, PathValue):
        return path_method(holder, name, arguments, keywords, node)
    if isinstance(holder, Compiled) and name in ("search", "match", "findall", "sub", "split", "fullmatch"):
        return getattr(holder.pattern, name)(*arguments)
    if isinstance(holder, re.Match) and name in ("group", "groups", "groupdict"):
        return getattr(holder, name)(*arguments)
    if isinstance(holder, str) and name == "decode":
        return holder
    if isinstance(holder, bytes) and name in ("decode", "strip"):
        return getattr(holder, name)(*arguments)
    for kind, names in ((str, TEXT_METHODS), (list, LIST_METHODS), (dict, DICT_METHODS)):
        if isinstance(holder, kind) and name in names:
            if name in ("format", "format_map", "zfill", "expandtabs"):
                narrow(holder + " ".join(map(repr, arguments)) if name in ("zfill", "expandtabs") else holder, node)
            value = getattr(holder, name)(*arguments, **keywords)
            return list(value) if isinstance(value, (type({}.keys()), type({}.values()), type({}.items()))) else value
    raise Unknown(node)


class Here:
    """The project's folder for the functions that want an evaluator."""

    def __init__(self, root):
        self.root = root


def path_method(holder, name, arguments, keywords, node):
    if name in ("resolve", "absolute", "expanduser"):
        return holder
    if name in ("joinpath", "join"):
        return PathValue(os.path.join(holder.text, *[path_text(value, node) for value in arguments]))
    if name == "with_name":
        return PathValue(os.path.join(os.path.dirname(holder.text), arguments[0]))
    root = ROOT[0]
    if name == "read_text":
        encoding = arguments[0] if arguments else keywords.get("encoding")
        return open_file(Here(root), holder.text, {"encoding": encoding}, node).text
    if name == "open":
        return open_file(Here(root), holder.text, keywords, node)
    if name in ("exists", "is_file", "is_dir"):
        real = sources.inside(root, holder.text)
        if real is None:
            raise Unknown(node)
        return {"exists": os.path.exists, "is_file": os.path.isfile, "is_dir": os.path.isdir}[name](real)
    raise Unknown(node)


# The project's folder; set once by whoever evaluates.
ROOT = ["."]
