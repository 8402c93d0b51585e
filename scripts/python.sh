# shellcheck shell=bash
# .venv: our Python packages, at the versions and hashes of requirements/.

PYTHON_NEEDED="3.11"

# The packages of the operating system without which `python_ready` cannot work.
python_packages() {
    local python
    if ! python=$(find_python); then
        echo python3 python3-venv
    elif ! "$python" -c "import ensurepip" 2>/dev/null; then
        echo "$(basename "$python")-venv"
    fi
}

# python_ready run|dev|bench: .venv holds this set. Seconds when nothing changed.
python_ready() {
    local set=$1 files hash
    mapfile -t files < <(lock_files "$set")
    make_venv
    hash=$(content_hash "${files[@]}")
    ! is_stamped ".venv/.installed-$set" "$hash" || return 0
    step "Installing Python packages ($set)" install_locked "${files[@]}"
    echo "$hash" >".venv/.installed-$set"
}

lock_files() {
    case $1 in
        run) echo requirements/requirements.txt && scale_lock ;;
        dev) echo requirements/dev.txt ;;
        bench) printf '%s\n' requirements/dev.txt requirements/bench.txt ;;
    esac
}

# PostgreSQL and Redis clients only where the settings name such a server.
scale_lock() {
    [ -z "${SANDLOT_DATABASE_URL:-}${SANDLOT_REDIS_URL:-}" ] || echo requirements/scale.txt
}

install_locked() {
    local arguments=() file
    for file in "$@"; do arguments+=(-r "$file"); done
    .venv/bin/pip install --disable-pip-version-check --require-hashes "${arguments[@]}"
}

# A .venv whose Python is gone (the system was upgraded, the folder moved) is made anew.
make_venv() {
    local python
    ! .venv/bin/python -c "import pip" 2>/dev/null || return 0
    python=$(find_python) || stop_without_python
    step "Making .venv with $("$python" --version)" "$python" -m venv --clear .venv
}

find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if have "$name" && "$name" -c "import sys; sys.exit(sys.version_info < (${PYTHON_NEEDED/./, }))"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

stop_without_python() {
    stop_with "Sandlot needs Python $PYTHON_NEEDED or later; this is $(distribution) with $(python3 --version 2>&1 || true)." \
        "Install a later Python with its venv module (Debian 12 and Ubuntu 24.04 have it), then run the same command again."
}
