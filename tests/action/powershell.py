"""Parses the PowerShell in YAML files (`shell: pwsh`), Markdown (fenced blocks) and the README of the gateway's archive.

    python powershell.py FILE...        needs tree-sitter, tree-sitter-powershell and ruamel.yaml

It is a parser and no PowerShell: what the commands do is seen on Windows alone.
"""

from __future__ import annotations

import pathlib
import re
import sys
import textwrap

import tree_sitter
import tree_sitter_powershell
from ruamel.yaml import YAML

# The grammar knows no lists of words without quotes (`Web-Server, Web-CGI`), which PowerShell takes as arguments.
WORDS = re.compile(r"(?<=\s)[\w-]+(?:, ?[\w-]+)+(?=\s|$)")
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def steps(value: object):
    """The bodies of all steps whose shell is PowerShell."""
    if isinstance(value, dict):
        if str(value.get("shell", "")).startswith(("pwsh", "powershell")):
            yield str(value["run"])
        for inner in value.values():
            yield from steps(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from steps(inner)


def bodies(path: pathlib.Path):
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".yml", ".yaml"):
        yield from steps(YAML(typ="safe").load(text))
    elif path.suffix == ".md":
        yield from re.findall(r"^```powershell\n(.*?)^```", text, flags=re.M | re.S)
    else:
        # Commands stand behind five blanks; the application in between is Python.
        blocks = re.findall(r"(?:^     \S.*\n)+", text, flags=re.M)
        yield from (textwrap.dedent(block) for block in blocks if "def application" not in block)


def fault(node: tree_sitter.Node) -> tree_sitter.Node | None:
    if node.type == "ERROR" or node.is_missing:
        return node
    return next((found for child in node.children if (found := fault(child))), None)


def main(names: list[str]) -> int:
    assert fault(PARSER.parse(b"if ($x) { exit 1").root_node), "the parser finds nothing wrong with half a command"
    count = failed = 0
    for name in names:
        for body in bodies(pathlib.Path(name)):
            count += 1
            quoted = WORDS.sub(lambda words: re.sub(r"[\w-]+", r"'\g<0>'", words[0]), body)
            if found := fault(PARSER.parse(quoted.encode()).root_node):
                failed += 1
                line = found.start_point[0]
                print(f"{name}: PowerShell does not parse: {body.splitlines()[line]}", file=sys.stderr)
    print(f"PowerShell: {count} scripts parsed, {failed} failed")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
