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

# Adds the files that each line of an input matches; a line that matches none is an error.
each_match() {
  local line matches
  while IFS= read -r line; do
    line="${line%$'\r'}"
    line="${line#"${line%%[![:space:]]*}"}"
    if [ -z "$line" ]; then continue; fi
    matches="$(compgen -G "$line" | LC_ALL=C sort || true)"
    if [ -z "$matches" ]; then
      printf '::error title=iiswsgi::no file matches "%s" of the input "release-files"\n' "$line" >&2
      exit 2
    fi
    each_line "" "$matches"
  done <<<"$1"
}

option() { if [ -n "$2" ]; then arguments+=("$1=$2"); fi; }

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
    only="${ACTION_ONLY:-}" skip="${ACTION_SKIP:-}"
    # The next step publishes, with the token that this one does not see.
    if [ "${ACTION_PUBLISHES:-false}" = true ] && [ -z "${ACTION_PLAN:-}" ]; then
      if [ -z "$only" ]; then
        skip="${skip:+$skip,}publish"
      else
        only="$(tr , '\n' <<<"$only" | tr -d ' \r' | grep -vx publish | paste -sd , - || true)"
        if [ -z "$only" ]; then exit 0; fi
      fi
    fi
    option --only "$only"
    option --skip "$skip"
    each_line --set "${ACTION_SET:-}"
    ;;
  install) each_line --set "${ACTION_SET:-}" ;;
  merge) option --plan "${ACTION_PLAN:-}" ;;
  publish)
    if [ -n "${ACTION_TARGET:-}" ]; then arguments+=("$ACTION_TARGET"); fi
    option --plan "${ACTION_PLAN:-}"
    option --folder "${ACTION_PUBLISH_FOLDER:-}"
    if [ -n "${ACTION_RELEASE_FILES:-}" ]; then
      each_match "$ACTION_RELEASE_FILES"
      # Files alone would be published alone: the project is named with them.
      if [ -z "${ACTION_PATHS:-}" ] && [ -z "${ACTION_PLAN:-}" ]; then arguments+=(.); fi
    fi
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
