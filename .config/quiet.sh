#!/bin/sh
# Runs a command and shows what it said only when it failed.
output=$("$@" 2>&1) || {
  code=$?
  printf '%s\n' "$output"
  exit "$code"
}
