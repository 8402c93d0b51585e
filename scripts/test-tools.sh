# shellcheck shell=bash
# What the tests drive besides the engine: a browser, compilers with sanitizers, PostgreSQL, Redis, nginx, Caddy, git over HTTP,
# full-screen programs, other runtimes for containers.

TEST_PACKAGES=(
    ca-certificates curl git shellcheck debootstrap
    gcc libc6-dev musl-tools clang
    redis-server postgresql nginx caddy
    crun runsc
    fonts-dejavu-core fonts-noto-color-emoji
    vim less htop tmux
)

# test_tools_ready: everything is there. The engine and the packages for Python and Node.js have their own files.
test_tools_ready() {
    install_packages "${TEST_PACKAGES[@]}"
    sanitizers_ready
    docker_command_ready
    chromium_ready
}

# The run-time of clang's sanitizers and fuzzer has a package per version.
sanitizers_ready() {
    local version
    version=$(clang -dumpversion)
    install_packages "libclang-rt-${version%%.*}-dev"
}

# Debian 13 has the command in a package of its own.
docker_command_ready() { have docker || install_packages docker-cli; }

# Ubuntu's package is a snap, which cannot run everywhere and not as root without one: there playwright brings its own.
chromium_ready() {
    ! have chromium || return 0
    if is_ubuntu; then playwright_chromium; else install_packages chromium; fi
}

is_ubuntu() { (. /etc/os-release && [ "$ID" = ubuntu ]); }

playwright_chromium() {
    step "Installing what Chromium needs" as_root .venv/bin/playwright install-deps chromium
    step "Installing Chromium" .venv/bin/playwright install chromium
}
