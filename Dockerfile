# Benefits Center in a container: one binary, no shell, an unprivileged user. See docs/OPERATIONS.md.
#
#   docker build -t benefits-center .
#   docker run --stop-timeout 30 --read-only -p 127.0.0.1:3000:3000 -v benefits-center:/data \
#       -e BENEFITS_CENTER_BASE_URL=https://benefits.example.com benefits-center

FROM docker.io/library/rust:1.94-bookworm AS build
WORKDIR /source
COPY . .
# Style sheet, wasm and server; the binary carries all that browsers load.
RUN cargo xtask build && install -D target/release/benefits-center /installed/benefits-center
# The volume belongs to the user of the image below; a bind mount has to be given to 65532 by hand.
RUN install -d -o 65532 -g 65532 -m 0700 /installed/data

# glibc, certificates and time zones, nothing else. `backup` and `restore` of PostgreSQL need its client
# programs: run them beside the container.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /installed/benefits-center /usr/local/bin/benefits-center
COPY --from=build --chown=65532:65532 /installed/data /data
USER 65532:65532
WORKDIR /data
ENV BENEFITS_CENTER_ADDRESS=0.0.0.0:3000 \
    BENEFITS_CENTER_LOG_JSON=1 \
    DATABASE_URL=sqlite:///data/benefits-center.db \
    BENEFITS_CENTER_SECRET_FILE=/data/secret.key \
    BENEFITS_CENTER_MAIL_DIR=/data/mail
VOLUME /data
EXPOSE 3000
# Requests that are there are answered before it ends, which takes 20 seconds at most; Docker itself waits for 10.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["benefits-center", "ready"]
ENTRYPOINT ["benefits-center"]
CMD ["serve"]
