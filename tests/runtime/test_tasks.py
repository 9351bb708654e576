"""A task that dies is told of; one that ends or is cancelled is not."""

import asyncio

import structlog

from softacd.runtime.tasks import spawn


async def test_only_a_failure_is_told_with_its_task_and_cause() -> None:
    async def work(error: Exception | None) -> None:
        await asyncio.sleep(0)
        if error is not None:
            raise error

    with structlog.testing.capture_logs() as told:
        failure = KeyError("no such trunk")
        cancelled = spawn(work(failure), "cancelled")
        cancelled.cancel()
        tasks = [spawn(work(failure), "resolving alpha"), spawn(work(None), "housekeeping"), cancelled]
        await asyncio.wait(tasks)
        await asyncio.sleep(0)
    assert [(entry["log_level"], entry["task"], entry["exc_info"]) for entry in told] == [
        ("critical", "resolving alpha", failure)
    ]
