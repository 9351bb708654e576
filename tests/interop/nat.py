"""A little internet in network namespaces: a public network, routers with NAT by nftables, phones behind them.

Nothing of it is seen from outside; it needs root, and ends with the `with` it was made in.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

import pytest

from tests.interop.phones import until
from tests.interop.pjsua import PjsuaPhone
from tests.interop.shop import DOMAIN, Settings, as_toml, settings

PUBLIC = "8.8.8"
"""Inside of the namespaces only: an address beyond our own networks must look like one."""


def able() -> str:
    """Why namespaces with NAT cannot be made here, "" when they can."""
    missing = [program for program in ("ip", "nft") if shutil.which(program) is None]
    if missing:
        return f"{' and '.join(missing)} not installed; on Debian: apt install iproute2 nftables"
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"sa{os.getpid()}try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces cannot be made here: {made.stderr.strip()}"
    rules = "add table ip try; add chain ip try post { type nat hook postrouting priority 100; }"
    ruled = subprocess.run(["ip", "netns", "exec", name, "nft", rules], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", name], check=False)
    return f"no NAT in this kernel: {ruled.stderr.strip()}" if ruled.returncode else ""


_WHY_NOT = able()
needs_nat = pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT or "-")


class Net:
    """The namespaces. Each has one name; addresses are given by the last number."""

    def __init__(self) -> None:
        self._prefix = f"sa{os.getpid()}"
        self._names: list[str] = []
        self._links = 0

    def __enter__(self) -> Self:
        self._add("wan")
        self._forwards("wan")
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(self._names):
            subprocess.run(["ip", "netns", "del", self._full(name)], check=False)

    def inside(self, name: str) -> tuple[str, ...]:
        """Words that run a command in a namespace."""
        return ("ip", "netns", "exec", self._full(name))

    def public(self, name: str, last: int) -> str:
        """A machine on the public network; its address."""
        self._add(name)
        self._join(name, "wan", f"{PUBLIC}.{last}", f"{PUBLIC}.1")
        return f"{PUBLIC}.{last}"

    def router(self, name: str, last: int, *, random_ports: bool = False, timeout: int = 0) -> str:
        """A router between the public network and machines `behind` it; its public address.

        `random_ports`: every connection leaves from another port, as on symmetric NAT. `timeout`: seconds after which
        it forgets a silent UDP mapping.
        """
        address = self.public(name, last)
        self._forwards(name)
        how = "masquerade fully-random" if random_ports else "masquerade"
        self.rule(name, "add table ip nat")
        self.rule(name, "add chain ip nat post { type nat hook postrouting priority 100; }")
        self.rule(name, "add chain ip nat pre { type nat hook prerouting priority -100; }")
        self.rule(name, f'add rule ip nat post oifname "eth" {how}')
        if timeout:
            for kind in ("udp_timeout", "udp_timeout_stream"):
                self._run(name, "sysctl", "-qw", f"net.netfilter.nf_conntrack_{kind}={timeout}")
        return address

    def forward(self, router: str, ports: str, to: str) -> None:
        """What comes from outside for these UDP ports ("5060", "20000-20099") goes to `to`."""
        self.rule(router, f'add rule ip nat pre iifname "eth" udp dport {ports} dnat to {to}')

    def behind(self, router: str, name: str, address: str) -> str:
        """A machine in a router's network, where the router is .1; its address."""
        self._add(name)
        self._join(name, router, address, f"{address.rpartition('.')[0]}.1")
        return address

    def rule(self, name: str, text: str) -> None:
        """One command for nft."""
        self._run(name, "nft", text)

    def _full(self, name: str) -> str:
        return f"{self._prefix}{name}"

    def _add(self, name: str) -> None:
        subprocess.run(["ip", "netns", "add", self._full(name)], check=True)
        self._names.append(name)
        self._run(name, "ip", "link", "set", "lo", "up")

    def _forwards(self, name: str) -> None:
        self._run(name, "sysctl", "-qw", "net.ipv4.ip_forward=1")

    def _join(self, name: str, hub: str, address: str, gateway: str) -> None:
        """Connect a namespace with the one its packets go to: a link of its own, so that no bridge is needed."""
        self._links += 1
        end = f"p{self._links}"
        link = ("ip", "link", "add", end, "netns", self._full(hub), "type", "veth", "peer", "name", "eth")
        subprocess.run([*link, "netns", self._full(name)], check=True)
        for owner, device, own, other in ((hub, end, gateway, address), (name, "eth", address, gateway)):
            self._run(owner, "ip", "addr", "add", f"{own}/32", "dev", device)
            self._run(owner, "ip", "link", "set", device, "up")
            self._run(owner, "ip", "route", "add", f"{other}/32", "dev", device)
        self._run(name, "ip", "route", "add", "default", "via", gateway, "dev", "eth")

    def _run(self, name: str, *command: str) -> None:
        subprocess.run([*self.inside(name), *command], check=True, capture_output=True)


class Branch:
    """A switch in a namespace, for `async with`."""

    def __init__(self, net: Net, name: str, address: str, directory: Path, **changes: Settings) -> None:
        """`address` is its own; `changes` as for `settings`."""
        tree = settings(
            sip={"listen": [f"udp:{address}:5060"], **changes.pop("sip", {})},
            media={"host": address, "port_low": 20_000, "port_high": 20_998, "sounds": None},
            web={"listen": "127.0.0.1:8080"},
            **changes,
        )
        tree["trunks"] = {key: trunk for key, trunk in tree["trunks"].items() if key in changes.get("trunks", {})}
        tree["dial_plan"]["trunks"] = list(tree["trunks"])
        self.tree = tree
        self._directory = directory / name
        self._prefix = net.inside(name)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """What it said."""
        path = self._directory / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    async def __aenter__(self) -> Self:
        self._directory.mkdir()
        configuration = self._directory / "softacd.toml"
        configuration.touch(mode=0o600)
        configuration.write_text(as_toml(self.tree), encoding="utf-8")
        with (self._directory / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(*self._prefix, sys.executable, "-m", "softacd.ops.cli", "run", "--config", str(configuration)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await until(lambda: "softacd is up" in self.log, 30, lambda: self.log[-1000:])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            status = await asyncio.wait_for(self._process.wait(), 15)
        except TimeoutError:
            self._process.kill()
            raise
        assert status == 0, self.log[-1000:]
        assert '"level":"error"' not in self.log, self.log[-2000:]

    def phone(self, net: Net, name: str, address: str, user: str, *, at: str, naive: int = 0) -> PjsuaPhone:
        """A phone in namespace `name` that registers at `at`, and believes its own address.

        `naive`: 0, or 2 and more for line ends every `naive - 1` seconds (with 1 PJSIP sends them without any pause).
        """
        return PjsuaPhone(
            user,
            500 + 10 * int(user),
            prefix=net.inside(name),
            registrar=f"{at}:5060",
            domain=DOMAIN,
            password=self.tree["phones"][user]["password"],
            transport="udp",
            address=address,
            naive=naive,
        )
