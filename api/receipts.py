"""`POST /v1/receipts/verify`: checks a receipt against this node's policy, for who has no program at hand. Nothing is kept."""

import re

from quart import Blueprint, Response, request

from api.answers import Cache, answer
from api.bodies import BodyReader, require_media_type
from api.limits import MAX_VERIFY_BYTES
from api.openapi import BodySpec, describe
from api.port import NodePort
from api.schemas.base import ProblemAnswer
from api.schemas.receipts import VerdictAnswer
from ledger.errors import ProofError
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt

TEXT_PLAIN = "text/plain"
_WORDS = re.compile(r"(?<!^)(?=[A-Z])")
_BODY = BodySpec(TEXT_PLAIN, "The receipt's text, `tlog-proof@v1`.")


def receipt_routes(port: NodePort, bodies: BodyReader) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("receipts", __name__)

    @routes.post("/v1/receipts/verify")
    @describe(
        "verify_receipt",
        "log",
        {200: VerdictAnswer, 408: ProblemAnswer, 413: ProblemAnswer, 415: ProblemAnswer},
        body=_BODY,
    )
    async def verify() -> Response:
        """Check a receipt against this node's policy.

        Answers 200 whether it holds or not: `valid` says which.
        """
        require_media_type(request, TEXT_PLAIN)
        text = await bodies.read(request, MAX_VERIFY_BYTES)
        height = port.ledger.head.height
        return answer(request, _verdict(port, text, height), Cache.NO_STORE, height=height)

    return routes


def _verdict(port: NodePort, text: bytes, height: int) -> VerdictAnswer:
    try:
        verdict = verify_receipt(text, parse_policy(port.policy().encode()))
    except ProofError as error:
        return VerdictAnswer(
            read_at_height=height,
            valid=False,
            failure=_WORDS.sub("-", type(error).__name__.removesuffix("Error")).lower(),
            detail=str(error),
            id=None,
            index=None,
            origin=None,
            size=None,
            root=None,
            cosigners=[],
            newest=None,
            record=None,
        )
    return VerdictAnswer(
        read_at_height=height,
        valid=True,
        failure=None,
        detail="",
        id=verdict.record_id.hex(),
        index=verdict.index,
        origin=verdict.origin,
        size=verdict.size,
        root=verdict.root.hex(),
        cosigners=list(verdict.witnesses),
        newest=verdict.newest,
        record=verdict.record.hex(),
    )
