"""Tasks that must not die in silence."""

import asyncio
from collections.abc import Coroutine

import structlog

log = structlog.get_logger(__name__)


def spawn(work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
    """Run `work` as a task of the running loop; should it fail, the log says so at once."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("a task has died; restarting is the remedy", task=task.get_name(), exc_info=error)
