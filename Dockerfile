# `make image` builds this, on a base image of this host's own packages where no registry can be reached.
ARG BASE=python:3.11-slim-bookworm

FROM $BASE AS build
WORKDIR /src
# The * makes extra-ca.crt optional: it is there when this host trusts authorities of its own.
COPY pyproject.toml extra-ca.crt* ./
RUN python3 -m venv /opt/wharf \
    && { [ ! -e extra-ca.crt ] || /opt/wharf/bin/pip config --site set global.cert /src/extra-ca.crt; } \
    && python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' >requirements.txt \
    && /opt/wharf/bin/pip install --no-cache-dir -r requirements.txt
COPY . .
RUN /opt/wharf/bin/pip wheel --no-cache-dir --no-deps --wheel-dir dist . \
    && rm -f /opt/wharf/pip.conf

FROM $BASE
RUN groupadd --gid 10001 wharf \
    && useradd --uid 10001 --gid wharf --no-create-home --home-dir /data --shell /usr/sbin/nologin wharf \
    && install -d -o wharf -g wharf -m 0700 /data
COPY --from=build /opt/wharf /opt/wharf
COPY --from=build /src/dist /tmp/dist
RUN /opt/wharf/bin/pip install --no-cache-dir --no-deps --no-index /tmp/dist/*.whl && rm -r /tmp/dist
ENV PATH=/opt/wharf/bin:$PATH WHARF_LISTEN=0.0.0.0:8000 WHARF_DATA_DIRECTORY=/data
USER wharf
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python3", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['WHARF_LISTEN'].rpartition(':')[2] + '/healthz', timeout=4)"]
CMD ["wharf", "serve"]
