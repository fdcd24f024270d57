import os, sys

sys._base_executable = sys.argv.pop(1)
log = sys.argv.pop(1)
os.environ.pop("__PYVENV_LAUNCHER__", None)


def end(text):
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(text + "\n")
    sys.exit(text)


try:
    from iiswsgi.command import main
except ModuleNotFoundError as error:
    if error.name != "iiswsgi":
        raise
    end(
        "error: the package `iiswsgi` is not installed for `%s`\n"
        "hint: Install it there: `\"%s\" -m pip install iiswsgi`." % (sys.executable, sys.executable)
    )
sys.exit(main(sys.argv[1:]))
