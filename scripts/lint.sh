#!/usr/bin/env bash
# All checks that run no product code: style, types, import arrows, the front end's own, the shell scripts.
. "$(dirname "$0")/lib.sh"
. scripts/packages.sh
. scripts/python.sh
. scripts/node.sh

main() {
    # shellcheck disable=SC2046 # package names, one word each
    install_packages $(python_packages) $(node_packages) shellcheck
    python_ready dev
    node_ready
    check ruff check --quiet .
    check ruff format --check --quiet .
    check mypy --no-error-summary
    check lint-imports --no-logo
    echo "==> npm run check"
    npm run --silent check
    echo "==> shellcheck"
    shellcheck -x -P scripts -P . scripts/*.sh .ci/run
    echo "==> Nothing to complain about"
}

check() {
    echo "==> $*"
    ".venv/bin/$1" "${@:2}"
}

main
