# Makes a command line of the action's inputs, which come in as ACTION_* because a composite action is given no INPUT_*.
# Run by action.yml. Inputs that are settings are in the environment as IISWSGI_* and need nothing here.
set -euo pipefail

command="$ACTION_COMMAND"
arguments=("$command")

# An empty variable is a setting that nobody made.
for name in "${!IISWSGI_@}" GITHUB_TOKEN; do
  if [ -z "${!name:-}" ]; then unset "$name"; fi
done

# Adds an option for each line of an input.
each_line() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    line="${line%$'\r'}"
    line="${line#"${line%%[![:space:]]*}"}"
    if [ -n "$line" ]; then
      if [ -n "$1" ]; then arguments+=("$1=$line"); else arguments+=("$line"); fi
    fi
  done <<<"$2"
}

option() { if [ -n "$2" ]; then arguments+=("$1=$2"); fi; }

stages=()
case "$command" in
  plan)
    arguments+=(--matrix)
    option --plan-file "${ACTION_PLAN_FILE:-}"
    option --max-legs "${ACTION_MAX_LEGS:-}"
    option --runner "${ACTION_RUNNER:-}"
    option --changed-since "${ACTION_CHANGED_SINCE:-}"
    ;;
  run)
    option --plan "${ACTION_PLAN:-}"
    option --only "${ACTION_ONLY:-}"
    stages=(${ACTION_SKIP:+"$ACTION_SKIP"})
    # The next step publishes, with the token that this one does not see.
    if [ "${ACTION_PUBLISHES:-false}" = true ] && [ -z "${ACTION_PLAN:-}" ] && [ -z "${ACTION_ONLY:-}" ]; then
      stages+=(publish)
    fi
    if [ ${#stages[@]} -gt 0 ]; then arguments+=("--skip=$(IFS=,; echo "${stages[*]}")"); fi
    each_line --set "${ACTION_SET:-}"
    ;;
  install) each_line --set "${ACTION_SET:-}" ;;
  merge) option --plan "${ACTION_PLAN:-}" ;;
  publish)
    if [ -n "${ACTION_TARGET:-}" ]; then arguments+=("$ACTION_TARGET"); fi
    option --plan "${ACTION_PLAN:-}"
    option --folder "${ACTION_PUBLISH_FOLDER:-}"
    ;;
  build | package | test | feed) ;;
  *)
    printf '::error title=iiswsgi::the input "command" is "%s", which is no command of the action\n' "$command" >&2
    exit 2
    ;;
esac

option --dist-dir "${ACTION_DIST_DIR:-}"
if [ "$command" != merge ]; then each_line --define "${ACTION_DEFINE:-}"; fi
if [ "$command" != plan ]; then
  option --report "${ACTION_REPORT:-}"
  option --junit "${ACTION_JUNIT:-}"
fi
if [ "${ACTION_VERBOSE:-false}" = true ]; then arguments+=(--verbose); fi
each_line "" "${ACTION_ARGUMENTS:-}"
each_line "" "${ACTION_PUBLISH_ARGUMENTS:-}"
each_line "" "${ACTION_PATHS:-}"

exec "$ACTION_PROGRAM" "${arguments[@]}"
