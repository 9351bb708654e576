"""Asterisk as `tools/asterisk` unpacked it: run by its own loader and libraries, as a peer beside us or as a carrier.

`python -m benchmarks.asterisk` starts the peer of the benchmarks and says where it listens.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from benchmarks.harness import Skipped

FILES = {
    "cdr.conf": "[general]\nenable=no\n",
    "cel.conf": "[general]\nenable=no\n",
    "features.conf": "[general]\n",
    "manager.conf": "[general]\nenabled=no\n",
    "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error\n",
}
"""What every Asterisk of ours has beside its own configuration."""

OPTIONS = "[options]\nverbose = 0\ndebug = 0\nmaxfiles = 20000\ndocumentation_language = en_US\n[directories]\n"

MODULES = tuple(
    """
    res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip
    res_pjsip_session res_pjsip_pubsub res_pjsip_sdp_rtp res_pjsip_endpoint_identifier_ip
    res_pjsip_endpoint_identifier_user res_pjsip_caller_id res_pjsip_nat res_pjsip_rfc3326 res_pjsip_registrar
    res_pjsip_authenticator_digest res_pjsip_dtmf_info res_pjsip_logger chan_pjsip res_rtp_asterisk res_crypto
    res_musiconhold codec_ulaw codec_alaw codec_resample format_pcm format_sln format_wav bridge_simple
    bridge_native_rtp bridge_softmix bridge_holding bridge_builtin_features pbx_config app_dial app_queue app_echo
    app_playback app_verbose app_stack app_while func_callerid func_channel func_logic func_timeout func_strings
    func_devstate
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""As little as bridged calls, queues and music need: a peer that does no work it is not asked for."""

PEER_HOST = "127.0.0.1"
AGENTS = 300
START_SECONDS = 20.0


def folder() -> Path | None:
    """Where Asterisk was unpacked; None when it was not."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = Path(os.environ.get("SOFTACD_ASTERISK") or cache / "softacd" / "asterisk")
    return found if (found / "complete").exists() else None


def require() -> Path:
    """Where Asterisk was unpacked. Raises Skipped."""
    found = folder()
    if found is None:
        raise Skipped("Asterisk is not there; run tools/asterisk")
    return found


def command(directory: Path, *arguments: str) -> list[str]:
    """Asterisk with the configuration in `directory`, by the loader it came with. Raises Skipped."""
    root = require()
    (libraries,) = (loader.parent for loader in root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*"))
    loader = next(libraries.glob("ld-linux*.so.*"))
    return [
        *(str(loader), "--library-path", str(libraries), str(root / "usr/sbin/asterisk")),
        *("-C", str(directory / "asterisk.conf"), *arguments),
    ]


def configure(directory: Path, files: Mapping[str, str], *, modules: Sequence[str] = MODULES) -> None:
    """Write a whole configuration into `directory`: `files` (name -> text) over those every Asterisk needs."""
    root = require()
    (found,) = root.glob("usr/lib/*/asterisk/modules")
    places = {
        "astetcdir": directory,
        "astmoddir": found,
        "astdatadir": root / "usr/share/asterisk",
        "astagidir": root / "usr/share/asterisk/agi-bin",
        "astsbindir": root / "usr/sbin",
        **{f"ast{kind}dir": directory / kind for kind in ("varlib", "db", "key", "spool", "run", "log")},
    }
    for path in places.values():
        path.mkdir(exist_ok=True)
    written = {
        "asterisk.conf": OPTIONS + "".join(f"{name} => {path}\n" for name, path in places.items()),
        "modules.conf": "\n".join(["[modules]", "autoload=no", *(f"load = {name}.so" for name in modules), ""]),
        **FILES,
        **files,
    }
    for name, text in written.items():
        path = directory / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")


class Asterisk:
    """One Asterisk process with the configuration in a directory, for `with`."""

    def __init__(self, directory: Path, address: tuple[str, int], *, prefix: Sequence[str] = ()) -> None:
        """`address`: where it answers OPTIONS over UDP once up. `prefix`: words before its command ("taskset")."""
        self._directory = directory
        self._address = address
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process. Raises RuntimeError."""
        if self._process is None:
            raise RuntimeError("Asterisk does not run")
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError."""
        with (self._directory / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [*self._prefix, *command(self._directory, "-f")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"Asterisk does not answer at {self._address}: {self.said()}")

    def stop(self, kind: int = signal.SIGTERM) -> None:
        """End it; with SIGKILL it says no goodbye to anybody."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(kind)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ask(self, line: str) -> str:
        """What its console answers to a command."""
        done = subprocess.run(
            command(self._directory, "-rx", line), capture_output=True, text=True, timeout=10, check=False
        )
        return done.stdout + done.stderr

    def said(self) -> str:
        """Its output and log."""
        paths = (self._directory / "output", self._directory / "log" / "messages")
        return "".join(path.read_text(errors="replace") for path in paths if path.exists())[-2000:]

    def _answers(self) -> bool:
        host, port = self._address
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.bind((host, 0))
            udp.connect(self._address)
            udp.settimeout(0.1)
            own = f"{host}:{udp.getsockname()[1]}"
            text = (
                f"OPTIONS sip:{host}:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKup{own[-5:]};rport\r\n"
                f"From: <sip:up@{host}>;tag=up\r\nTo: <sip:{host}>\r\nCall-ID: up{own}\r\nCSeq: 1 OPTIONS\r\n"
                f"Contact: <sip:up@{own}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            )
            try:
                udp.send(text.encode())
                return udp.recv(2000).startswith(b"SIP/2.0")
            except (ConnectionRefusedError, TimeoutError):
                time.sleep(0.05)
                return False


class Peer(Asterisk):
    """Asterisk as the peer our figures stand beside: no records, no authentication, one codec.

    `7NNN` is bridged to agent NNN (001 to 300) at `agents`; `8NNN` too, by the generic path of frames (features for
    keys); `echo`, `answer` and `moh` answer. Callers are known by their user, "carrier".
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int,
        carrier: tuple[str, int],
        agents: tuple[str, int],
        host: str = PEER_HOST,
        media: tuple[int, int] = (20_000, 39_998),
        apart: Mapping[int, tuple[str, int]] = MappingProxyType({}),
        prefix: Sequence[str] = (),
        files: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`media`: its range of ports; `apart`: agents who are elsewhere than the others.

        `files`: configuration beside the peer's own (name -> text).
        """
        configure(
            directory,
            {
                "pjsip.conf": _peer_pjsip(host, port, carrier, agents, apart),
                "extensions.conf": PEER_EXTENSIONS,
                "rtp.conf": f"[general]\nrtpstart={media[0]}\nrtpend={media[1]}\nicesupport=no\n",
                "queues.conf": _peer_queues(),
                "musiconhold.conf": f"[default]\nmode=files\ndirectory={directory}/moh\n",
                **files,
            },
        )
        (directory / "moh").mkdir(exist_ok=True)
        (directory / "moh" / "tone.ulaw").write_bytes(bytes([0xFF, 0xA0, 0x9A, 0xA0, 0xFF, 0x20, 0x1A, 0x20]) * 60_000)
        super().__init__(directory, (host, port), prefix=prefix)


PEER_EXTENSIONS = """[general]
static=yes
writeprotect=yes
[from-carrier]
exten => _7XXX,1,Dial(PJSIP/agent${EXTEN:1},60)
 same => n,Hangup()
exten => _8XXX,1,Dial(PJSIP/agent${EXTEN:1},60,tT)
 same => n,Hangup()
exten => _q.,1,Queue(${EXTEN},,,,600)
 same => n,Hangup()
exten => moh,1,Answer()
 same => n,MusicOnHold(default)
exten => echo,1,Answer()
 same => n,Echo()
exten => answer,1,Answer()
 same => n,Wait(600)
"""


def _peer_pjsip(
    host: str,
    port: int,
    carrier: tuple[str, int],
    agents: tuple[str, int],
    apart: Mapping[int, tuple[str, int]],
) -> str:
    head = (
        "[global]\ntype=global\nendpoint_identifier_order=username,ip\nkeep_alive_interval=0\n"
        f"[transport-udp]\ntype=transport\nprotocol=udp\nbind={host}:{port}\n"
        "[ep](!)\ntype=endpoint\ntransport=transport-udp\ncontext=from-carrier\ndisallow=all\nallow=ulaw\n"
        "direct_media=no\nrtp_symmetric=no\nforce_rport=no\nrewrite_contact=no\ntimers=no\n"
        "[carrier](ep)\naors=carrier\n"
        f"[carrier]\ntype=aor\ncontact=sip:carrier@{carrier[0]}:{carrier[1]}\n"
        "[agent](!,ep)\ndevice_state_busy_at=1\n"
    )
    parts = [head]
    for number in range(1, AGENTS + 1):
        agent = f"agent{number:03d}"
        place = apart.get(number, agents)
        parts.append(
            f"[{agent}](agent)\naors={agent}\n[{agent}]\ntype=aor\ncontact=sip:{agent}@{place[0]}:{place[1]}\n"
        )
    return "".join(parts)


def _peer_queues() -> str:
    parts = ["[general]\npersistentmembers=no\nautofill=yes\nshared_lastcall=no\n"]
    for name, strategy, agents in (
        ("qrrmemory50r1", "rrmemory", 50),
        ("qleastrecent50r1", "leastrecent", 50),
        ("qringall10r1", "ringall", 10),
        ("qrrmemory1r1", "rrmemory", 1),
        ("qrrmemory200r1", "rrmemory", 200),
    ):
        parts.append(
            f"[{name}]\nstrategy={strategy}\nringinuse=no\njoinempty=yes\nleavewhenempty=no\nretry=1\ntimeout=15\n"
            "wrapuptime=0\nannounce-frequency=0\nannounce-holdtime=no\nannounce-position=no\nmusicclass=default\n"
        )
        parts += [f"member => PJSIP/agent{number:03d},0\n" for number in range(1, agents + 1)]
    return "".join(parts)


def main() -> int:
    """Run the peer until it is interrupted."""
    with (
        tempfile.TemporaryDirectory(prefix="asterisk-") as directory,
        Peer(Path(directory), port=5080, carrier=(PEER_HOST, 5070), agents=(PEER_HOST, 6001)) as peer,
    ):
        print(f"Asterisk, process {peer.pid}, at {PEER_HOST}:5080; agents at {PEER_HOST}:6001. Ctrl-C ends it.")
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
