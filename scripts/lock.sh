#!/usr/bin/env bash
# Writes the lock files for every platform and Python from 3.11 on: versions and hashes, never an address.
# Arguments go to uv, for example --upgrade or --upgrade-package django.
. "$(dirname "$0")/lib.sh"
. scripts/packages.sh
. scripts/python.sh

main() {
    local name
    python_ready dev
    cd requirements || exit
    # In the order in which one constrains the next.
    for name in requirements scale dev bench; do
        ../.venv/bin/uv pip compile --quiet --universal --python-version "$PYTHON_NEEDED" --generate-hashes \
            --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
            "$name.in" --output-file "$name.txt" "$@"
    done
}

main "$@"
