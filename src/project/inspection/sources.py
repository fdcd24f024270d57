"""Sources: parsed with the position of what is wrong, found by module name, and never outside the project."""

import ast
import os
import warnings

LIMIT = 4 * 1024 * 1024


class Malformed(Exception):
    """A source that Python cannot parse."""

    def __init__(self, path, line, column, message):
        super().__init__(message)
        self.answer = {"path": path, "line": line, "column": column, "message": message}


def inside(root, path):
    """The real path below the root, or None when it is somewhere else."""
    real_root = os.path.realpath(root)
    real = os.path.realpath(os.path.join(real_root, path))
    try:
        return real if os.path.commonpath([real_root, real]) == real_root else None
    except ValueError:
        return None


def read_bytes(path):
    with open(path, "rb") as file:
        data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise OSError("the file is larger than 4 MiB")
    return data


def parse(root, name):
    """The syntax tree of a source. Raises Malformed; OSError when it cannot be read."""
    data = read_bytes(os.path.join(root, *name.split("/")))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data, name)
    except SyntaxError as error:
        raise Malformed(name, max(error.lineno or 0, 0), max(error.offset or 0, 0), error.msg or "invalid syntax") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Malformed(name, 0, 0, str(error) or type(error).__name__) from None


def module_file(root, base, module):
    """The name of the file of a module below the folder `base` of the root, or None."""
    if not module:
        return None
    parts = [part for part in base.split("/") if part] + module.split(".")
    for tail in ([parts[-1] + ".py"], [parts[-1], "__init__.py"]):
        name = "/".join(parts[:-1] + tail)
        path = os.path.join(root, *name.split("/"))
        if os.path.isfile(path) and inside(root, path):
            return name
    return None


def shown(node, limit=120):
    """The text of a node, in one line."""
    try:
        text = " ".join(ast.unparse(node).split())
    except Exception:
        text = type(node).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"
