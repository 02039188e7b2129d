"""Whatever comes in, the answer is one that the document promises, and never a failure of the node."""

import asyncio
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.limits import ApiLimits
from ledger.record import encode_batch
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port
from tests.support.trade import Trader

SEGMENTS = st.sampled_from(
    ["v1", "records", "certificates", "log", "tile", "entries", "checkpoint", "participants", "receipt", "envelope", "000", "000.p",
     "1", "0", "BW", "BW0000001", "..", ".", "", "%00", "static", "docs", "confirmations", "open", "ageing", "custody", "stock", "network", "batch", "f" * 64]
) | st.text(max_size=8)  # fmt: skip
NAMES = st.sampled_from(["limit", "cursor", "state", "issuer", "destination", "order", "wait", "verbose", "direction", "x"])


@pytest.fixture
def hostile(tmp_path):
    """Calls `ask(method, path, body, media type)` on one node with a token; gives the status. A 500 or an undocumented answer fails."""
    loop = asyncio.new_event_loop()
    with local_port(tmp_path, limits=ApiLimits(requests_per_s=1e9, requests_per_key_per_s=1e9)) as port:
        client = CheckedClient(port)
        token = port.tokens.issue("auditor", NOW)
        trader = Trader(port.network, NOW)
        made = trader.issue("BW0000001", "EU", [("710231", "1200.50", ["BW"])])
        loop.run_until_complete(client.post("/v1/records", made.raw))
        fresh = trader.issue("BW0000002", "EU", [("710231", "7.00", ["BW"])])

        def ask(method, path, body=b"", media_type="application/msgpack"):
            headers = {"Content-Type": media_type} if body or method == "POST" else {}
            reply = loop.run_until_complete(
                client.ask(method, path, data=body, token=token, headers=headers, address="192.0.2.1")
            )
            assert reply.status != 500, (method, path, body)
            return reply.status

        ask.fresh = fresh
        yield ask
    loop.close()


def test_random_paths_and_parameters(hostile):
    @settings(max_examples=150)
    @given(
        st.lists(SEGMENTS, max_size=6),
        st.lists(st.tuples(NAMES, st.text(max_size=12)), max_size=3),
        st.sampled_from(["GET", "POST", "PUT"]),
    )
    def one(segments, parameters, method):
        path = "/" + "/".join(quote(segment, safe="%.") for segment in segments).lstrip("/")
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in parameters)
        hostile(method, f"{path}?{query}" if query else path)

    one()


def test_random_names_of_certificates_and_participants(hostile):
    @settings(max_examples=150)
    @given(
        st.sampled_from(["/v1/certificates/{}/custody", "/v1/participants/{}/stock", "/v1/certificates/{}"]),
        st.text(max_size=14) | st.sampled_from(["BW0000001", "BW", "secretariat"]),
        st.sampled_from(["", "?direction=up", "?direction=sideways", "?direction=down&direction=up"]),
    )
    def one(path, name, query):
        status = hostile("GET", path.format(quote(name, safe="")) + query)
        assert status in {200, 308, 400, 404, 405}

    one()


def test_random_bodies(hostile):
    @settings(max_examples=120)
    @given(st.binary(max_size=300), st.sampled_from(["/v1/records", "/v1/records/batch", "/v1/receipts/verify"]))
    def one(body, path):
        hostile("POST", path, body, "text/plain" if path.endswith("verify") else "application/msgpack")

    one()


def test_a_record_with_any_byte_changed(hostile):
    raw = hostile.fresh.raw

    @settings(max_examples=150)
    @given(st.integers(0, len(raw) - 1), st.integers(1, 255), st.booleans())
    def one(at, change, batch):
        body = raw[:at] + bytes([raw[at] ^ change]) + raw[at + 1 :]
        status = hostile("POST", "/v1/records/batch", encode_batch([body])) if batch else hostile("POST", "/v1/records", body)
        assert status in ({200} if batch else {400, 413, 422})

    one()
