#!/usr/bin/env bash
# Everything that must hold: checks, JavaScript units, and pytest on the real engine, server and browser.
# Arguments go to pytest. Nothing is printed after pytest's own summary.
. "$(dirname "$0")/lib.sh"
. scripts/packages.sh
. scripts/python.sh
. scripts/node.sh
. scripts/engine.sh
. scripts/test-tools.sh

SCRIPT_ARGUMENTS=("$@")

main() {
    # shellcheck disable=SC2046 # package names, one word each
    install_packages $(python_packages) $(node_packages) $(engine_packages) "${TEST_PACKAGES[@]}"
    python_ready dev
    engine_ready
    test_tools_ready
    scripts/lint.sh
    npm test --silent
    .venv/bin/python -m tests.images
    # Much of a test's time is waiting for the engine. Files stay whole: they share sandboxes that are dear to make.
    exec .venv/bin/pytest --numprocesses 2 --dist loadfile "$@"
}

main "$@"
