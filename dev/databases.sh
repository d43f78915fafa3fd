# shellcheck shell=bash
# Databases for tests, benchmarks and the demo, made by copying one that already has
# Odoo's own part of what they need.

bridges() {
    (cd "$root" && compgen -G 'bridges/*/__manifest__.py' | cut -d/ -f2 | paste -sd,)
}

odoo_quietly() {
    python -m odoo --log-level=warn "$@"
}

drop_database() {
    python -m odoo db drop "$1" >/dev/null 2>&1
}

# fresh_database NAME MODULES: a new database with these of our addons installed.
fresh_database() {
    local name=$1 modules=$2 needed template
    needed=$(python "$root/dev/dependencies.py" "$root" "$modules")
    template=tpl_$(echo "$needed" "$(odoo_home)" | sha256sum | cut -c1-8)
    (
        # One at a time: PostgreSQL copies no database that another copies.
        flock 7
        if ! "$(pg_bin)/psql" -d "$template" -c "SELECT FROM tpl_complete" >/dev/null 2>&1; then
            say "database: $needed"
            drop_database "$template" || true
            odoo_quietly -d "$template" -i "$needed" --without-demo --stop-after-init 7>&-
            "$(pg_bin)/psql" -q -d "$template" -c "CREATE TABLE tpl_complete ()"
        fi
        python -m odoo db duplicate -f "$template" "$name" >/dev/null 2>&1
        "$(pg_bin)/psql" -q -d "$name" -c "DROP TABLE tpl_complete"
    ) 7>"$dev/databases.lock"
    say "database: $modules"
    odoo_quietly -d "$name" -i "$modules" --without-demo --stop-after-init
}
