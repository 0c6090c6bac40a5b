"""What the routes of one application share."""

from typing import Annotated

from fastapi import Depends, Request

from api.metrics import Metrics
from api.service import Service
from api.settings import Settings
from index.errors import NotReady


# Coroutines, though they wait for nothing: FastAPI would run plain functions in a thread each.
async def _service(request: Request) -> Service:
    service: Service | None = request.app.state.service
    if service is None:
        raise NotReady("the model and the index are still loading")
    return service


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


TheService = Annotated[Service, Depends(_service)]
TheMetrics = Annotated[Metrics, Depends(_metrics)]
TheSettings = Annotated[Settings, Depends(_settings)]
