#!/bin/sh
# What the official image of PostgreSQL does at its start, as far as Wharfinger asks for it.
set -eu

if [ "$1" != postgres ]; then
    exec "$@"
fi
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown -R postgres "$PGDATA"
    chmod 700 "$PGDATA"
    exec /usr/bin/setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi

socket_only() {
    pg_ctl --silent --wait --pgdata "$PGDATA" --options "$* -c listen_addresses=" start
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user=${POSTGRES_USER:-postgres}
    database=${POSTGRES_DB:-$user}
    password=${POSTGRES_PASSWORD:-}
    [ -z "${POSTGRES_PASSWORD_FILE:-}" ] || password=$(cat "$POSTGRES_PASSWORD_FILE")
    if [ -z "$password" ]; then
        echo "no superuser password is specified: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE" >&2
        exit 1
    fi
    printf '%s\n' "$password" >/tmp/password
    # shellcheck disable=SC2086  # several words
    initdb --pgdata "$PGDATA" --username="$user" --pwfile=/tmp/password ${POSTGRES_INITDB_ARGS:-}
    rm /tmp/password
    printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"

    shift
    socket_only "$@"
    set -- postgres "$@"
    ask() { psql --no-psqlrc --no-password --set=ON_ERROR_STOP=1 --username="$user" "$@"; }
    [ "$database" = postgres ] ||
        echo 'CREATE DATABASE :"db"' | ask --dbname=postgres --set=db="$database"
    for file in /docker-entrypoint-initdb.d/*.sql; do
        [ ! -e "$file" ] || ask --dbname="$database" --file="$file"
    done
    pg_ctl --silent --wait --pgdata "$PGDATA" --mode=fast stop
fi
unset POSTGRES_PASSWORD
exec "$@"
