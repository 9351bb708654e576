"""The media engine as a thread of the process: commands in, events out, both without waiting."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from softacd.rtp.clips import ClipError
from softacd.rtp.model import MediaSettings
from softacd.rtp.vocabulary import AnyCommand, AnyEvent
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.dtls import Identity
from softacd.runtime.media.inbox import Inbox
from softacd.runtime.media.loop import Entry, LoopFigures, MediaLoop
from softacd.runtime.media.recorder import Recorder, RecorderFigures


class MediaEngine:
    """Owns the media sockets and the files of recordings. `submit` and `drain` are safe from any thread, never wait.

    `events_ready` is called in a thread of the engine when events wait to be drained; once, until they have been. The
    driver passes a wrapper of its loop's call_soon_threadsafe.
    """

    def __init__(
        self,
        settings: MediaSettings,
        events_ready: Callable[[], object],
        clips: ClipLibrary,
        identity: Identity | None = None,
    ) -> None:
        """`identity` is who the engine is in DTLS handshakes; a new one when not given."""
        identity = identity or Identity.create()
        self.fingerprint = identity.fingerprint
        """Of its certificate, as descriptions tell it."""
        self._clips = clips
        self._events: deque[AnyEvent] = deque()
        self._events_ready = events_ready
        self._told = False
        self._inbox: Inbox[Entry] = Inbox()
        self._recorder = Recorder(lambda ended: self._take_events([ended]))
        self._loop = MediaLoop(settings, clips.get, self._inbox, self._take_events, self._recorder.put, identity)
        self._thread = threading.Thread(target=self._run, name="media", daemon=True)
        self.failure: BaseException | None = None
        """What ended the engine, should anything but `stop` have done it."""

    def start(self) -> list[ClipError]:
        """Load the sounds, bind the first ports and begin to serve; sounds that could not be loaded.

        Raises OSError when the address in the settings cannot be bound.
        """
        errors = self._clips.preload()
        self._loop.prepare()
        self._recorder.start()
        self._thread.start()
        return errors

    def stop(self, timeout: float) -> None:
        """Close all streams (their StreamClosed can still be drained). Raises TimeoutError after `timeout` s."""
        self._loop.stop()
        if self._thread.ident is None:
            self._loop.run()  # never started: closes what `prepare` may have bound
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"the media engine did not stop within {timeout} s")
        self._recorder.stop(timeout)

    def kill(self) -> None:
        """End at once what would outlive this process: nothing."""

    def identify(self, identity: Identity) -> None:
        """Be this in DTLS handshakes that begin from now on: a new control side tells phones its fingerprint."""
        self._loop.identify(identity)
        self.fingerprint = identity.fingerprint

    def submit(self, commands: Iterable[AnyCommand]) -> None:
        """Hand over commands; they are carried out in order."""
        self._inbox.put(commands)

    def drain(self) -> list[AnyEvent]:
        """All events since the last call, in order."""
        self._told = False  # before emptying: what comes meanwhile is told again
        events: list[AnyEvent] = []
        try:
            while True:
                events.append(self._events.popleft())
        except IndexError:
            return events

    def figures(self) -> LoopFigures:
        """What the engine holds and has done."""
        return self._loop.figures()

    def recorder_figures(self) -> RecorderFigures:
        """How the writing of recordings goes."""
        return self._recorder.figures()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def thread_id(self) -> int | None:
        """The kernel's number of the engine's thread, for /proc/self/task."""
        return self._thread.native_id

    def _take_events(self, events: list[AnyEvent]) -> None:
        self._events.extend(events)
        if not self._told:
            self._told = True
            self._events_ready()

    def _run(self) -> None:
        try:
            self._loop.run()
        except BaseException as error:
            self.failure = error
            raise
