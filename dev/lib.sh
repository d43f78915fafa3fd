# shellcheck shell=bash
# Where things are, and the private PostgreSQL cluster: sourced by every dev/ command.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
dev=$root/.dev
venv=$dev/venv
addon=$dev/addons/mailchimp_connector # the repo, by the name Odoo knows it by
odoo_conf=$dev/odoo.conf

say() { echo "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# The folder that holds Odoo's own `odoo` package; dev/setup keeps ODOO_PATH for later.
odoo_home() {
    if [ -n "${ODOO_PATH:-}" ]; then
        (cd "$ODOO_PATH" && pwd -P)
    elif [ -e "$dev/odoo.path" ]; then
        cat "$dev/odoo.path"
    else
        echo "$dev/odoo/usr/lib/python3/dist-packages"
    fi
}

# --- PostgreSQL --------------------------------------------------------------------

# Debian keeps the server's programs out of PATH, by version: take the newest.
pg_bin() {
    local found
    found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [ -x "$found" ] || found=$(command -v initdb) || return 1
    dirname "$found"
}

# PostgreSQL refuses to run as root.
pg_user() {
    if [ "$(id -u)" != 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

as_pg() {
    if [ "$(id -u)" = 0 ]; then
        local user
        user=$(pg_user)
        (cd / && setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@")
    else
        (cd / && "$@")
    fi
}

# The cluster's folder: .dev/pg, unless its user cannot get there (a home folder of
# root's) or the socket's path would pass the 107 bytes that Linux allows. Then it is a
# folder of its own, whose name .dev/pg.home keeps.
pg_home() {
    if [ ! -s "$dev/pg.home" ] || ! as_pg test -w "$(cat "$dev/pg.home")"; then
        local home=$dev/pg
        mkdir -p "$home"
        chmod 700 "$home"
        [ "$(id -u)" != 0 ] || chown "$(pg_user)" "$home"
        if [ ${#home} -gt 85 ] || ! as_pg test -w "$home"; then
            rmdir "$home" 2>/dev/null || true
            home=$(as_pg mktemp -d /var/tmp/mailchimp_pg.XXXXXX)
        fi
        echo "$home" >"$dev/pg.home"
    fi
    cat "$dev/pg.home"
}

pg_ready() {
    [ -s "$dev/pg.home" ] && "$(pg_bin)/pg_isready" -q -h "$(cat "$dev/pg.home")"
}

# Durability is switched off: these databases are made to be thrown away.
pg_create() {
    as_pg "$1/initdb" -D "$2/data" -U postgres --auth=trust --encoding=UTF8 \
        --locale=C.UTF-8 --no-sync >"$dev/log/pg.log"
    as_pg tee -a "$2/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$2'
max_connections = 200
shared_buffers = 512MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
fsync = off
synchronous_commit = off
full_page_writes = off
CONF
}

pg_start() {
    ! pg_ready || return 0
    mkdir -p "$dev/log"
    (
        # Many callers may find it down at once; the server must not keep the lock.
        flock 9
        ! pg_ready || exit 0
        bin=$(pg_bin) || die "PostgreSQL is missing: run dev/setup"
        home=$(pg_home)
        as_pg test -s "$home/data/PG_VERSION" || pg_create "$bin" "$home"
        as_pg "$bin/pg_ctl" start -w -D "$home/data" -l "$home/log" \
            </dev/null >/dev/null 2>&1 9>&- ||
            die "PostgreSQL does not start: see $home/log"
        # Odoo refuses the user "postgres", and should not be a superuser in tests.
        "$bin/psql" -qX -h "$home" -U postgres -d postgres \
            -c "CREATE ROLE odoo LOGIN CREATEDB" 2>/dev/null || true
    ) 9>"$dev/pg.lock"
    pg_ready || die "PostgreSQL does not answer: see $(pg_home)/log"
}

pg_stop() {
    ! pg_ready || as_pg "$(pg_bin)/pg_ctl" stop -m fast -D "$(pg_home)/data" >/dev/null
}

# What libpq's programs, and Odoo's use of them, need to find the cluster.
pg_env() {
    PGHOST=$(cat "$dev/pg.home")
    PATH=$venv/bin:$(pg_bin):$PATH
    export PGHOST PATH PGUSER=odoo
}

# --- Odoo --------------------------------------------------------------------------

# Written anew by every call, for bridges/ or ODOO_PATH may come and go.
write_odoo_conf() {
    local paths=
    for folder in "$addon/bridges" "$dev/addons" "$(odoo_home)/addons" "$(odoo_home)/odoo/addons"; do
        if compgen -G "$folder/*/__manifest__.py" >/dev/null; then
            paths=$paths${paths:+,}$folder
        fi
    done
    cat >"$odoo_conf.$$" <<CONF
[options]
addons_path = $paths
data_dir = $dev/data
db_host = $(cat "$dev/pg.home")
db_user = odoo
http_interface = 127.0.0.1
list_db = True
server_wide_modules = base,rpc,web
CONF
    mv "$odoo_conf.$$" "$odoo_conf"
}

# Start what Odoo needs and put its commands in reach.
odoo_env() {
    [ -x "$venv/bin/python" ] || die "Nothing is set up here yet: run dev/setup"
    pg_start
    pg_env
    write_odoo_conf
    export ODOO_RC=$odoo_conf PYTHONPATH
    PYTHONPATH=$(odoo_home)${PYTHONPATH:+:$PYTHONPATH}
}
