"""What a `setup.py` passes to `setup()`, found out by running it. Only on the user's word."""

import os
import sys
import traceback
import types


class Captured(BaseException):
    """Ends the script once `setup()` is called: nothing after it can matter to the metadata."""


def run(root, name):
    os.chdir(root)
    root = os.getcwd()
    path = os.path.join(root, *name.split("/"))
    # What the script prints must not be taken for our answer, and goes where errors go.
    sys.stdout = sys.stderr
    sys.argv = [name, "--version"]
    sys.path.insert(0, root)
    captured = []

    def setup(**keywords):
        captured.append(keywords)
        raise Captured

    replace_setup(setup)
    with open(path, "rb") as file:
        source = file.read()
    names = {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__}
    try:
        exec(compile(source, path, "exec"), names)
    except Captured:
        pass
    except SyntaxError as error:
        if error.filename == path:
            problem = {"path": name, "line": max(error.lineno or 0, 0), "column": max(error.offset or 0, 0), "message": error.msg}
            return {"malformed": problem}
        return {"failed": traceback.format_exc(limit=-3)}
    except SystemExit as error:
        if not captured:
            return {"failed": "it ended with SystemExit({!r}) before it called setup()".format(error.code)}
    except Exception:
        return {"failed": traceback.format_exc(limit=-3)}
    if not captured:
        return {"failed": "it did not call setup()"}
    keywords = {key: described(value) for key, value in captured[-1].items()}
    return {"keywords": keywords, "line": 0}


def replace_setup(setup):
    """Puts our own function in the place of `setup()`. Without setuptools, a stand-in has what scripts import."""
    try:
        import setuptools
    except ImportError:
        setuptools = stand_in()
        sys.modules["setuptools"] = setuptools
    setuptools.setup = setup
    try:
        import distutils.core
    except ImportError:
        distutils = types.ModuleType("distutils")
        distutils.core = types.ModuleType("distutils.core")
        distutils.core.Extension = distutils.core.Command = type("Command", (), {})
        sys.modules["distutils"], sys.modules["distutils.core"] = distutils, distutils.core
    sys.modules["distutils.core"].setup = setup


def stand_in():
    module = types.ModuleType("setuptools")
    module.__version__ = "0"
    module.Command = module.Extension = module.Distribution = type("Command", (), {"__init__": lambda *a, **k: None})
    module.find_packages = module.find_namespace_packages = find_packages
    for command in ("build_py", "build_ext", "develop", "install", "sdist", "test", "egg_info"):
        name = "setuptools.command." + command
        inner = types.ModuleType(name)
        setattr(inner, command, type(command, (module.Command,), {}))
        sys.modules[name] = inner
    sys.modules["setuptools.command"] = types.ModuleType("setuptools.command")
    return module


def find_packages(where=".", exclude=(), include=("*",)):
    found = []
    for folder, folders, files in os.walk(where):
        if folder != where and "__init__.py" not in files:
            del folders[:]
        elif folder != where:
            found.append(os.path.relpath(folder, where).replace(os.sep, "."))
    return found


def described(value):
    try:
        return {"value": as_json(value), "line": 0}
    except (TypeError, RecursionError):
        return {"unknown": type(value).__name__, "line": 0}


def as_json(value):
    if isinstance(value, (str, int, float, type(None))):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        known = {}
        for key, item in value.items():
            try:
                known[str(key)] = as_json(item)
            except TypeError:
                pass
        return known
    # A version object, a lazy text.
    if type(value).__str__ is not object.__str__ and not isinstance(value, (type, types.ModuleType)):
        return str(value)
    raise TypeError(type(value).__name__)
