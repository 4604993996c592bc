#!/bin/sh
# Makes the cluster when there is none, then becomes the server.
set -eu
bin=$(echo /usr/lib/postgresql/*/bin)
if [ ! -s /data/PG_VERSION ]; then
    "$bin/initdb" -D /data -U ivr --auth=scram-sha-256 --pwfile=/run/secrets/database_password --encoding=UTF8 --locale=C.UTF-8
    "$bin/pg_ctl" -D /data -w -o "-c listen_addresses= -k /tmp" start
    PGPASSWORD=$(cat /run/secrets/database_password) "$bin/createdb" -h /tmp -U ivr helpline
    "$bin/pg_ctl" -D /data -w stop
fi
exec "$bin/postgres" -D /data -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp
