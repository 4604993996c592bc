# PostgreSQL from Debian's packages. Its password is a file (a secret), and it listens on this machine alone.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ARG APT_SOURCE=""
RUN if [ -n "$APT_SOURCE" ]; then rm -rf /etc/apt/sources.list.d/*; echo "$APT_SOURCE" >/etc/apt/sources.list; fi
RUN mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf \
        && apt-get update -q && apt-get install -q -y --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* \
        && install -d -o postgres -g postgres -m 700 /data
COPY images/postgres.sh /usr/local/bin/postgres.sh
USER postgres
VOLUME /data
STOPSIGNAL SIGINT
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["pg_isready", "-q", "-h", "127.0.0.1"]
CMD ["/usr/local/bin/postgres.sh"]
