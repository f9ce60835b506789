# The first stage builds; the last one holds Python, the relay and nothing to build with.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements requirements
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/relay \
 && /opt/relay/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY . .
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt -r requirements/run.txt \
 && /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/relay/bin/pip install --no-cache-dir --no-deps dist/*.whl \
 && /opt/relay/bin/pip uninstall --yes pip

FROM python:3.13-slim
COPY --from=build /opt/relay /opt/relay
ENV PATH=/opt/relay/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 RELAY_HOST=0.0.0.0
USER 65532:65532
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('RELAY_PORT', '8000') + '/livez', timeout=2)"]
ENTRYPOINT ["relay"]
CMD ["serve"]
