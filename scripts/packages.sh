# shellcheck shell=bash
# Packages of the operating system: installed by apt where that works, else named with the exact commands.

# install_packages PACKAGE...: afterwards all are there, or the script has ended with what to do.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    have apt-get || stop_without_apt
    can_be_root || stop_without_packages "${missing[@]}"
    [ -n "${LISTS_READ:-}" ] || step "Reading the package lists" apt_lists
    LISTS_READ=1
    step "Installing ${missing[*]}" apt_get install -y --no-install-recommends "${missing[@]}"
}

# A machine with one broken source among many may still have what we need: the install says if not.
apt_lists() { apt_get update || echo "Some package lists could not be read."; }

# A fresh machine is often still busy with its own first update: wait for its lock.
apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

missing_packages() {
    local name
    for name in "$@"; do
        is_installed "$name" || echo "$name"
    done
}

is_installed() {
    have dpkg-query && [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

stop_without_packages() {
    local commands=("apt-get update" "apt-get install -y --no-install-recommends $*")
    # Who cannot install the engine cannot start it either: all of it in one go.
    [[ " $* " != *" docker.io "* ]] || commands+=("$(start_command)" "$(join_command)")
    stop_without_root "${commands[@]}"
}

# stop_without_root COMMAND...: what someone with root has to run.
stop_without_root() {
    stop_with "This needs root, and neither are you root nor does sudo work here without a password." \
        "Run these as root, then log in anew and run the same command again:" "" "${@/#/    }"
}

stop_without_apt() {
    stop_with "Sandlot installs what it needs on Debian 12 or later and Ubuntu 24.04 or later; this is $(distribution)." \
        "Install these by hand, start the engine, then run the same command again:" "" \
        "    Docker Engine 20.10 or later, Python 3.11 or later with venv, Node.js 18 or later with npm" "" \
        "$(commands_elsewhere)"
}

distribution() { (. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME") || uname -s; }

commands_elsewhere() {
    case "$( (. /etc/os-release 2>/dev/null && echo "$ID ${ID_LIKE:-}") || uname -s)" in
        *fedora* | *rhel*) echo "    sudo dnf install moby-engine python3 nodejs npm && sudo systemctl enable --now docker" ;;
        *arch*) echo "    sudo pacman -S --needed docker python nodejs npm && sudo systemctl enable --now docker" ;;
        *suse*) echo "    sudo zypper install docker python311 nodejs20 npm20 && sudo systemctl enable --now docker" ;;
        *alpine*) echo "    apk add docker python3 nodejs npm && rc-update add docker && service docker start" ;;
        *Darwin*) echo "    Use a Linux machine: the shared filesystem needs the overlay filesystem of a Linux kernel." ;;
        *) echo "    Docker's own guide for your system: https://docs.docker.com/engine/install/" ;;
    esac
}
