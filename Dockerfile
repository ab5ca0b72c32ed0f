# The workflow with the versions of requirements.lock. How to use it: docs/RUNNING.md. NOT BUILT YET.
#
# A slim Python is enough, also for GPUs: torch's wheels bring CUDA's libraries, and the driver is the
# host's (docker run --gpus all).
FROM python:3.11-slim-bookworm

# git tells provenance which commit made a run, make is for the verbs; their versions decide no result.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 unscene
USER 1000
WORKDIR /home/unscene/unscene
ENV PATH=/home/unscene/.venv/bin:/home/unscene/.local/bin:$PATH

# The environment first: it is made anew only when the lock changes.
COPY --chown=1000 requirements.lock ./
RUN pip install --no-cache-dir --user uv==0.13.9 \
    && uv venv /home/unscene/.venv \
    && uv pip install --no-cache --python /home/unscene/.venv/bin/python --no-deps -r requirements.lock

COPY --chown=1000 . .
RUN uv pip install --no-cache --python /home/unscene/.venv/bin/python --no-deps --no-build-isolation --editable .

ENTRYPOINT ["snakemake"]
CMD ["--cores", "all", "--resources", "gpu=1"]
