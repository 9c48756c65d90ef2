# syntax=docker/dockerfile:1
# Build:  docker build -t stream-monitor:0.1.0 .
# Run:    docker run --read-only --tmpfs /tmp -v state:/var/lib/stream-monitor \
#           -e STREAM_MONITOR_KAFKA__BOOTSTRAP_SERVERS=kafka:9092 stream-monitor:0.1.0

# Wheels of the package and of all it needs, in the versions of requirements.lock. The full
# image has the compilers for what comes as source only.
FROM python:3.11.14-bookworm AS wheels
WORKDIR /source
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY stream_monitor ./stream_monitor
COPY scenarios ./scenarios
RUN pip wheel --no-cache-dir --disable-pip-version-check \
      --wheel-dir /wheels --constraint requirements.lock .

# What runs: Python and the wheels, without compilers and without pip, as a user that owns its
# state only.
FROM python:3.11.14-slim-bookworm
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-compile --disable-pip-version-check \
      --no-index --find-links /wheels stream-monitor \
 && pip uninstall --yes --root-user-action ignore pip setuptools wheel
RUN useradd --system --uid 10001 --user-group --no-create-home \
      --home-dir /var/lib/stream-monitor --shell /usr/sbin/nologin stream-monitor \
 && install -d -o stream-monitor -g stream-monitor -m 0750 /var/lib/stream-monitor

# PYTHONDONTWRITEBYTECODE: the root file system may be read-only. HOST: from outside the
# container 127.0.0.1 would answer nobody.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STREAM_MONITOR_WORKER__DATA_DIR=/var/lib/stream-monitor \
    STREAM_MONITOR_WORKER__HOST=0.0.0.0 \
    STREAM_MONITOR_WORKER__PORT=9464

USER 10001:10001
WORKDIR /var/lib/stream-monitor
VOLUME ["/var/lib/stream-monitor"]
EXPOSE 9464 6066
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['STREAM_MONITOR_WORKER__PORT'] + '/ready', timeout=4)"]
ENTRYPOINT ["stream-monitor"]
CMD ["worker"]
