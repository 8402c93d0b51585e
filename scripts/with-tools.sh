#!/usr/bin/env bash
# A command that needs what the tests need: with-tools.sh dev|bench COMMAND [ARGUMENT...]
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
    python_ready "$1"
    node_ready dev
    engine_ready
    test_tools_ready
    exec "${@:2}"
}

main "$@"
