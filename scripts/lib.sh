# shellcheck shell=bash
# What the scripts here share: steps that say what they do, root when it is needed, stamps of what was installed.
# Sourced, never run. Paths are relative to the project's folder, which becomes the current one.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Everything the steps print; a failing step shows its own last lines.
BOOTSTRAP_LOG=var/bootstrap.log

# step TEXT COMMAND...: say it, run it, say how long it took; a failure shows its output and ends the script.
step() {
    local text=$1 started=$SECONDS status from
    shift
    echo "==> $text"
    mkdir -p var && touch "$BOOTSTRAP_LOG"
    from=$(wc -c <"$BOOTSTRAP_LOG")
    tick "$started" &
    # The command runs in the foreground, so that Ctrl-C reaches it; outside a condition, so that -e holds inside.
    set +e
    (set -e && "$@") >>"$BOOTSTRAP_LOG" 2>&1 </dev/null
    status=$?
    set -e
    stop_tick "$!"
    [ "$status" = 0 ] || step_failed "$text" "$from"
    echo "    done in $((SECONDS - started)) s"
}

# A sign of life every ten seconds, until killed or until the script that started it is gone.
tick() {
    local waited
    while sleep 1 >/dev/null 2>&1 && kill -0 "$$" 2>/dev/null; do
        waited=$((SECONDS - $1))
        if ((waited > 0 && waited % 10 == 0)); then echo "    ... $waited s"; fi
    done
}

stop_tick() {
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

step_failed() {
    tail -c "+$(($2 + 1))" "$BOOTSTRAP_LOG" | tail -n 30 >&2
    stop_with "This step failed: $1" \
        "The lines above are the end of its output; all of it is in $BOOTSTRAP_LOG." \
        "What the steps before did is kept: once the cause is gone, run the same command again and it goes on from here."
}

# stop_with LINE...: the last words of a script that cannot go on.
stop_with() {
    printf '\n' >&2
    printf '%s\n' "$@" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Whether `as_root` will work. Asks for a password only where someone can type one.
can_be_root() {
    [ "$(id -u)" != 0 ] || return 0
    have sudo || return 1
    sudo -n true 2>/dev/null && return
    [ -t 0 ] && [ -t 1 ] && sudo -v
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# content_hash PATH...: one hash over names and contents of all files in these files and folders.
content_hash() {
    find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

# is_stamped FILE HASH: whether FILE says that this very content was installed or built.
is_stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
