#!/usr/bin/env bash
# All checks that run no product code: style, types, import arrows, the front end's own, the shell scripts.
. "$(dirname "$0")/lib.sh"
. scripts/packages.sh
. scripts/python.sh
. scripts/node.sh

FAILED=()

main() {
    # shellcheck disable=SC2046 # package names, one word each
    install_packages $(python_packages) $(node_packages) shellcheck
    python_ready dev
    node_ready dev
    check .venv/bin/ruff check --output-format concise .
    check .venv/bin/ruff format --check --quiet .
    check .venv/bin/mypy
    check .venv/bin/lint-imports --no-logo
    check npm run --silent check
    check shellcheck -x -P scripts -P . scripts/*.sh holder/profile.sh .ci/run
    # All of them run, so that one look shows all there is to do.
    [ "${#FAILED[@]}" = 0 ] || stop_with "Not in order:" "${FAILED[@]/#/    }"
}

check() {
    echo "==> $*"
    "$@" || FAILED+=("$*")
}

main
