#!/usr/bin/env bash
# Makes the tag of a release, at a commit whose table of SHA-256 names the programs of that very release.
#   action/tag.sh VERSION RELEASE [REMOTE]      RELEASE has the archives of the programs; REMOTE is `origin` by default
#
# The action of a tag runs only programs that are in its own table, so the table has to be written before the tag: the
# programs are built from the commit before, which differs in the table alone. Run again, it takes the tag that is there
# when that names the same programs.
set -euo pipefail
version="$1" release="$(cd "$2" && pwd)" remote="${3:-origin}"
cd "$(dirname "$0")/.."
tag="v$version" table=action/checksums.txt

fail() { printf '::error title=iiswsgi::%s\n' "$1" >&2; exit 1; }
# What a table has below its heading.
lines() { grep -v '^#' || true; }

programs="$(cd "$release" && sha256sum -- "iiswsgi-$version"-*.tar.gz | sed 's/ \*/  /')"
git fetch --quiet --tags "$remote"
if git rev-parse --quiet --verify "refs/tags/$tag^{commit}" >/dev/null; then
  there="$(git show "$tag:$table" | lines | grep -F " iiswsgi-$version-" || true)"
  [ "$there" = "$programs" ] ||
    fail "the tag $tag is there and names other programs: raise the version, for what was tagged must not change"
  echo "the tag $tag is there and names these programs"
  exit 0
fi

# Earlier versions stay in the table: the newest tag has them, whether its commit is on this branch or not.
before="$(git tag --list 'v[0-9]*' --sort=-version:refname | head -n 1)"
earlier="$({ lines <"$table"; [ -z "$before" ] || git show "$before:$table" | lines; } | awk '!seen[$0]++')"
heading="$(grep '^#' "$table")"
printf '%s\n' "$heading" "$programs" "$earlier" | sed '/^$/d' >"$table.new"
mv "$table.new" "$table"

git add "$table"
git -c "user.name=${GIT_AUTHOR_NAME:-github-actions[bot]}" \
  -c "user.email=${GIT_AUTHOR_EMAIL:-41898282+github-actions[bot]@users.noreply.github.com}" \
  commit --quiet --message "Name the programs of $version"
git tag "$tag"
git push --quiet "$remote" "refs/tags/$tag" || {
  git tag --delete "$tag" >/dev/null
  fail "the tag $tag cannot be pushed: the workflow needs \`contents: write\`, and no ruleset may forbid the tag"
}
echo "made the tag $tag"
