"""Each role asks for each operation of the OpenAPI document: the right status, and nothing that is not for it.

`ASKED` states the audience of every operation, with a request for it that would be answered. An operation that is not there fails
the test, and so does a route that is neither in the document nor named here: who adds an endpoint says whom it is for.

What must not be told is planted beforehand and looked for in every answer, in clear, as hex, base32 and base64.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from random import Random

import pytest
from quart import Blueprint, Response

from api.limits import ApiLimits
from api.openapi import describe
from api.schemas.base import TextAnswer
from ledger.bodies import INQUIRY_OPEN, InquiryOpenBody
from ledger.drafts import code_text
from ledger.hashing import labelled_hash
from ledger.record import encode_batch
from tests.simulation.disk import MemoryDisk
from tests.support.checked import MSGPACK, CheckedClient
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.support.witnesses import witness_of

DAY = 86_400_000
LIMITS = ApiLimits(loopback_per_s=1e6, stream_s=0.02, heartbeat_s=0.01, streams_per_key=99, final_wait_s=0.1)
QUESTION, FINDING = "Why do Canary's exports exceed production?", "canary-rule/BW"


class Audience(Enum):
    """Whom an operation is for. Whoever shows no good token is `nobody` in particular."""

    EVERYONE = auto()
    PARTICIPANTS = auto()
    """Every participant and the secretariat."""
    READERS = auto()
    """Those that the sealed part is for, here BW and EU, and the secretariat."""
    CONCERNED = auto()
    """BW, whom it is about, and the secretariat."""
    AUDITORS = auto()


ROLES = ("nobody", "garbage", "expired", "revoked", "BW", "EU", "IN", "auditor")
ANONYMOUS = frozenset({"nobody", "garbage", "expired", "revoked"})
ALLOWED = {
    Audience.EVERYONE: frozenset(ROLES),
    Audience.PARTICIPANTS: frozenset({"BW", "EU", "IN", "auditor"}),
    Audience.READERS: frozenset({"BW", "EU", "auditor"}),
    Audience.CONCERNED: frozenset({"BW", "auditor"}),
    Audience.AUDITORS: frozenset({"auditor"}),
}


def expected(audience: Audience, role: str, status: int) -> int:
    """The status that a role must get; `status` is that of those who may."""
    return status if role in ALLOWED[audience] else 401 if role in ANONYMOUS else 403


@dataclass(frozen=True)
class Ask:
    """A request. `body` is made of the world; `own`: the answer may repeat what the request itself has said;
    `alike`: what is for everybody is the same for everybody."""

    audience: Audience
    path: str
    status: int = 200
    method: str = "GET"
    body: Callable[["World"], bytes] | None = None
    media_type: str = MSGPACK
    own: bool = False
    alike: bool = True


@dataclass
class World:
    """What is on the ledger, and what must not be told of it."""

    client: CheckedClient
    tokens: dict[str, str]
    names: dict[str, str]
    fresh: bytes
    receipt: bytes
    never: dict[str, bytes]
    not_public: dict[str, bytes]
    not_for_others: dict[str, bytes]


E, P, R, C, A = Audience.EVERYONE, Audience.PARTICIPANTS, Audience.READERS, Audience.CONCERNED, Audience.AUDITORS

ASKED: dict[str, list[Ask]] = {
    "submit": [Ask(E, "/v1/records", 202, "POST", lambda world: world.fresh, own=True)],
    "submit_batch": [Ask(E, "/v1/records/batch", 200, "POST", lambda world: encode_batch([world.fresh]), own=True)],
    "record": [Ask(P, "/v1/records/{open}")],
    "receipt": [Ask(P, "/v1/records/{open}/receipt")],
    "envelope": [Ask(R, "/v1/records/{open}/envelope")],
    "shares": [Ask(P, "/v1/records/{open}/shares")],
    "certificates": [Ask(P, "/v1/certificates"), Ask(P, "/v1/certificates?issuer=BW&state=open")],
    "certificate": [Ask(P, "/v1/certificates/BW0000001"), Ask(P, "/v1/certificates/BW0000002")],
    "open_confirmations": [Ask(P, "/v1/confirmations/open")],
    "custody": [Ask(P, "/v1/certificates/BW0000002/custody")],
    "ageing": [Ask(P, "/v1/confirmations/ageing")],
    "stock": [Ask(A, "/v1/participants/EU/stock")],
    "certificate_verdict": [
        Ask(E, "/v1/certificates/BW0000002/verdict?code={verdict}", own=True),
        Ask(E, "/v1/certificates/BW0000002/verdict?code=AAAAAAAAAAAAAAAA", 404, own=True),
    ],
    "verify_receipt": [Ask(E, "/v1/receipts/verify", 200, "POST", lambda world: world.receipt, "text/plain", own=True)],
    "checkpoint": [Ask(E, "/log/checkpoint")],
    "checkpoint_at": [Ask(E, "/log/checkpoint/{size}")],
    "policy": [Ask(E, "/log/policy")],
    "tile": [Ask(E, "/log/tile/0/000.p/1")],
    "entries": [Ask(P, "/log/tile/entries/000.p/1")],
    "status_file": [Ask(P, "/log/status")],
    "add_checkpoint": [Ask(E, "/log/add-checkpoint", 400, "POST", lambda _: b"old\n", "text/plain")],
    "witnessed_checkpoint": [Ask(E, "/log/" + "0" * 64 + "/checkpoint", 404)],
    "network": [Ask(E, "/v1/network")],
    "nodes": [Ask(P, "/v1/nodes")],
    "participants": [Ask(E, "/v1/participants")],
    "participant": [Ask(E, "/v1/participants/BW")],
    "proposals": [Ask(P, "/v1/proposals")],
    "keys": [Ask(E, "/v1/keys/BW")],
    "quarter": [Ask(P, "/v1/participants/BW/quarters/2026Q3?flow=export")],
    "inquiries": [
        Ask(E, "/v1/inquiries"),
        Ask(P, "/v1/inquiries?state=answered"),
        Ask(P, "/v1/inquiries?state=closed"),
    ],
    "findings": [Ask(P, "/v1/findings"), Ask(C, "/v1/findings?participant=BW")],
    "finding_rules": [Ask(P, "/v1/findings/rules")],
    "finding": [Ask(P, "/v1/findings/{rule}/nothing", 404)],
    "audit_blocks": [Ask(A, "/v1/audit/blocks/1", 404)],
    "audit_findings": [Ask(A, "/v1/audit/findings")],
    "stream": [Ask(P, "/v1/stream?after=-1")],
    "export": [Ask(A, "/v1/export")],
    "export_csv": [Ask(A, "/v1/export.csv")],
    "statistics": [Ask(E, "/v1/statistics")],
    "statistics_csv": [Ask(E, "/v1/statistics.csv", 404)],
    "releases": [Ask(E, "/v1/statistics/releases")],
    "release": [Ask(E, "/v1/statistics/releases/" + "0" * 64, 404)],
    "release_json": [Ask(E, "/v1/statistics/releases/" + "0" * 64 + ".json", 404)],
    "release_csv": [Ask(E, "/v1/statistics/releases/" + "0" * 64 + ".csv", 404)],
    "release_basis": [Ask(P, "/v1/statistics/basis/2026Q1")],
    "livez": [Ask(E, "/livez")],
    "readyz": [Ask(E, "/readyz?verbose")],
    "openapi": [Ask(E, "/v1/openapi.json")],
    "documentation": [Ask(E, "/docs")],
    "page": [Ask(E, "/")],
}

PAGES: dict[str, list[Ask]] = {
    "/confirmations": [Ask(E, "/confirmations")],
    "/countries/<code>": [Ask(E, "/countries/BW")],
    "/countries/<code>.csv": [Ask(E, "/countries/BW.csv")],
    "/countries/<code>.json": [Ask(E, "/countries/BW.json")],
    "/countries/<code>.svg": [Ask(E, "/countries/BW.svg")],
    "/explorer": [Ask(E, "/explorer")],
    "/explorer.csv": [Ask(E, "/explorer.csv")],
    "/explorer.json": [Ask(E, "/explorer.json")],
    "/explorer.svg": [Ask(E, "/explorer.svg")],
    "/inquiries": [Ask(E, "/inquiries")],
    "/method": [Ask(E, "/method")],
    "/participants": [Ask(E, "/participants")],
    "/releases": [Ask(E, "/releases")],
    "/releases/<name>": [Ask(E, "/releases/" + "0" * 64, 404)],
    "/verdict": [Ask(E, "/verdict?number=BW0000002&code={verdict}", own=True)],
    "/static/<path:name>": [Ask(E, "/static/none", 404)],
    "/reading": [Ask(P, "/reading")],
    "/reading/certificates": [Ask(P, "/reading/certificates")],
    "/reading/certificates/<number>": [Ask(P, "/reading/certificates/BW0000001"), Ask(P, "/reading/certificates/BW0000002")],
    "/reading/certificates/<number>/dossier": [Ask(P, "/reading/certificates/BW0000002/dossier")],
    "/reading/filters": [Ask(P, "/reading/filters", 403, "POST")],
    "/reading/filters/<int(max=9999999999):number>/remove": [Ask(P, "/reading/filters/1/remove", 403, "POST")],
    "/reading/findings": [Ask(P, "/reading/findings")],
    "/reading/findings.csv": [Ask(P, "/reading/findings.csv")],
    "/reading/findings/<string:rule>/<path:about>": [
        Ask(P, "/reading/findings/rush/none", 404),
        Ask(P, "/reading/findings/rush/none", 403, "POST"),
    ],
    "/reading/open": [Ask(P, "/reading/open")],
    "/reading/participants": [Ask(P, "/reading/participants")],
    "/reading/participants/<code>": [Ask(P, "/reading/participants/BW")],
    "/reading/participants/<code>/years/<year>": [Ask(C, "/reading/participants/BW/years/2026")],
    "/reading/records/<id>": [Ask(P, "/reading/records/{open}")],
    "/reading/records/<id>/receipt": [Ask(P, "/reading/records/{open}/receipt")],
    "/reading/search": [Ask(P, "/reading/search?q=BW0000001", 303)],
    "/reading/sign-in": [Ask(E, "/reading/sign-in", alike=False)],
    "/reading/sign-out": [Ask(P, "/reading/sign-out", 403, "POST")],
}
"""Routes that are not in the document: pages, and files that come with the program. A token signs in to those of `/reading`; who
is not signed in is sent to do so (303), and a form without the session's own field is refused."""


# --- the world --------------------------------------------------------------------------------------------------------------


async def make_world(port) -> World:
    trader = Trader(port.network, NOW)
    carats = "7654.32"
    open_one = trader.issue("BW0000001", "EU", [("710231", carats, ["BW"])])
    closed = trader.issue("BW0000002", "EU", [("710231", "20.00", ["BW"])])
    for made in (open_one, closed, trader.confirm(closed)):
        await port.submit(made.raw, wait=False)
    question = InquiryOpenBody(due="2026-10-01", finding=FINDING, participant="BW", question=QUESTION)
    await port.submit(trader.statement(INQUIRY_OPEN, question, "secretariat", "audit").raw, wait=False)
    port.witness, _ = witness_of(port.ledger, port.network.keys["BW"], MemoryDisk(Random(1)))
    tokens = {"nobody": "", "garbage": "kpl_" + "x" * 43}
    tokens |= {code: port.tokens.issue(f"participant:{code}", NOW) for code in ("BW", "EU", "IN")}
    tokens["auditor"] = port.tokens.issue("auditor", NOW)
    tokens["expired"] = port.tokens.issue("auditor", NOW - 10 * DAY, days=5)
    known = {entry.id for entry in port.tokens.entries}
    tokens["revoked"] = port.tokens.issue("auditor", NOW)
    (entry,) = [one for one in port.tokens.entries if one.id not in known]
    port.tokens.revoke(entry.id)
    drawn = _drawn(trader)
    verdicts = {number: _code(drawn, number, made) for number, made in (("BW0000001", open_one), ("BW0000002", closed))}
    names = {
        "open": open_one.id.hex(), "size": str(port.ledger.head.tree_size), "verdict": code_text(verdicts["BW0000002"]),
        "rule": "rush",
    }  # fmt: skip
    never = {
        "a trader's name": b"Canary Exporter", "an invoice": b"INV-CANARY", "a value in cents": b"7654320000",
        "a value": b"76543200.00", "the receipt code of what is on its way": open_one.receipt_code,
        "the code on its face": verdicts["BW0000001"],
        **{f"the {name} key of BW": key for name, key in port.network.keys["BW"].items()},
        **{f"the token of {role}": token.encode() for role, token in tokens.items() if token},
    }  # fmt: skip
    not_public = {
        "a certificate's number": b"BW0000001", "its weight": carats.encode(), "a question": QUESTION.encode(),
        "a finding's name": FINDING.encode(), "a record": open_one.record[-200:], "an envelope": open_one.envelope[200:260],
    }  # fmt: skip
    return World(
        client=CheckedClient(port),
        tokens=tokens,
        names=names,
        fresh=trader.issue("RU0000009", "AE", [("710231", "1.00", ["RU"])]).raw,
        receipt=port.receipt(closed.id).encode(),
        never=never,
        not_public=not_public,
        not_for_others={"an envelope": open_one.envelope[200:260]},
    )


def _drawn(trader) -> list[bytes]:
    """Every code that the trader may have drawn."""
    last = trader.drawn
    codes = []
    for trader.drawn in range(last):
        codes.append(trader.random(10))
    trader.drawn = last
    return codes


def _code(drawn, number, made) -> bytes:
    """The code that is printed on a certificate."""
    (code,) = [one for one in drawn if labelled_hash(b"kpl/verdict", number.encode(), one) == made.body.verdict_hash]
    return code


def spellings(secret: bytes) -> list[bytes]:
    """How an answer might spell it."""
    encoded = [secret, secret.hex().encode(), base64.b32encode(secret).rstrip(b"="), base64.b64encode(secret).rstrip(b"=")]
    return [*encoded, base64.urlsafe_b64encode(secret).rstrip(b"="), json.dumps(secret.decode("latin1"))[1:-1].encode()]


# --- the matrix -------------------------------------------------------------------------------------------------------------


def undeclared(client: CheckedClient) -> set[str]:
    """Operations and routes whose audience is not stated here."""
    operations = {one["operationId"]: path for path, methods in client.document["paths"].items() for one in methods.values()}
    rules = {rule.rule for rule in client.app.url_map.iter_rules()}
    described = {
        rule.rule for rule in client.app.url_map.iter_rules() if "api_body" in client.app.view_functions[rule.endpoint].__dict__
    }
    return (operations.keys() ^ ASKED.keys()) | ((rules - described) ^ PAGES.keys())


async def faults(world: World, operations: Iterable[str] = ASKED) -> list[str]:
    """What is wrong: a status, or something told to somebody whom it is not for."""
    found = []
    for operation, asks in ((operation, ASKED[operation]) for operation in operations):
        for ask in asks:
            answers = {}
            for role in ROLES:
                path = ask.path.format(**world.names)
                headers = {"Content-Type": ask.media_type} if ask.body else {}
                data = ask.body(world) if ask.body else b""
                reply = await world.client.ask(ask.method, path, data=data, token=world.tokens[role], headers=headers)
                answers[role] = reply.body
                where = f"{operation} {path} as {role}"
                right = expected(ask.audience, role, ask.status)
                if reply.status != right and not (right == 202 and reply.status == 200):
                    found.append(f"{where}: {reply.status}, not {right}")
                if ask.method == "GET" and path.startswith(("/v1/", "/log/")):
                    shared = reply.headers.get("access-control-allow-origin")
                    if shared != ("*" if ask.audience is E else None):
                        found.append(f"{where}: shared with origins {shared}")
                if "access-control-allow-credentials" in reply.headers or "set-cookie" in reply.headers:
                    found.append(f"{where}: credentials")
                told = reply.body + "\n".join(f"{name}: {value}" for name, value in reply.headers.items()).encode()
                found += [f"{where}: tells {name}" for name in _told(world, ask, role, told)]
            if ask.audience is E and ask.method == "GET" and len(set(answers.values())) != 1:
                found.append(f"{operation} {ask.path}: not the same for everybody")
    return found


async def sign_in(world: World) -> dict[str, str]:
    """The session's cookie by role, empty for whoever has no good token; the revoked one was good when it signed in."""
    cookies = {}
    for role in ROLES:
        reply = await _page(world, "POST", "/reading/sign-in", "", {"token": world.tokens[role]})
        assert reply.status_code == (303 if role not in ANONYMOUS else 403), role
        cookies[role] = (reply.headers.get("Set-Cookie") or "").partition(";")[0]
    return cookies


async def _page(world: World, method: str, path: str, cookie: str, form: dict[str, str] | None):
    headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
    scope = {"client": ("127.0.0.1", 40_000)}
    pages = world.client.app.test_client(use_cookies=False)
    return await pages.open(path, method=method, headers=headers, form=form, scope_base=scope)


async def page_faults(world: World) -> list[str]:
    """The same for pages, which go by the cookie of a session."""
    found = []
    cookies = await sign_in(world)
    for rule, asks in PAGES.items():
        for ask in asks:
            bodies = set()
            for role in ROLES:
                path = ask.path.format(**world.names)
                form = {"text": "x"} if ask.method == "POST" else None
                reply = await _page(world, ask.method, path, cookies[role], form)
                bodies.add(body := await reply.get_data())
                where = f"{ask.method} {rule} as {role}"
                right = expected(ask.audience, role, ask.status)
                right = 303 if right == 401 else right
                if reply.status_code != right:
                    found.append(f"{where}: {reply.status_code}, not {right}")
                if "Access-Control-Allow-Origin" in reply.headers:
                    found.append(f"{where}: shared with other origins")
                if ask.audience is not E and reply.headers["Cache-Control"] != "no-store":
                    found.append(f"{where}: kept by caches")
                told = body + "\n".join(f"{name}: {value}" for name, value in reply.headers.items()).encode()
                asked = [name for name, secret in world.not_public.items() if secret in path.encode()]
                found += [f"{where}: tells {name}" for name in _told(world, ask, role, told) if name not in asked]
            if ask.audience is E and ask.alike and len(bodies) != 1:
                found.append(f"{rule}: not the same for everybody")
    return found


def _told(world: World, ask: Ask, role: str, told: bytes) -> list[str]:
    hidden = dict(world.never)
    if not ask.own:
        if role in ANONYMOUS or ask.audience is E:
            hidden |= world.not_public
        if role not in ALLOWED[R]:
            hidden |= world.not_for_others
    return [name for name, secret in hidden.items() if any(spelling in told for spelling in spellings(secret))]


def matrix(tmp_path, story):
    async def run():
        with local_port(tmp_path, limits=LIMITS) as port:
            world = await make_world(port)
            await world.client.get("/livez")
            return await story(world)

    return asyncio.run(run())


def test_every_operation_states_its_audience(tmp_path):
    async def story(world):
        missing = undeclared(world.client)
        assert not missing, f"say in ASKED for whom these are, with a request that would be answered: {sorted(missing)}"

    matrix(tmp_path, story)


def test_each_role_gets_what_is_for_it_and_nothing_else(tmp_path):
    async def story(world):
        assert await faults(world) == []

    matrix(tmp_path, story)


def test_pages_show_each_role_what_is_for_it_and_nothing_else(tmp_path):
    async def story(world):
        assert await page_faults(world) == []

    matrix(tmp_path, story)


def test_a_session_is_no_token_and_a_token_no_session(tmp_path):
    async def story(world):
        cookie = (await sign_in(world))["auditor"]
        for path in ("/v1/export", "/v1/certificates", "/v1/stream"):
            assert (await _page(world, "GET", path, cookie, None)).status_code == 401
        scope, token = {"client": ("127.0.0.1", 1)}, f"Bearer {world.tokens['auditor']}"
        pages = world.client.app.test_client(use_cookies=False)
        assert (await pages.get("/reading", headers={"Authorization": token}, scope_base=scope)).status_code == 303

    matrix(tmp_path, story)


def test_a_session_ends_with_its_token(tmp_path):
    async def run():
        with local_port(tmp_path, limits=LIMITS) as port:
            world = await make_world(port)
            cookie = (await sign_in(world))["BW"]
            assert (await _page(world, "GET", "/reading", cookie, None)).status_code == 200
            for entry in port.tokens.entries:
                port.tokens.revoke(entry.id)
            assert (await _page(world, "GET", "/reading", cookie, None)).status_code == 303

    asyncio.run(run())


def test_what_is_hidden_from_some_is_there_for_others(tmp_path):
    """Or the search would find nothing because there is nothing to find."""

    async def story(world):
        token = world.tokens["auditor"]
        paths = ("/v1/certificates/BW0000001", "/v1/records/{open}", "/v1/records/{open}/envelope", "/v1/export")
        told = b"".join([(await world.client.get(path.format(**world.names), token)).body for path in paths])
        for name, secret in world.not_public.items():
            assert any(spelling in told for spelling in spellings(secret)), name
        for name, secret in world.never.items():
            assert len(secret) >= 10, name
            assert not any(spelling in told for spelling in spellings(secret)), name

    matrix(tmp_path, story)


@pytest.mark.parametrize(
    ("endpoint", "leak", "told"),
    [
        ("network.network", "never", "a trader's name"),
        ("network.participant", "not_public", "a certificate's number"),
        ("records.record", "not_for_others", "an envelope"),
    ],
)
def test_a_leak_is_noticed(tmp_path, endpoint, leak, told):
    async def story(world):
        app = world.client.app
        whole = app.view_functions[endpoint]

        async def leaky(**arguments):
            response = await whole(**arguments)
            body = json.loads(await response.get_data())
            secret = getattr(world, leak)[told]
            response.headers["X-Leak"] = base64.b64encode(secret).decode()
            assert body is not None
            return response

        leaky.__dict__.update(whole.__dict__)
        app.view_functions[endpoint] = leaky
        assert any(fault.endswith(f"tells {told}") for fault in await faults(world, [endpoint.partition(".")[2]]))

    matrix(tmp_path, story)


def test_a_door_that_is_open_to_too_many_is_noticed(tmp_path):
    async def story(world):
        app = world.client.app
        whole = app.view_functions["custody.stock"]

        async def stock(code):
            return Response(b"{}", content_type="application/json")

        stock.__dict__.update(whole.__dict__)
        app.view_functions["custody.stock"] = stock
        world.client.check = lambda *_: None
        where = "stock /v1/participants/EU/stock as"
        found = [fault for fault in await faults(world, ["stock"]) if fault.startswith(where)]
        assert found[0] == f"{where} nobody: 200, not 401"
        assert f"{where} IN: 200, not 403" in found
        assert not any("auditor" in fault for fault in found)

    matrix(tmp_path, story)


def test_an_endpoint_without_a_stated_audience_is_noticed(tmp_path):
    async def story(world):
        routes = Blueprint("new", __name__)

        @routes.get("/v1/new")
        @describe("new", "node", {200: TextAnswer})
        async def new() -> Response:
            """Something new."""
            return Response("new")

        @routes.get("/pages/new")
        async def page() -> Response:
            return Response("new")

        world.client.app._got_first_request = False
        world.client.app.register_blueprint(routes)
        world.client.document["paths"]["/v1/new"] = {"get": {"operationId": "new"}}
        assert undeclared(world.client) == {"new", "/pages/new"}

    matrix(tmp_path, story)
