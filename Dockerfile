# 一份文件，两个镜像 / one file, two images:
#   docker build --target collector -t campus-collector .
#   docker build --target agent -t campus-agent .

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/campus \
    && /opt/campus/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY wire wire
COPY common common
COPY agent agent
COPY collector collector
RUN /opt/campus/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/campus/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN groupadd --gid 10001 campus && useradd --uid 10001 --gid campus --no-create-home --shell /usr/sbin/nologin campus
COPY --from=build /opt/campus /opt/campus

FROM base AS agent
# iperf3 是测速方式之一 / iperf3 is one of the ways to test throughput
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends iperf3 \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o campus -g campus -m 0700 /var/lib/campus-agent
USER 10001:10001
VOLUME /var/lib/campus-agent
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8601/healthz', timeout=4)"]
ENTRYPOINT ["campus-agent"]
CMD ["run", "--config", "/etc/campus-agent/agent.yaml"]

FROM base AS collector
RUN install -d -o campus -g campus -m 0700 /var/lib/campus-collector /var/lib/campus-enrol
USER 10001:10001
VOLUME /var/lib/campus-collector
EXPOSE 8600
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8600/healthz', timeout=4)"]
ENTRYPOINT ["campus-collector"]
CMD ["serve", "--config", "/etc/campus/collector.yaml"]
