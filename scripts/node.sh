# shellcheck shell=bash
# node_modules and static/dist: the JavaScript packages, and the scripts and styles built with them.

NODE_NEEDED=18

# The packages of the operating system without which `node_ready` cannot work.
node_packages() {
    have node || echo nodejs
    have npm || echo npm
}

# node_ready build|dev: packages as locked, for `dev` also those of checks and tests; static/dist built. Seconds when
# nothing changed.
node_ready() {
    node_is_recent || stop_without_node
    install_node_packages "$1"
    build_static
}

node_is_recent() { have npm && node -e "process.exit(parseInt(process.versions.node) < $NODE_NEEDED ? 1 : 0)"; }

install_node_packages() {
    local hash omit=()
    hash=$(content_hash package.json package-lock.json)
    ! is_stamped node_modules/.installed-dev "$hash" || return 0
    if [ "$1" = build ]; then
        ! is_stamped node_modules/.installed-build "$hash" || return 0
        omit=(--omit=dev)
    fi
    step "Installing JavaScript packages" npm ci "${omit[@]}" --no-audit --no-fund --loglevel=error
    echo "$hash" >"node_modules/.installed-$1"
}

build_static() {
    local hash
    hash=$(content_hash package.json package-lock.json static/src static/*.mjs)
    ! is_stamped static/dist/.built "$hash" || return 0
    step "Building scripts and styles" npm run build
    echo "$hash" >static/dist/.built
}

stop_without_node() {
    stop_with "Sandlot needs Node.js $NODE_NEEDED or later with npm; this is $(distribution) with Node.js $(node --version 2>&1 || true)." \
        "Install a later one (Debian 12 and Ubuntu 24.04 have it; others: https://nodejs.org/en/download)," \
        "then run the same command again."
}
