"""The switch that is demonstrated: `softacd run` as a child process, watched from outside as an owner would."""

import asyncio
import os
import signal
from pathlib import Path

import msgspec

from softacd.ops.own_command import own_command


class SwitchError(Exception):
    """The switch did not start or stop as it should; the text ends with the last lines of its log."""


class Descriptors(msgspec.Struct, frozen=True):
    """Open file descriptors of a process by kind."""

    sockets: int
    files: int


class SwitchProcess:
    """One `softacd run`, its log in `log`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, configuration: Path, log: Path) -> "SwitchProcess":
        """Start the switch in a session of its own, so that Ctrl-C reaches it only through us."""
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *own_command(),
                "run",
                "--config",
                str(configuration),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(process, log)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process.returncode is None

    def descriptors(self) -> Descriptors:
        """Count what the process has open, from /proc. Raises SwitchError when it is gone."""
        sockets = files = 0
        directory = Path(f"/proc/{self.pid}/fd")
        try:
            for entry in os.scandir(directory):
                try:
                    target = os.readlink(entry.path)  # noqa: PTH115 - Path.readlink would make a Path of "socket:[1]"
                except FileNotFoundError:  # closed between the listing and the look
                    continue
                sockets += target.startswith("socket:")
                files += not target.startswith("socket:")
        except OSError as error:
            raise SwitchError(f"the switch (process {self.pid}) is gone: {error}{self.tail()}") from error
        return Descriptors(sockets, files)

    def threads(self) -> int:
        """Count the process's threads. Raises SwitchError when it is gone."""
        try:
            return len(list(Path(f"/proc/{self.pid}/task").iterdir()))
        except OSError as error:
            raise SwitchError(f"the switch (process {self.pid}) is gone: {error}{self.tail()}") from error

    async def stop(self, seconds: float = 10.0) -> int:
        """Ask it to stop (SIGTERM) and give its exit status; killed when it takes longer, which is an error.

        Raises SwitchError.
        """
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise SwitchError(f"the switch did not stop within {seconds:g} s{self.tail()}") from None

    def tail(self, lines: int = 8) -> str:
        """Give the last lines of the log, on lines of their own; "" when there are none."""
        try:
            text = self._log.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""
        return "\n  " + "\n  ".join(text.splitlines()[-lines:]) if text else ""
