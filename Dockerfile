# iiswsgi with a Python and the gateway's wheel, for CI jobs on Linux:
#
#     docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/src" IMAGE run
#
# `docker build .` builds program and wheel from this source. `docker build --target prebuilt .` takes both from
# container/ in the context (the program, and one wheel), which is how a release puts the very files into the image that
# it publishes. docs/container.md has more.

# Every base can be another one: a mirror, or an image of one's own.
ARG BASE=debian:bookworm-slim
ARG RUST=rust:1.95-slim-bookworm

# What the image is, all but our own files.
FROM ${BASE} AS base
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-pip python3-venv \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 --no-create-home --home-dir /home/iiswsgi iiswsgi \
 && install -d -m 1777 /home/iiswsgi /src
# Any user may run it (`--user`), so the home folder is one that every user can write to.
ENV HOME=/home/iiswsgi \
    IISWSGI_GATEWAY=/opt/iiswsgi \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
ENTRYPOINT ["iiswsgi"]
CMD ["--help"]
# Only where it serves: any other command is healthy as long as it runs.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python3", "/opt/iiswsgi/health.py"]

# The files of a release.
FROM base AS prebuilt
COPY container/ /tmp/container/
COPY action/health.py /opt/iiswsgi/health.py
# The program comes last: the wheel has a console script of the same name.
RUN cp /tmp/container/*.whl /opt/iiswsgi/ \
 && python3 -m pip install --no-cache-dir --no-index --no-deps --break-system-packages /opt/iiswsgi/*.whl \
 && install -m 0755 /tmp/container/iiswsgi /usr/local/bin/iiswsgi \
 && rm -rf /tmp/container \
 && iiswsgi --version
USER 1000

# The same from source.
FROM ${RUST} AS build
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ python3 python3-pip python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# hadolint ignore=DL3042
RUN cargo build --release --locked --bin iiswsgi \
 && MATURIN_PEP517_ARGS="--no-default-features --features extension-module" python3 -m pip wheel --no-deps \
      --wheel-dir /container . \
 && cp target/release/iiswsgi /container/

FROM base AS program
COPY --from=build /container/ /tmp/container/
COPY action/health.py /opt/iiswsgi/health.py
# The program comes last: the wheel has a console script of the same name.
RUN cp /tmp/container/*.whl /opt/iiswsgi/ \
 && python3 -m pip install --no-cache-dir --no-index --no-deps --break-system-packages /opt/iiswsgi/*.whl \
 && install -m 0755 /tmp/container/iiswsgi /usr/local/bin/iiswsgi \
 && rm -rf /tmp/container \
 && iiswsgi --version
USER 1000
