# shellcheck shell=bash
# The sandbox and Odoo as children of the command that sources this, which end with it.

children=()
stop_children() {
    [ ${#children[@]} = 0 ] || kill "${children[@]}" 2>/dev/null || true
    wait
}
trap stop_children EXIT
trap 'exit 130' INT TERM

# The first free port from the given one on.
free_port() {
    python - "$1" <<'PYTHON'
import socket, sys

for port in range(int(sys.argv[1]), 65536):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
PYTHON
}

# A company's Mailchimp account; sets SANDBOX_URL and SANDBOX_KEY.
start_sandbox() {
    local log=$dev/log/$1.log
    : >"$log"
    python -m sandbox --port 0 --demo >>"$log" 2>&1 &
    local sandbox=$!
    children+=("$sandbox")
    until grep -q '^url=' "$log"; do
        kill -0 "$sandbox" 2>/dev/null || die "The sandbox does not start: $(tail -n 5 "$log")"
        sleep 0.1
    done
    SANDBOX_URL=$(sed -n 's/^url=//p' "$log")
    SANDBOX_KEY=$(sed -n 's/^api_key=//p' "$log")
    export SANDBOX_URL SANDBOX_KEY
}

# start_odoo DATABASE PORT OPTIONS...: leaves its process id in $odoo.
start_odoo() {
    local database=$1 port=$2
    shift 2
    python -m odoo -d "$database" --db-filter "^$database\$" --http-port "$port" "$@" \
        >"$dev/log/$database.log" 2>&1 &
    odoo=$!
    children+=("$odoo")
}
