"""The page and the plumbing: health, metrics, version, documentation and the problems' pages."""

import platform
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from api import docs
from api.metrics import MEDIA_TYPE
from api.parameters import ONLY_DECLARED
from api.problems import KINDS
from api.state import TheAdmission, TheMetrics, TheService
from api.version import NAME, version
from index.errors import NotFound

WEB = Path(__file__).parent / "web"

router = APIRouter(tags=["plumbing"])


@router.get("/", response_class=FileResponse, include_in_schema=False)
def page() -> FileResponse:
    """The page."""
    return FileResponse(WEB / "index.html", headers={"Cache-Control": "no-cache"})


@router.get("/docs", response_class=HTMLResponse, include_in_schema=False)
def documentation(request: Request) -> HTMLResponse:
    """Every route with its parameters, from the OpenAPI document."""
    return HTMLResponse(docs.page(request.app.openapi()))


@router.get("/livez", dependencies=[ONLY_DECLARED])
async def livez() -> dict[str, str]:
    """Whether the process answers at all."""
    return {"status": "alive"}


@router.get("/readyz", dependencies=[ONLY_DECLARED])
async def readyz(_service: TheService) -> dict[str, str]:
    """Whether the model and the index are loaded."""
    return {"status": "ready"}


@router.get("/metrics", response_class=PlainTextResponse, dependencies=[ONLY_DECLARED])
async def metrics(service: TheService, metrics: TheMetrics, admission: TheAdmission) -> Response:
    """Latencies, answers, queues and the size of the index, for Prometheus."""

    def render() -> bytes:
        counts = service.counts()
        index = {
            "articles": counts.articles,
            "passages": counts.passages,
            "generation": service.generation,
        }
        return metrics.render(index, admission.queued(), service.activity())

    shown = await to_thread.run_sync(render, limiter=admission.plumbing)
    return Response(shown, headers={"Content-Type": MEDIA_TYPE})


@router.get("/version", dependencies=[ONLY_DECLARED])
def show_version(service: TheService) -> dict[str, str | int | dict[str, str]]:
    """What runs here."""
    return {
        "name": NAME,
        "version": version(),
        "python": platform.python_version(),
        "models": {"embed": service.embedder, "read": service.reader},
        "generation": service.generation,
    }


@router.get("/problems/{code}", response_class=PlainTextResponse, dependencies=[ONLY_DECLARED])
def about_problem(code: str) -> str:
    """What a problem's type means, and what to do about it."""
    if code not in KINDS:
        raise NotFound(f"there is no problem {code}; there are: {', '.join(KINDS)}")
    kind = KINDS[code]
    return f"{code} (HTTP {kind.status})\n\n{kind.title}.\n{kind.advice}\n"
