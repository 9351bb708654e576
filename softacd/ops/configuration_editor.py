"""Edits the configuration of a running switch: files, version and switch change together or not at all."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from softacd.ops.config import read_configuration
from softacd.ops.configuration_change import Change, make_change
from softacd.ops.configuration_errors import ConfigurationError, Problem, Severity
from softacd.ops.configuration_files import read_files, relative, replace_files, unified, version_of
from softacd.ops.configuration_versions import BY_HAND, Versions
from softacd.ops.configuration_view import view
from softacd.ops.model import Configuration
from softacd.ops.reload import diff
from softacd.ops.toml_documents import read_document
from softacd.web.administration import (
    Applied,
    ChangeRequest,
    ConfigurationRefusedError,
    ConfigurationView,
    Difference,
    Edit,
    ProblemView,
    Proposal,
    VersionView,
)

T = TypeVar("T")
PROVISIONING = "provisioning"
"""Who changed it, when a phone got its password as it was set up."""

log = structlog.get_logger(__name__)


class _Prepared(msgspec.Struct):
    """A change that has been judged: what is to be written, and what would run."""

    before: dict[Path, str]
    change: Change
    proposal: Proposal
    configuration: Configuration | None

    @property
    def after(self) -> dict[Path, str]:
        """The files as they would be."""
        texts: dict[Path, str | None] = {**self.before, **self.change.texts}
        return {file: text for file, text in texts.items() if text is not None}


class ConfigurationEditor:
    """Implements `softacd.web.administration.Administration` over the files at `path`."""

    def __init__(
        self,
        path: Path,
        running: Callable[[], Configuration],
        put_in_force: Callable[[Configuration], None],
        wall: Callable[[], int],
    ) -> None:
        """`put_in_force` makes a judged configuration the running one; it is called in the loop."""
        self._path = path
        self._directory = path if path.is_dir() else path.parent
        self._running = running
        self._put_in_force = put_in_force
        self._wall = wall
        self._turn = asyncio.Lock()

    async def configuration(self) -> ConfigurationView:
        """As Administration.configuration."""
        return await self._in_thread(self._view)

    async def propose(self, change: ChangeRequest) -> Proposal:
        """As Administration.propose."""
        return (await self._in_thread(lambda: self._prepare(change))).proposal

    async def apply(self, change: ChangeRequest, author: str) -> Applied:
        """As Administration.apply."""
        async with self._turn:
            return await self._apply(await self._in_thread(lambda: self._prepare(change)), author, change.comment)

    async def set_phone_password(self, extension: str, password: str) -> None:
        """Give a phone a password; of the files as they are now. Raises ConfigurationRefusedError."""
        async with self._turn:
            base = await self._in_thread(lambda: version_of(read_files(self._path), self._directory))
            change = ChangeRequest(base, [Edit("phones", extension, {"password": password})])
            prepared = await self._in_thread(lambda: self._prepare(change))
            await self._apply(prepared, PROVISIONING, f"phone {extension} was set up")

    async def versions(self) -> list[VersionView]:
        """As Administration.versions."""
        found = await self._in_thread(lambda: self._versions().all())
        return [version.view for version in reversed(found)]

    async def version_diff(self, number: int) -> str:
        """As Administration.version_diff."""
        before, version = await self._in_thread(lambda: self._versions().get(number))
        return unified(before.files if before is not None else {}, version.files)

    async def restore(self, number: int, base: str, author: str) -> Applied:
        """As Administration.restore."""
        async with self._turn:
            prepared = await self._in_thread(lambda: self._prepare_restore(number, base))
            return await self._apply(prepared, author, f"version {number} again")

    # --- in a thread -------------------------------------------------------------------------------------------

    def _view(self) -> ConfigurationView:
        document, _ = read_document(self._path)
        running = self._running()
        try:
            same = not diff(running, read_configuration(self._path).configuration)
        except ConfigurationError:
            same = False
        return view(document, version_of(read_files(self._path), self._directory), running=same)

    def _prepare(self, request: ChangeRequest) -> _Prepared:
        files = read_files(self._path)
        self._not_stale(request.base, files)
        document, problems = read_document(self._path)
        if problems:
            raise ConfigurationRefusedError(
                f"the files as they are cannot be read: {problems[0]}", "Mend them by hand; `softacd check` tells all."
            )
        return self._judged(files, make_change(self._path, document, files, request.edits), request.base)

    def _prepare_restore(self, number: int, base: str) -> _Prepared:
        files = read_files(self._path)
        self._not_stale(base, files)
        _, version = self._versions().get(number)
        wanted: dict[Path, str | None] = {self._directory / name: text for name, text in version.files.items()}
        texts = {file: text for file, text in wanted.items() if files.get(file) != text}
        texts |= {file: None for file in files if file not in wanted}
        return self._judged(files, Change(texts, {}), base)

    def _judged(self, files: dict[Path, str], change: Change, base: str) -> _Prepared:
        """Read the configuration as it would be, and compare it with the one that runs."""
        configuration = None
        differences: list[Difference] = []
        try:
            reading = read_configuration(self._path, texts={**change.texts, **change.secrets})
        except ConfigurationError as error:
            problems = error.problems
        else:
            problems, configuration = list(reading.warnings), reading.configuration
            differences = [
                Difference(change_.kind.value, change_.key, change_.old, change_.new, change_.restart)
                for change_ in diff(self._running(), configuration)
            ]
        after: dict[Path, str | None] = {**files, **change.texts}
        proposal = Proposal(
            base=base,
            acceptable=configuration is not None and not any(one.restart for one in differences),
            diff=unified(self._named(files), self._named({f: text for f, text in after.items() if text is not None})),
            differences=differences,
            problems=[self._told(problem) for problem in problems],
        )
        return _Prepared(files, change, proposal, configuration)

    def _write(self, prepared: _Prepared, author: str, comment: str) -> VersionView:
        """Files and version; on failure everything is as it was. Raises ConfigurationRefusedError."""
        versions = self._versions()
        now = self._wall()
        try:
            self._not_stale(prepared.proposal.base, read_files(self._path))
            before = version_of(prepared.before, self._directory)
            versions.add(self._named(prepared.before), before, now, BY_HAND, "found in the files")
            try:
                replace_files(prepared.change.texts, prepared.change.secrets)
                after = prepared.after
                return versions.add(self._named(after), version_of(after, self._directory), now, author, comment)
            except OSError:
                self._put_back(prepared)
                raise
        except OSError as error:
            raise ConfigurationRefusedError(
                f"{error.filename or self._directory}: {error.strerror or error}",
                "Let the user softacd runs as write the configuration and its directory.",
            ) from error

    def _put_back(self, prepared: _Prepared) -> None:
        texts: dict[Path, str | None] = {file: prepared.before.get(file) for file in prepared.change.texts}
        try:
            replace_files(texts, {})
        except OSError as error:
            log.error("the configuration's files could not be put back", error=str(error))
        for file in prepared.change.secrets:
            file.unlink(missing_ok=True)

    def _versions(self) -> Versions:
        return Versions(Path(self._running().server.data_directory))

    def _named(self, files: Mapping[Path, str]) -> dict[str, str]:
        return {relative(file, self._directory): text for file, text in files.items()}

    def _told(self, problem: Problem) -> ProblemView:
        return ProblemView(
            relative(Path(problem.file), self._directory),
            problem.line,
            problem.key,
            problem.message,
            problem.expected,
            problem.suggestion,
            "error" if problem.severity is Severity.ERROR else "warning",
        )

    def _not_stale(self, base: str, files: Mapping[Path, str]) -> None:
        if base != version_of(files, self._directory):
            raise ConfigurationRefusedError(
                "the configuration has been changed meanwhile",
                "Read it again and make your change from what it is now.",
            )

    # --- in the loop -------------------------------------------------------------------------------------------

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(work)

    async def _apply(self, prepared: _Prepared, author: str, comment: str) -> Applied:
        proposal, configuration = prepared.proposal, prepared.configuration
        if configuration is None:
            first = next(problem for problem in proposal.problems if problem.severity == "error")
            place = f"{first.file}:{first.line}: " if first.line else ""
            raise ConfigurationRefusedError(
                f"{place}{first.key}: {first.message}",
                f"Expected {first.expected}." if first.expected else "Ask for the proposal: it tells every problem.",
                http_status=400,
            )
        if not proposal.acceptable:
            needs = [one for one in proposal.differences if one.restart]
            raise ConfigurationRefusedError(
                f"{needs[0].key} cannot be changed while the switch runs: {needs[0].restart}",
                "Change it in the files and start softacd again.",
            )
        if not prepared.change.texts:
            raise ConfigurationRefusedError("this changes nothing", "Send what shall be different.", http_status=400)
        version = await self._in_thread(lambda: self._write(prepared, author, comment))
        try:
            self._put_in_force(configuration)
        except BaseException:
            await self._in_thread(lambda: self._put_back(prepared))
            await self._in_thread(lambda: self._versions().drop(version.number))
            raise
        log.info("configuration changed", by=author, version=version.number, files=version.files, comment=comment)
        return Applied(version, proposal)
