# The hub for production: no embedded Postgres, no compiler, no root.
# Pinned by tag; pin by digest as well where your registry is known:
#   FROM python:3.11-slim-bookworm@sha256:…

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /srv/hub
COPY requirements/hub.lock requirements/hub.lock
RUN python -m venv /srv/venv \
    && /srv/venv/bin/python -m pip install --require-hashes -r requirements/hub.lock \
    && /srv/venv/bin/python -m compileall -q /srv/venv/lib

FROM python:3.11-slim-bookworm AS hub
ENV PATH=/srv/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/srv/hub/hub_client/src \
    HUB_HOME=/var/lib/hub
RUN groupadd --system --gid 10001 hub \
    && useradd --system --uid 10001 --gid hub --home-dir /var/lib/hub --create-home hub
COPY --from=build /srv/venv /srv/venv
WORKDIR /srv/hub
COPY LICENSE pyproject.toml ./
COPY migrations migrations
COPY hub_client/src hub_client/src
COPY app app
RUN python -m compileall -q app hub_client/src migrations
USER 10001:10001
VOLUME /var/lib/hub
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/v1/health/live', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
