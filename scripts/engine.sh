# shellcheck shell=bash
# The container engine: found, installed and started where that is ours to do.

LOCAL_ENGINE=unix:///var/run/docker.sock
# The same order as in config/settings.py.
ENGINE=${SANDLOT_ENGINE_URL:-${DOCKER_HOST:-$LOCAL_ENGINE}}

# The packages of the operating system without which `engine_ready` cannot work.
engine_packages() {
    engine_is_ours || return 0
    ! { engine_answers || engine_forbids || have dockerd; } || return 0
    echo docker.io ca-certificates
    # Where the kernel confines by AppArmor, no container starts without the program that loads profiles.
    [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] || echo apparmor
}

# engine_ready: the engine answers, and has a base image or a way to make one.
engine_ready() {
    ! engine_forbids || join_engine_group
    engine_answers || start_engine
    base_image_ready
}

engine_is_ours() { [ "$ENGINE" = "$LOCAL_ENGINE" ] || [ "$ENGINE" = unix:///run/docker.sock ]; }
engine_answers() { [ "$(engine_status)" = 0 ]; }
engine_forbids() { [ "$(engine_status)" = 2 ]; }
engine_status() { python3 scripts/ping_engine.py "$ENGINE" 2>/dev/null && echo 0 || echo $?; }

start_engine() {
    engine_is_ours || stop_without_engine "No engine answers at $ENGINE (SANDLOT_ENGINE_URL or DOCKER_HOST)." \
        "Start it, or unset the variable to use the engine of this machine."
    have dockerd || stop_without_apt
    can_be_root || stop_without_root "$(start_command)"
    forget_dead_dockerd
    start_supervised || start_alone
    engine_exists || engine_did_not_start
    ! engine_forbids || join_engine_group
}

start_command() {
    if has_systemd; then echo "systemctl start docker"; else echo "service docker start"; fi
}

join_command() { echo "usermod -aG docker $(id -un)"; }

has_systemd() { [ -d /run/systemd/system ]; }

# An engine killed hard leaves its number behind, and a new one refuses to start while any process has that number.
forget_dead_dockerd() {
    local file=/var/run/docker.pid
    [ -f "$file" ] && ! dockerd_runs || return 0
    step "Removing $file, left by an engine that was killed" as_root rm -f "$file"
}

dockerd_runs() { grep -qsx dockerd /proc/[0-9]*/comm; }

start_supervised() {
    if has_systemd; then
        step "Starting the engine (systemctl start docker)" as_root systemctl start docker
    elif [ -x /etc/init.d/docker ]; then
        # Some machines have the script and lack what it needs: then we start the engine ourselves.
        step "Starting the engine (service docker start)" start_and_wait as_root service docker start
    else
        return 1
    fi
    engine_exists
}

start_alone() {
    dockerd_runs || step "Starting the engine (dockerd, its log is var/dockerd.log)" start_and_wait spawn_dockerd
}

start_and_wait() {
    "$@" || dockerd_runs || return 0
    wait_for_engine
}

spawn_dockerd() {
    # shellcheck disable=SC2016 # the inner shell expands it
    as_root setsid bash -c 'exec dockerd >>"$1" 2>&1 </dev/null' dockerd "$PWD/var/dockerd.log" &
    disown
}

# Up to 40 s: a slow machine takes 10 s, one that repairs its storage after a crash takes longer.
wait_for_engine() {
    local tries
    for tries in $(seq 200); do
        ! engine_exists || return 0
        # Ours died: no use waiting.
        if ((tries > 25)) && ! dockerd_runs; then return 0; fi
        sleep 0.2
    done
}

engine_exists() { engine_answers || engine_forbids; }

engine_did_not_start() {
    tail -n 20 var/dockerd.log /var/log/docker.log 2>/dev/null >&2 || true
    ! has_systemd || as_root journalctl -u docker -n 20 --no-pager >&2 || true
    stop_without_engine "The engine is installed and did not start; its last words are above." \
        "Inside a container it needs --privileged and a volume at /var/lib/docker." \
        "Once \`docker version\` shows a server, run the same command again."
}

stop_without_engine() {
    stop_with "$@" "Another engine can be named: DOCKER_HOST=tcp://HOST:2376 DOCKER_TLS_VERIFY=1, or unix:///path/docker.sock."
}

# Members of the group talk to the engine; that is as much as being root, which sudo has made this person anyway.
join_engine_group() {
    local me
    me=$(id -un)
    if [ -z "${SANDLOT_JOINED_GROUP:-}" ] && engine_is_ours && have sg && can_be_root; then
        step "Adding $me to the group docker, whose members control the engine (as much as root)" \
            as_root usermod -aG docker "$me"
        SANDLOT_JOINED_GROUP=1 exec sg docker -c "$(printf '%q ' "$0" "${SCRIPT_ARGUMENTS[@]}")"
    fi
    stop_with "An engine runs at $ENGINE, and $me may not talk to it." \
        "Members of the group docker may, which is as much as being root. Run this as root (or with sudo):" "" \
        "    $(join_command)" "" \
        "then log out and in again (or type: newgrp docker), and run the same command again."
}

# Without an image registry in reach the base image is made from Debian's packages, which needs debootstrap.
base_image_ready() {
    ! have debootstrap || return 0
    echo "==> Looking for a base image, on the engine and in its registry"
    # The keys of Debian's archive: Ubuntu does not have them by itself.
    .venv/bin/python -m scripts.base_image || install_packages debootstrap debian-archive-keyring
}
