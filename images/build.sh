#!/usr/bin/env bash
# Builds the images without a container engine, by Debian's buildah: `images/build.sh [OPTIONS OF buildah bud]`.
# Where there is no debian:bookworm-slim and no registry, a base is made of this machine's own Debian archive.
set -euo pipefail
cd "$(dirname "$0")/.."

BASE=${BASE:-docker.io/library/debian:bookworm-slim}
run() { buildah --storage-driver vfs "$@"; }

if ! run inspect --type image "$BASE" >/dev/null 2>&1; then
    echo "· making $BASE from Debian's packages"
    work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
    source=$(python3 -c "from ivr.telephony.switch import debian_mirror; print(debian_mirror())")
    mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$work/base.tar" "$source"
    made=$(run from scratch)
    run add -q "$made" "$work/base.tar" / >/dev/null
    run commit -q --rm "$made" "$BASE" >/dev/null
fi
echo "· helpline";          run bud -q --pull-never --format docker --isolation chroot --network host --build-arg BASE="$BASE" "$@" -t helpline -f images/Dockerfile .
echo "· helpline-caller";   run bud -q --pull-never --format docker --isolation chroot --network host --build-arg LINE=localhost/helpline "$@" -t helpline-caller -f images/caller.Dockerfile .
echo "· helpline-postgres"; run bud -q --pull-never --format docker --isolation chroot --network host --build-arg BASE="$BASE" "$@" -t helpline-postgres -f images/postgres.Dockerfile .
run images
