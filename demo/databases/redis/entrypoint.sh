#!/bin/sh
# What the official images of Redis and Valkey do at their start, as far as Wharfinger asks for it.
set -eu

server=$(cat /etc/server)
[ $# -gt 0 ] || set -- "$server"
case $1 in -* | *.conf) set -- "$server" "$@" ;; esac
if [ "$1" = "$server" ] && [ "$(id -u)" = 0 ]; then
    find . ! -user redis -exec chown redis:redis '{}' +
    exec /usr/bin/setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi
umask 0077
exec "$@"
