#!/usr/bin/env bash
# From a bare machine to the running dashboard. A second run finds everything there and starts in seconds.
# Arguments go to `manage.py serve`. README, "Settings", has the environment.
. "$(dirname "$0")/lib.sh"
. scripts/packages.sh
. scripts/python.sh
. scripts/node.sh
. scripts/engine.sh

SCRIPT_ARGUMENTS=("$@")

main() {
    refuse_busy_port "${SANDLOT_HOST:-127.0.0.1}" "${SANDLOT_PORT:-8000}"
    # One question for root, one run of apt, before anything takes long.
    # shellcheck disable=SC2046 # package names, one word each
    install_packages $(python_packages) $(node_packages) $(engine_packages)
    python_ready run
    node_ready build
    engine_ready
    .venv/bin/python manage.py prepare
    exec .venv/bin/python manage.py serve "$@"
}

refuse_busy_port() {
    # bash's own way to connect; a success means that someone listens.
    ! (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null || stop_with \
        "Port $2 on $1 is taken, perhaps by another \`make run\`." \
        "Stop that one, or choose another port: SANDLOT_PORT=$(($2 + 10)) make run"
}

main "$@"
