#!/bin/sh
# Checks the shell scripts: syntax by the shell that runs them, and shellcheck where the machine has it.
# The npm package `shellcheck` is no way to have it everywhere: it downloads the program on its first run.
set -eu
cd "$(dirname "$0")/.."
for script in .ci/run .config/*.sh; do
  [ -f "$script" ] || continue
  shell=$(sed -n '1s/.*[/ ]//p' "$script")
  "${shell:-sh}" -n "$script"
  if command -v shellcheck > /dev/null; then shellcheck "$script"; fi
done
