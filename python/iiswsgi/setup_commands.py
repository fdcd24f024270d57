"""``python -m iiswsgi setup COMMAND…``: the commands of setuptools for a project with or without ``setup.py``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Runs commands in the current folder and gives the exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: python -m iiswsgi setup COMMAND [OPTIONS] [COMMAND…]")
        print("\nRun commands of setup.py, as bdist_msdeploy.")
        return 0 if arguments else 2
    try:
        import setuptools
    except ImportError:
        text = "error: setuptools is not installed here\nhint: python -m pip install 'iiswsgi[setuptools]'"
        print(text, file=sys.stderr)
        return 2
    before = sys.argv, sys.path[:]
    sys.argv = ["setup.py", *arguments]
    try:
        if os.path.exists("setup.py"):
            # Its folder comes first, as when Python runs it.
            sys.path.insert(0, os.getcwd())
            from runpy import run_path

            run_path("setup.py", run_name="__main__")
        else:
            # No modules of setuptools' own guess: which files ship is the library's affair.
            setuptools.setup(py_modules=[])
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        print(error.code, file=sys.stderr)
        return 1
    finally:
        sys.argv, sys.path[:] = before
    return 0
