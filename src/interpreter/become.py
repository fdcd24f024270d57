import os, sys

sys._base_executable = sys.argv.pop(1)
os.environ.pop("__PYVENV_LAUNCHER__", None)
try:
    from iiswsgi.command import main
except ModuleNotFoundError as error:
    if error.name != "iiswsgi":
        raise
    sys.exit(
        "error: the package `iiswsgi` is not installed for `%s`\n"
        "hint: Install it there: `\"%s\" -m pip install iiswsgi`." % (sys.executable, sys.executable)
    )
sys.exit(main(sys.argv[1:]))
