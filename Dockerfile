# One image for every role: `docker compose` chooses. The namespaces of `make lab-a` and `make lab-b` are the tested path.
FROM node:20-bookworm-slim AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends make clang llvm libbpf-dev linux-libc-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund && touch node_modules/.installed
COPY . .
RUN make build bpf && npm prune --omit=dev --no-audit --no-fund

FROM node:20-bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends bpftool iproute2 iputils-ping \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/bin bin
COPY --from=build /app/dist dist
COPY --from=build /app/proto proto
COPY --from=build /app/captures captures
COPY --from=build /app/node_modules node_modules
ENV PATH="/app/bin:$PATH"
# Nothing but attaching XDP programs needs root; compose.yaml says so for the two services that do.
USER node
ENTRYPOINT ["trireme"]
