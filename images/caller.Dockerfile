# A scripted child who rings the line, and a scripted counsellor who answers: `ivr demo`.
ARG LINE=helpline
FROM ${LINE}
USER root
RUN apt-get update -q && apt-get install -q -y --no-install-recommends sip-tester && rm -rf /var/lib/apt/lists/*
USER 61611:61611
HEALTHCHECK NONE
CMD ["demo"]
