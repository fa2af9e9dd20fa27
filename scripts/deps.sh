#!/usr/bin/env bash
# Installs the Debian packages that are missing, after naming them. What each is for stands beside it.
set -euo pipefail

packages=(
  make            # this Makefile
  clang           # compile the XDP programs
  libbpf-dev linux-libc-dev # their headers
  bpftool         # load and inspect them
  iproute2        # namespaces, veth, attach
  tcpdump         # peer in benchmarks; records the sample capture
  python3         # the tests' second client
  iputils-ping    # tests of the labs
  curl            # make fetch-captures
  nftables libfaketime # faults of make chaos: half-open links, clocks that step
)
extra=(
  tshark          # peers in benchmarks (tshark, capinfos)
  xdp-tools       # peer in bench/xdp
  nats-server     # ledger and discovery in tests; peer in bench/jobs
  nginx-light     # serves captures over HTTP in tests
  redis-server    # peer in bench/jobs
  linux-perf      # make perf
  python3-scapy   # oracle in tests
  tmux            # trireme top in a terminal, in tests
  jq              # commands of the documents, in tests
  chromium        # the pages in a browser, in tests
  prometheus      # promtool checks dashboard and alert rules
  zsh fish        # take and try the completion scripts
  systemd         # systemd-analyze verifies the units
  man-db          # reads the man pages
  zstd            # second source of zstd files in tests
  lz4             # the same of LZ4 files
  buildah debootstrap # make image-check
)
[ "${1:-}" = --all ] && packages+=("${extra[@]}")

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "deps: every Debian package is there"
  exit 0
fi
echo "deps: to be installed: ${missing[*]}"
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "deps: needs root to install: run as root, or install them yourself" >&2; exit 1; }
  sudo=(sudo)
fi
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
