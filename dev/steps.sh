# shellcheck shell=bash
# What dev/setup is made of.

have() { command -v "$1" >/dev/null; }

# --- The system's packages ---------------------------------------------------------

# The first Python that Odoo 19 runs on.
find_python() {
    local python
    for python in python3 python3.{13,12,11,10}; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    die "Python 3.10 or newer is needed"
}

has_browser() {
    have google-chrome || have chromium || have chromium-browser
}

missing_packages() {
    pg_bin >/dev/null || echo postgresql
    has_browser || echo chromium
    have node || echo nodejs
    have npm || echo npm
    have make || echo make
    "$(find_python)" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    # Screenshots show names in many scripts.
    [ -n "$(fc-list :lang=ja 2>/dev/null)" ] || echo fontconfig fonts-noto-core fonts-noto-cjk
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

add_system_packages() {
    local packages
    mapfile -t packages < <(missing_packages | tr ' ' '\n')
    [ ${#packages[@]} != 0 ] || return 0
    say "setup: system packages ${packages[*]}"
    {
        as_root apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update
        as_root env DEBIAN_FRONTEND=noninteractive apt-get \
            -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
            install -y --no-install-recommends "${packages[@]}"
    } >"$dev/log/system.log" 2>&1 </dev/null 8>&- || {
        tail -n 30 "$dev/log/system.log" >&2
        die "setup: install these yourself, then try again: ${packages[*]}"
    }
}

# --- Odoo --------------------------------------------------------------------------

# Debian's package of Odoo, with what its links lead to, unpacked beside the system.
step_odoo() {
    local apt=$dev/apt release
    rm -rf "$apt"
    mkdir -p "$apt"/{lists/partial,cache/archives/partial,sources,debs}
    "$(find_python)" "$root/dev/package_sources.py" >"$apt/sources/odoo.sources"
    local options=(
        -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
        -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$apt/sources"
        -o Acquire::Retries=3 -o APT::Sandbox::User=root
    )
    apt-get "${options[@]}" update
    apt-cache "${options[@]}" show odoo-19 >/dev/null ||
        die "This system's package sources have no Odoo 19: let ODOO_PATH name one"
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # Newer releases of Font Awesome lack the file names that Odoo links to.
    (cd "$apt/debs" && apt-get "${options[@]}" download \
        odoo-19 libjs-jquery libjs-jquery-form libjs-underscore \
        fonts-inconsolata fonts-montserrat fonts-ocr-b fonts-roboto-unhinted \
        "fonts-font-awesome/$release")
    rm -rf "$dev/odoo.new"
    mkdir "$dev/odoo.new"
    local deb
    for deb in "$apt"/debs/*.deb; do dpkg -x "$deb" "$dev/odoo.new"; done
    # Debian strips this file, and every page logs an error for it, which fails tours.
    local stripped=$dev/odoo.new/usr/lib/python3/dist-packages/odoo/addons/mail/static/lib
    mkdir -p "$stripped/selfie_segmentation"
    echo "/* Not in Debian's package; only video calls use it. */" \
        >"$stripped/selfie_segmentation/selfie_segmentation.js"
    rm -rf "$dev/odoo" "$apt"
    mv "$dev/odoo.new" "$dev/odoo"
}

# --- Python and Node ---------------------------------------------------------------

step_venv() {
    local python
    python=$(find_python)
    [ -x "$venv/bin/python" ] || "$python" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --disable-pip-version-check --retries 5 \
        -r "$root/dev/requirements.txt"
}

# OCA's queue, which the benchmarks compare with. Not by pip's own rules, for these
# would want Odoo from a package index.
step_queue_job() {
    local folder=$dev/queue_job
    rm -rf "$folder"
    "$venv/bin/python" -m pip install --disable-pip-version-check --retries 5 \
        --no-deps --target "$folder" odoo-addon-queue-job==19.0.2.4.0.1
    ln -sfn "../queue_job/odoo/addons/queue_job" "$dev/addons/queue_job"
}

step_node() {
    cd "$root" && npm ci --ignore-scripts
}
