"""What the routes of one application share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import State

from api.admission import Admission
from api.metrics import Metrics
from api.schemas import AskRequest, AskResponse
from api.service import Service
from api.settings import Settings
from index.errors import NotReady


@dataclass(frozen=True, slots=True)
class Asked:
    """All that an answer takes. No dependency, as each takes time at every question."""

    service: Service
    metrics: Metrics
    admission: Admission

    @classmethod
    def of(cls, request: Request) -> "Asked":
        """What this application answers with; raises NotReady."""
        state = request.app.state
        return cls(_ready(state), state.metrics, state.admission)


# Coroutines, though they wait for nothing: FastAPI would run plain functions in a thread each.
async def _service(request: Request) -> Service:
    return _ready(request.app.state)


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _admission(request: Request) -> Admission:
    _ready(request.app.state)
    admission: Admission = request.app.state.admission
    return admission


def asking(state: State) -> Callable[[AskRequest], AskResponse]:
    """Ask the service that is there then, and count the answer."""

    def ask(question: AskRequest) -> AskResponse:
        answer = _ready(state).ask(question)
        metrics: Metrics = state.metrics
        metrics.outcome(answered=answer.answered)
        metrics.stages(answer.timing_ms.model_dump())
        return answer

    return ask


def _ready(state: State) -> Service:
    service: Service | None = state.service
    if service is None:
        raise NotReady("the model and the index are still loading")
    return service


TheService = Annotated[Service, Depends(_service)]
TheAdmission = Annotated[Admission, Depends(_admission)]
TheMetrics = Annotated[Metrics, Depends(_metrics)]
TheSettings = Annotated[Settings, Depends(_settings)]
