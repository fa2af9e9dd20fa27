# One image for every role: `docker compose` chooses. `--target labs` is the same with the tools of the XDP labs.
# `make image-check` builds it without a registry and runs it.
#
# Node is the newest version with long-term support. Both bases are pinned by the digest of their index, which holds every platform.
# To renew one, name the newest tag and take the digest that its registry tells for it:
#   docker buildx imagetools inspect docker.io/library/node:24-bookworm-slim   (the line `Digest:`)
#   docker buildx imagetools inspect docker.io/library/debian:bookworm-slim
# Another one for a single build: docker build --build-arg NODE_IMAGE=docker.io/library/node:22-bookworm-slim .
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
ARG DEBIAN_IMAGE=docker.io/library/debian:bookworm-slim@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251

FROM ${NODE_IMAGE} AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends make clang llvm libbpf-dev linux-libc-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund && touch node_modules/.installed
COPY . .
# What the package holds, and the packages that it needs: no tests, no sources, no compiler. Types and source maps of
# the latter are a fifth of them, and nothing that runs reads them.
RUN make package && npm prune --omit=dev --no-audit --no-fund && mkdir /image \
    && find node_modules -type f '(' -name '*.map' -o -name '*.ts' -o -name '*.cts' -o -name '*.mts' ')' -delete \
    && tar -xzf build/trireme-*.tgz -C /image --strip-components=1 \
    && mv node_modules captures /image/ && mv deploy/image/health.mjs /image/

# Node alone out of its image: npm and what else is there is not run.
FROM ${DEBIAN_IMAGE} AS app
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="trireme" \
      org.opencontainers.image.description="A gRPC distributed job system: load balancer, capture master, workers and clients" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /image /app
WORKDIR /app
ENV PATH="/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HEALTHCHECK --interval=10s --timeout=5s --retries=3 CMD ["node", "/app/health.mjs"]
# Nothing but attaching XDP programs needs root; compose.yaml says so for the two services that do.
USER node
ENTRYPOINT ["trireme"]

FROM app AS labs
USER root
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends bpftool iproute2 iputils-ping \
    && rm -rf /var/lib/apt/lists/*
USER node

# What `docker build` without --target makes.
FROM app AS roles
