"""An authority's desk in this process over a real node's interface, and a browser without scripts that does what a form does."""

import asyncio
import json
import re
import time
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

from nacl import pwhash

from api.app import create_app as create_node
from ledger.genesis import Genesis
from node.desk.app import Desk, create_app
from node.desk.office import KeyStore
from node.desk.officers import FILE as OFFICERS
from node.desk.settings import open_settings
from node.files import write_atomic
from tests.support.http import running
from tests.support.port import local_port

ADA, BEN, EVE = "Ada Molefe", "Ben Tau", "Eve Nkosi"
PORT = 8590
CANARY = "Xylophone Gemstones of Serowe"
PARTIES = {"sealed.exporter.name": CANARY, "sealed.importer.name": "Zephyr Trading of Deira", "sealed.invoice": "QX-1977"}
LINE = {"lines[0].hs": "710231", "lines[0].origin": "BW", "lines[0].carats": "12.50", "lines[0].value": "2500.00"}


def phrase(officer: str) -> str:
    return f"the passphrase of {officer}"


def write_officers(home: Path, *names: str) -> None:
    """Hashed with the least work: what a test waits for is something else."""
    hashed = {
        name: pwhash.argon2id.str(
            phrase(name).encode(), opslimit=pwhash.argon2id.OPSLIMIT_MIN, memlimit=pwhash.argon2id.MEMLIMIT_MIN
        ).decode()
        for name in names
    }
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(home / OFFICERS, json.dumps(hashed).encode(), 0o600)


def write_keys(folder: Path, seeds: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, seed in seeds.items():
        write_atomic(folder / name, seed, 0o600)


class Form(HTMLParser):
    """The fields of a page's forms as a browser would send them, by the form's address."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self._form: dict[str, str] | None = None
        self._select = self._area = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("name", "")
        if tag == "form":
            self._form = self.forms.setdefault(given.get("action", ""), {})
        elif self._form is None:
            return
        elif tag == "input" and given.get("type") != "file":
            self._form[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in self._form or "selected" in given):
            self._form[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._area, self._form[name] = name, ""

    def handle_data(self, data):
        if self._area and self._form is not None:
            self._form[self._area] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""


class Window:
    """One browser at a desk. `page`: what it shows; `path`: where."""

    def __init__(self, app, host: str = f"127.0.0.1:{PORT}") -> None:
        self.client = app.test_client(use_cookies=True)
        self.host = host
        self.page, self.path, self.status = "", "", 0
        self.headers = {}

    async def ask(self, method: str, path: str, data: bytes | None = None, **headers: str):
        given = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        reply = await self.client.open(path, method=method, data=data, headers=given)
        self.status, self.headers, self.path = reply.status_code, reply.headers, path
        body = await reply.get_data()
        self.raw = body
        self.page = body.decode(errors="replace")
        if reply.status_code in (302, 303):
            return await self.ask("GET", reply.headers["Location"])
        return self

    async def go(self, path: str):
        return await self.ask("GET", path)

    def fields(self, action: str = "") -> dict[str, str]:
        """The fields of the form that goes to this address, as the page fills them in."""
        return dict(Form(self.page).forms[action or self.path.partition("?")[0]])

    async def send(self, action: str = "", **changes: str):
        """Sends the form with some fields changed."""
        return await self.send_fields(action, changes)

    async def send_fields(self, action: str, changes: dict[str, str]):
        action = action or self.path.partition("?")[0]
        body = {**self.fields(action), **changes}
        return await self.ask(
            "POST",
            action,
            urlencode(body).encode(),
            Content_Type="application/x-www-form-urlencoded",
            Origin=f"http://{self.host}",
        )

    async def send_file(self, name: str, data: bytes, **changes: str):
        """Sends the form with some fields changed and a file, as a browser sends a form that has one."""
        action, border = self.path.partition("?")[0], "----form"
        parts = [
            f'--{border}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{text}\r\n'.encode()
            for key, text in {**self.fields(action), **changes}.items()
        ]
        head = f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.bin"\r\n'
        body = b"".join([*parts, f"{head}Content-Type: application/octet-stream\r\n\r\n".encode(), data, b"\r\n"])
        content_type = f"multipart/form-data; boundary={border}"
        whole = body + f"--{border}--\r\n".encode()
        return await self.ask("POST", action, whole, Content_Type=content_type, Origin=f"http://{self.host}")

    async def sign_in(self, desk: Desk, officer: str):
        await self.go(desk.address.partition(str(PORT))[2])
        return await self.send("/sign-in", officer=officer, passphrase=phrase(officer))

    async def certificate(self, **more: str) -> str:
        """A new draft of a certificate, filled in; its address."""
        await self.go("/")
        await self.send("/drafts", kind="issue")
        return await self.fill({"destination": "AE", "parcels": "1", **LINE, **PARTIES, **more})

    async def fill(self, fields: dict[str, str], act: str = "save") -> str:
        await self.send_fields("", {**fields, "act": act})
        return self.path.partition("?")[0]

    async def release(self, officer: str, **more: str):
        action = f"{self.path.partition('?')[0]}/release"
        return await self.send_fields(action, {"officer": officer, "passphrase": phrase(officer), **more})

    def text(self) -> str:
        """The page without its tags."""
        return " ".join(re.sub(r"<[^>]+>", " ", self.page).split())


class Scene:
    """A node with desks of its participants."""

    def __init__(self, folder: Path, port, number: int) -> None:
        self.folder, self.port, self.number = folder, port, number
        self.desks: list[Desk] = []
        self.tasks: list[asyncio.Task] = []

    def desk(self, code: str = "BW", *, url: str = "", officers=(ADA, BEN), **approval: int) -> tuple[Desk, Window]:
        """A desk, and a window of it; the same folder again goes on where it was."""
        home = self.folder / f"desk-{code}"
        keys = self.folder / f"keys-{code}"
        if not keys.exists():
            write_keys(keys, {name: self.port.network.keys[code][name] for name in ("issue", "confirm", "seal")})
            write_officers(home, *officers)
        given = {
            ("desk", "listen"): f"127.0.0.1:{PORT}",
            ("ledger", "keys"): str(keys),
            ("ledger", "url"): url or f"http://127.0.0.1:{self.number}",
            ("ledger", "token"): self.port.tokens.issue(f"participant:{code}", self.port.clock),
            **{("approval", name): value for name, value in approval.items()},
        }
        settings = open_settings(home, given)
        genesis: Genesis = self.port.network.genesis
        desk = Desk(settings, genesis, KeyStore(genesis, keys, settings.url, code), PORT, lambda _: None)
        self.desks.append(desk)
        return desk, Window(create_app(desk))

    def send(self, desk: Desk) -> None:
        """Starts the desk's courier."""
        self.tasks.append(asyncio.create_task(desk.courier.run()))

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()


@asynccontextmanager
async def scene(folder: Path, network=None):
    """A node over a new ledger whose time is now."""
    (folder / "node").mkdir()
    with local_port(folder / "node", network=network, clock=time.time_ns() // 1_000_000) as port:
        async with running(create_node(port), port.limits) as number:
            made = Scene(folder, port, number)
            try:
                yield made
            finally:
                await made.stop()


def play(folder: Path, story, network=None) -> None:
    """Runs `story(scene)`; `network`: other than the demo's."""

    async def run():
        async with scene(folder, network) as made:
            await story(made)

    asyncio.run(run())
