"""A phone in a process of its own, by PJSIP: told what to do by JSON lines on its input, tells facts by JSON lines.

Arguments: one JSON object: registrar (host:port), domain, user, password, port (own SIP port), transport, frequency (to
hum), authority (PEM file, for TLS), lamp (true: it subscribes to its messages); algorithms of the digest it accepts
are PJSIP's own. Words of the input:
{"do": "dial", "uri": ...}, "answer", "hold", "resume", "press" (digits), "transfer" (uri), "attended" (call, other),
"hang-up" (headers), "quit"; "call" names the call by its number, the latest by default. Facts: "started", "ringing",
"state" (with the status), "digit", "hears" (frequency and share, as long as a call has sound), "messages" (new, old),
"transfer" (status), "error".

PJSIP is under the GPL: it is never imported by anything else here.
"""

import contextlib
import json
import os
import re
import select
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pjsua2 as pj

RATE = 8000
WINDOW = 3200
"""Samples judged at a time."""


FACTS = os.fdopen(os.dup(1), "w")
"""Where facts go; what PJSIP itself prints before it is told not to goes nowhere."""


def tell(**fact: Any) -> None:
    """One fact."""
    print(json.dumps(fact), file=FACTS, flush=True)


def strongest(pcm: bytes) -> tuple[int, float]:
    """The strongest frequency in steps of 10 Hz and its share of the energy, 0..1; (0, 0) for silence."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    energy = float(np.sum(np.square(samples)))
    if energy < len(samples) * 50.0**2:
        return 0, 0.0
    at = np.arange(len(samples)) / RATE
    frequencies = np.arange(200, 3000, 10)
    power = np.abs(np.exp(-2j * np.pi * np.outer(frequencies, at)) @ samples) ** 2
    best = int(np.argmax(power))
    return int(frequencies[best]), round(float(2 * power[best] / (len(samples) * energy)), 2)


class Call(pj.Call):
    """One call: hums into it and records what comes."""

    def __init__(self, phone: "Phone", identity: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone, identity)
        self._phone = phone
        self._recorder: pj.AudioMediaRecorder | None = None
        self._file: Path | None = None
        self._read = 0
        self.number = phone.adopt(self)

    def onCallState(self, prm: Any) -> None:  # noqa: N802 - PJSIP's names
        info = self.getInfo()
        tell(
            event="state",
            call=self.number,
            state=info.stateText,
            status=int(info.lastStatusCode),
            cause=info.lastReason,
        )
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._recorder = None

    def onCallMediaState(self, prm: Any) -> None:  # noqa: N802
        info = self.getInfo()
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status in (
                pj.PJSUA_CALL_MEDIA_ACTIVE,
                pj.PJSUA_CALL_MEDIA_REMOTE_HOLD,
            ):
                audio = self.getAudioMedia(index)
                if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                    self._phone.hum.startTransmit(audio)
                if self._recorder is None:
                    self._file = self._phone.directory / f"{self.number}.wav"
                    self._recorder = pj.AudioMediaRecorder()
                    self._recorder.createRecorder(str(self._file))
                audio.startTransmit(self._recorder)
        tell(event="media", call=self.number, status=[int(media.status) for media in info.media])

    def onDtmfDigit(self, prm: Any) -> None:  # noqa: N802
        tell(event="digit", call=self.number, digit=prm.digit)

    def onCallTransferStatus(self, prm: Any) -> None:  # noqa: N802
        tell(event="transfer", call=self.number, status=int(prm.statusCode), final=bool(prm.finalNotify))

    def listen(self) -> None:
        """Tell what was heard since the last time."""
        if self._file is None or self._recorder is None or not self._file.exists():
            return
        content = self._file.read_bytes()[44:]
        if len(content) - self._read >= 2 * WINDOW:
            self._read = len(content) // 2 * 2
            frequency, share = strongest(content[self._read - 2 * WINDOW : self._read])
            tell(event="hears", call=self.number, frequency=frequency, share=share)


class Phone(pj.Account):
    """The account and its calls."""

    def __init__(self, wanted: dict[str, Any], directory: Path) -> None:
        super().__init__()
        self.directory = directory
        self.calls: list[Call] = []
        self.hum = pj.ToneGenerator()
        self.hum.createToneGenerator(RATE, 1)
        tone = pj.ToneDesc()
        tone.freq1, tone.freq2, tone.on_msec, tone.off_msec, tone.volume = wanted["frequency"], 0, 1000, 0, 8000
        tones = pj.ToneDescVector()
        tones.append(tone)
        self.hum.play(tones, True)
        parameter = f";transport={wanted['transport']}"
        configuration = pj.AccountConfig()
        configuration.idUri = f"sip:{wanted['user']}@{wanted['domain']}"
        if wanted.get("registrar"):
            configuration.regConfig.registrarUri = f"sip:{wanted['registrar']}{parameter}"
            configuration.regConfig.timeoutSec = wanted.get("expires", 300)
            configuration.sipConfig.proxies.append(f"sip:{wanted['registrar']};lr{parameter}")
        # Believes its own address, as simple phones do. Its line ends come one second sooner than told: 1 is a flood.
        if "naive" in wanted:
            nat = configuration.natConfig
            nat.contactRewriteUse = nat.viaRewriteUse = nat.sdpNatRewriteUse = 0
            nat.udpKaIntervalSec = wanted["naive"]
        configuration.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", wanted["user"], 0, wanted["password"]))
        configuration.mediaConfig.srtpUse = wanted.get("srtp", pj.PJMEDIA_SRTP_DISABLED)
        configuration.mediaConfig.srtpSecureSignaling = 0
        configuration.callConfig.timerUse = (
            pj.PJSUA_SIP_TIMER_ALWAYS if wanted.get("timer") else pj.PJSUA_SIP_TIMER_OPTIONAL
        )
        if wanted.get("timer"):
            configuration.callConfig.timerSessExpiresSec = configuration.callConfig.timerMinSESec = wanted["timer"]
        if wanted.get("prack"):
            configuration.callConfig.prackUse = pj.PJSUA_100REL_MANDATORY
        configuration.mwiConfig.enabled = bool(wanted.get("lamp"))
        self.create(configuration)

    def adopt(self, call: Call) -> int:
        """Give a call its number."""
        self.calls.append(call)
        return len(self.calls) - 1

    def onRegState(self, prm: Any) -> None:  # noqa: N802
        tell(event="registered", status=int(prm.code))

    def onMwiInfo(self, prm: Any) -> None:  # noqa: N802
        counts = re.search(r"Voice-Message: (\d+)/(\d+)", prm.rdata.wholeMsg)
        if counts is not None:
            tell(event="messages", new=int(counts[1]), old=int(counts[2]))

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802
        call = Call(self, prm.callId)
        info = call.getInfo()
        tell(event="ringing", call=call.number, peer=info.remoteUri, header=prm.rdata.wholeMsg)
        ringing = pj.CallOpParam()
        ringing.statusCode = 180
        call.answer(ringing)

    def obey(self, word: dict[str, Any]) -> None:
        """Do one thing."""
        parameters = pj.CallOpParam(True)
        if word["do"] == "dial":
            Call(self).makeCall(word["uri"], parameters)
            return
        call = self.calls[word.get("call", -1)]
        for name, value in word.get("headers", {}).items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            parameters.txOption.headers.append(header)
        match word["do"]:
            case "answer":
                parameters.statusCode = word.get("status", 200)
                call.answer(parameters)
            case "hold":
                call.setHold(parameters)
            case "resume":
                parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
                call.reinvite(parameters)
            case "press":
                call.dialDtmf(word["digits"])
            case "transfer":
                call.xfer(word["uri"], parameters)
            case "attended":
                call.xferReplaces(self.calls[word["other"]], parameters)
            case "hang-up":
                parameters.statusCode = word.get("status", 0)
                call.hangup(parameters)


class Words:
    """What is to be done, line by line from the standard input."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self) -> list[dict[str, Any]]:
        """What has come since; "quit" when the input has closed."""
        if not select.select([0], [], [], 0)[0]:
            return []
        data = os.read(0, 65_536)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines] + ([] if data else [{"do": "quit"}])


def main() -> None:
    """Live until told to quit or the input closes."""
    wanted = json.loads(sys.argv[1])
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    settings = pj.EpConfig()
    settings.uaConfig.threadCnt = 0
    settings.uaConfig.mainThreadOnly = True
    settings.medConfig.clockRate = settings.medConfig.sndClockRate = RATE
    settings.medConfig.ecTailLen = 0
    settings.medConfig.noVad = True
    settings.logConfig.level = wanted.get("log", 0)
    settings.logConfig.consoleLevel = wanted.get("log", 0)
    if wanted.get("log"):
        settings.logConfig.filename = wanted["log_file"]
        settings.logConfig.consoleLevel = 0
    endpoint.libInit(settings)
    transport = pj.TransportConfig()
    transport.boundAddress = wanted.get("address", "127.0.0.1")
    transport.port = wanted["port"]
    kind = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}
    if wanted["transport"] == "tls":
        transport.tlsConfig.CaListFile = wanted["authority"]
        transport.tlsConfig.verifyServer = True
    endpoint.transportCreate(kind[wanted["transport"]], transport)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 200 if codec.codecId.startswith(wanted.get("codec", "PCMA")) else 0)
    with tempfile.TemporaryDirectory() as directory:
        phone = Phone(wanted, Path(directory))
        words = Words()
        tell(event="started")
        listened = time.monotonic()
        going = True
        while going:
            endpoint.libHandleEvents(10)
            if time.monotonic() - listened > 0.2:
                listened = time.monotonic()
                for call in phone.calls:
                    call.listen()
            for word in words.read():
                if word["do"] == "quit":
                    going = False
                    break
                try:
                    phone.obey(word)
                except pj.Error as error:
                    tell(event="error", word=word["do"], text=error.info())
        with contextlib.suppress(pj.Error):
            endpoint.hangupAllCalls()
            phone.setRegistration(False)
            for _ in range(20):
                endpoint.libHandleEvents(20)
        phone.calls.clear()
        phone.shutdown()
        phone.hum = None
        del phone
        endpoint.libDestroy()


if __name__ == "__main__":
    main()
