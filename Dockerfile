FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY .config ./.config
COPY src ./src
COPY bench ./bench
COPY test ./test
RUN npm run --silent build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production FLOODGATE_ENV=production HOST=0.0.0.0 PORT=3000 ADMIN_PORT=3001
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/build/src ./build/src
COPY --from=build /app/build/client ./build/client
COPY --from=build /app/build/console ./build/console
COPY --from=build /app/src/console/browser/style.css ./src/console/browser/style.css
COPY lua ./lua
COPY migrations ./migrations
USER node
EXPOSE 3000 3001
# /healthz alone: losing Redis, NATS or Postgres is no reason to kill a gateway
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# DRAIN_DELAY_MS and DRAIN_MS together have to fit into the time that is given between SIGTERM and SIGKILL
# node as first process, without npm in between: SIGTERM reaches it and starts the graceful stop
CMD ["node", "build/src/cli.js", "gateway"]
