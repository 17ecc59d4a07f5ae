# docker build -t ozwell-harness .
# docker run --rm -e OZWELL_API_KEY -v "$PWD/reports:/work/reports" ozwell-harness check http://host.docker.internal:8000/v1
FROM python:3.12-slim AS build

WORKDIR /src
COPY . .
ENV PIP_CONSTRAINT=/src/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m pip wheel --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/harness \
    && /opt/harness/bin/python -m pip install /wheels/*.whl \
    && /opt/harness/bin/python -m pip uninstall --yes pip

FROM python:3.12-slim

RUN useradd --create-home --uid 10001 harness \
    && install --directory --owner harness --group harness /work /work/reports
COPY --from=build /opt/harness /opt/harness
ENV PATH="/opt/harness/bin:$PATH"
USER 10001
WORKDIR /work
ENTRYPOINT ["ozwell-harness"]
CMD ["--help"]
