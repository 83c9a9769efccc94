#!/bin/sh
# What the official image of MariaDB does at its start, as far as Wharfinger asks for it.
set -eu

if [ "$1" != mariadbd ]; then
    exec "$@"
fi
data=/var/lib/mysql
if [ "$(id -u)" = 0 ]; then
    chown -R mysql:mysql "$data" /run/mysqld
    exec /usr/bin/setpriv --reuid=mysql --regid=mysql --clear-groups "$0" "$@"
fi

ask() { MYSQL_PWD=${password:-} mariadb --protocol=socket --user=root "$@"; }

# as_literal TEXT: a string for SQL
as_literal() { printf "'%s'" "$(printf %s "$1" | sed -e 's/\\/\\\\/g' -e "s/'/\\\\'/g")"; }

if [ ! -d "$data/mysql" ]; then
    password=${MARIADB_ROOT_PASSWORD:-}
    [ -z "${MARIADB_ROOT_PASSWORD_FILE:-}" ] || password=$(cat "$MARIADB_ROOT_PASSWORD_FILE")
    if [ -z "$password${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}" ]; then
        echo "set MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_FILE or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD" >&2
        exit 1
    fi
    mariadb-install-db --datadir="$data" --rpm --auth-root-authentication-method=normal --skip-test-db >/dev/null
    "$@" --skip-networking &
    server=$!
    given=$password
    password=
    until ask --execute='SELECT 1' >/dev/null 2>&1; do
        kill -0 "$server"
        sleep 0.1
    done
    if [ -n "${MARIADB_DATABASE:-}" ]; then
        ask --execute="CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`"
    fi
    host=${MARIADB_ROOT_HOST:-%}
    literal=$(as_literal "$given")
    [ "$host" = localhost ] ||
        ask --execute="CREATE USER root@'$host' IDENTIFIED BY $literal; GRANT ALL ON *.* TO root@'$host' WITH GRANT OPTION"
    ask --execute="SET PASSWORD FOR root@localhost = PASSWORD($literal)"
    password=$given
    for file in /docker-entrypoint-initdb.d/*.sql; do
        [ ! -e "$file" ] || ask --database="${MARIADB_DATABASE:-mysql}" <"$file"
    done
    kill "$server"
    wait "$server"
fi
unset MARIADB_ROOT_PASSWORD
exec "$@"
