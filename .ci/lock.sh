#!/usr/bin/env bash
# Resolves pyproject.toml into requirements.lock and requirements-test.lock, with the hashes of all
# files of each release, so that one lock serves every platform. Options go to pip-compile.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The oldest Python that is supported: on a newer one, releases would be chosen that this one cannot use.
"${PYTHON:-python3.11}" -m venv "$tmp/venv"
"$tmp/venv/bin/python" -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2
export CUSTOM_COMPILE_COMMAND="make lock"
compile() {
  "$tmp/venv/bin/pip-compile" --quiet --generate-hashes --strip-extras --no-emit-options "$@"
}

# torch is kept out: requirements-torch.txt says why. The CPU build needs no further package.
compile --unsafe-package torch --build-deps-for editable --constraint requirements-torch.txt \
  ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} "$@" --output-file requirements.lock pyproject.toml
if grep -E '^(cuda|nvidia|triton)' requirements.lock; then
  echo "the index gave PyTorch's CUDA build: use make lock TORCH_INDEX=..." >&2
  exit 1
fi
# pip-compile warns of packages it left out, at the end of the file.
lock=$(sed '/^# WARNING: The following packages were not pinned/,$d' requirements.lock)
printf '%s\n' "$lock" >requirements.lock

"$tmp/venv/bin/python" - >"$tmp/test.in" <<'PYTHON'
import pathlib, tomllib
groups = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["dependency-groups"]
print("\n".join(groups["test"]))
PYTHON
compile --allow-unsafe --constraint requirements.lock "$@" --output-file requirements-test.lock \
  "$tmp/test.in"
# The name of a temporary file would change with every run.
lock=$(sed "s|-r $tmp/test.in|pyproject.toml (test)|" requirements-test.lock)
printf '%s\n' "$lock" >requirements-test.lock
