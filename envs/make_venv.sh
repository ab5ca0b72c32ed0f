#!/usr/bin/env bash
# Make the environment of `make env`: make_venv.sh PYTHON VENV, in the checkout.
#
# It is built in a fresh folder and then renamed, so a build that fails leaves the old one as it was. Only what this
# script made is ever replaced: its file .installed names the checkout that it belongs to. One that is named and is
# no longer there was moved here, with its environment.
set -euo pipefail
python=$1 venv=$2

stop() {
  echo "make env: $1" >&2
  exit 1
}

if [ -L "$venv" ]; then
  stop "$venv is a link to $(readlink "$venv") and older than requirements.lock. A link is never replaced: remove it (rm '$venv'), or make env where it points to."
elif [ -e "$venv" ] && [ ! -f "$venv/.installed" ] && [ -n "$(ls -A "$venv")" ]; then
  stop "$venv holds something that make env did not make, so it is not replaced: move it away."
elif [ -s "$venv/.installed" ] && [ "$(cat "$venv/.installed")" != "$(pwd -P)" ] && [ -e "$(cat "$venv/.installed")" ]; then
  stop "$venv was made for $(cat "$venv/.installed"), so it is not replaced: move it away."
fi
command -v "$python" >/dev/null ||
  stop "$python is not here: install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3 env"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  stop "$("$python" -V 2>&1) is too old: unscene needs Python 3.11 or newer; name one: make PYTHON=python3.12 env"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
  stop "$python lacks its venv module: install it (Debian and Ubuntu: apt-get install python3-venv)"

# Packages that did not come: a full disk, an index that does not answer, or one that lacks something. Of the
# index's address only the host is told, since it can hold a password.
no_packages() {
  if grep -qi 'no space left' "$fresh/said"; then stop "the disk of $PWD is full: make room and run make env again."; fi
  index=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
  host=$(sed -E 's|^[a-z]+://([^/@]*@)?([^/]*).*|\2|' <<<"${index:-the default address of pip}")
  if grep -qiE 'connection|connect error|timed? ?out|resolve|resolution|unreachable|dns' "$fresh/said"; then
    stop "the package index at $host does not answer (a network, a proxy, a wrong PIP_INDEX_URL?). Nothing was changed: run make env again."
  fi
  tail -n 3 "$fresh/said" >&2
  stop "the package index at $host did not give what requirements.lock asks for. Nothing was changed."
}

echo "Making the environment in $venv"
fresh=$(mktemp -d "$PWD/.venv-XXXXXX")
trap 'rm -rf "$fresh"' EXIT
"$python" -m venv "$fresh/first"
"$fresh/first/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 uv 2>"$fresh/said" || no_packages
uv() { "$fresh/first/bin/uv" "$@"; }
uv venv --quiet --relocatable --python "$(command -v "$python")" "$fresh/venv"
inside=$fresh/venv/bin/python
uv pip install --quiet --compile-bytecode --python "$inside" --no-deps -r requirements.lock 2>"$fresh/said" || no_packages
uv pip install --quiet --python "$inside" --no-deps --no-build-isolation --editable .
pwd -P >"$fresh/venv/.installed"
if [ -e "$venv" ]; then mv "$venv" "$fresh/old"; fi
mv "$fresh/venv" "$venv"
