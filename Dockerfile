# The first stage builds; the last one holds Python, the relay and nothing to build with.
#
# A tag moves, a digest does not: the base is the same tomorrow. To take a newer one, write down what your registry shows:
#   docker buildx imagetools inspect python:3.13-slim --format '{{.Manifest.Digest}}'
#   docker build --build-arg PYTHON_IMAGE=python:3.13-slim@sha256:… .
ARG PYTHON_IMAGE=python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${PYTHON_IMAGE} AS build
# `cascade` has what a cascade needs besides, some 100 MB; `webrtc` what calls need that the relay answers.
ARG REQUIREMENTS=run
WORKDIR /src
COPY requirements requirements
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/relay \
 && /opt/relay/bin/pip install --no-cache-dir --require-hashes -r requirements/${REQUIREMENTS}.txt
COPY . .
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt -r requirements/run.txt \
 && /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/relay/bin/pip install --no-cache-dir --no-deps dist/*.whl \
 && /opt/relay/bin/pip uninstall --yes pip \
 && install -m 644 deploy/healthcheck.py /opt/relay/healthcheck.py

FROM ${PYTHON_IMAGE}
ARG REVISION=
LABEL org.opencontainers.image.title="Realtime Relay" \
      org.opencontainers.image.description="A transparent WebSocket relay for the Realtime API" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.3.0" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/relay /opt/relay
ENV PATH=/opt/relay/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 RELAY_HOST=0.0.0.0
USER 65532:65532
EXPOSE 8000
STOPSIGNAL SIGTERM
# It finds the port and TLS by itself, wherever they were set.
HEALTHCHECK --interval=15s --timeout=30s --start-period=10s CMD ["python", "/opt/relay/healthcheck.py"]
ENTRYPOINT ["relay"]
CMD ["serve"]
