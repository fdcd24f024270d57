#!/usr/bin/env python3
"""Runs the quick starts of docs/ as they stand there: `quick_starts.py PROGRAM CHAPTER...`.

In a chapter, by what stands behind the three backticks:

    sh              is run by `bash -euo pipefail`, all blocks of a chapter in one shell and one scratch folder
    KIND,file=PATH  is written to PATH in the scratch folder first, where it stands in the chapter
    text,output     must be in what the block before it printed: each line a part of one, in this order;
                    an ellipsis stands for anything in between
    anything else   is for readers

The program is on PATH as `iiswsgi`, and the gateway is this checkout, so that nothing has to be published first.
Nothing is asked: standard input is empty.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(r"^( *)```(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
MARK = "--- end of block ---"


def blocks(chapter):
    """The fenced blocks of a chapter: line, info string, text without its indentation."""
    text = chapter.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        indent, info, body = found.groups()
        lines = [line[len(indent):] for line in body.splitlines()]
        yield text.count("\n", 0, found.start()) + 1, info, "".join(line + "\n" for line in lines)


def missing(expected, output):
    """The first expected line that the output does not have behind the ones before it."""
    lines = iter(re.sub(r"\x1b\[[0-9;]*m", "", output).splitlines())
    for wanted in filter(str.strip, expected.splitlines()):
        pattern = ".*".join(re.escape(part) for part in wanted.split("…"))
        if not any(re.search(pattern, line) for line in lines):
            return wanted
    return None


def script(chapter):
    """One shell script of all that is done in a chapter, and what each block must print."""
    parts, expected, executed = ["exec 2>&1\n"], [], None
    for line, info, body in blocks(chapter):
        kind, _, option = info.partition(",")
        if option.startswith("file="):
            path = option[len("file="):]
            parts.append('mkdir -p "$SCRATCH"/{}\n'.format(os.path.dirname(path) or "."))
            parts.append('cat > "$SCRATCH"/{} <<\'END_OF_FILE\'\n{}END_OF_FILE\n'.format(path, body))
        elif info == "sh":
            executed = line
            parts.append("{}\necho '{} {}'\n".format(body, MARK, line))
        elif info == "text,output":
            if executed is None:
                sys.exit("{}:{}: an output without a command before it".format(chapter, line))
            expected.append((executed, line, body))
        elif option:
            sys.exit("{}:{}: `{}` is none of the kinds of blocks".format(chapter, line, info))
    return "".join(parts), expected


def run(chapter, program):
    text, expected = script(chapter)
    with tempfile.TemporaryDirectory(prefix="iiswsgi-docs-") as folder:
        scratch, home, tools = (os.path.join(folder, name) for name in ("scratch", "home", "tools"))
        for path in (scratch, home, tools):
            os.mkdir(path)
        os.symlink(program, os.path.join(tools, "iiswsgi"))
        environment = {name: value for name, value in os.environ.items() if name not in ("CI", "GITHUB_ACTIONS")}
        environment.setdefault("XDG_CACHE_HOME", os.path.join(os.path.expanduser("~"), ".cache"))
        # The gateway is compiled with the Rust of whoever runs this.
        for name in ("CARGO", "RUSTUP"):
            environment.setdefault(name + "_HOME", os.path.join(os.path.expanduser("~"), "." + name.lower()))
        environment.setdefault("IISWSGI_GATEWAY", str(ROOT))
        environment.update(
            HOME=home, SCRATCH=scratch, NO_COLOR="1",
            PATH=tools + os.pathsep + os.environ["PATH"],
        )
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text], cwd=scratch, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
        )
    outputs, rest = {}, done.stdout
    for line in re.findall(re.escape(MARK) + r" (\d+)\n", done.stdout):
        outputs[int(line)], rest = rest.split("{} {}\n".format(MARK, line), 1)
    if done.returncode != 0:
        return "a command failed ({}) behind:\n{}".format(done.returncode, rest)
    for executed, line, body in expected:
        lacking = missing(body, outputs[executed])
        if lacking is not None:
            return "line {}: no `{}` in the output of the block in line {}:\n{}".format(line, lacking, executed, outputs[executed])
    return None


def main():
    program = os.path.abspath(sys.argv[1])
    failed = 0
    for name in sys.argv[2:]:
        start = time.monotonic()
        fault = run(pathlib.Path(name), program)
        print("{}: {} in {:.0f} s".format(name, "FAILED" if fault else "runs", time.monotonic() - start), flush=True)
        if fault:
            failed += 1
            print(fault)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
