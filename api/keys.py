"""`/v1/keys/{holder}`: who may sign for a participant or the secretariat, and to which keys is sealed for them."""

import re

from quart import Blueprint, Response, request

from api.answers import Cache, answer
from api.errors import ApiCode, Problem
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent, ProblemAnswer
from api.schemas.keys import HolderKeysAnswer, RoleKeyAnswer, SealKeyAnswer
from ledger.participants import Holder, Participant, RoleKey

_PUBLIC = re.compile(r"[0-9a-f]{64}")


def key_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("keys", __name__)

    @routes.get("/v1/keys/<holder>")
    @describe("keys", "network", {200: HolderKeysAnswer, 304: NoContent, 404: ProblemAnswer})
    async def keys(holder: str) -> Response:
        """The public keys of a participant (its code), of `secretariat`, or of who has a signing key (64 hex digits)."""
        ledger = port.ledger
        height = ledger.head.height
        code = ledger.key_holder(bytes.fromhex(holder)) if _PUBLIC.fullmatch(holder) else holder
        found = None if code is None else ledger.register.holder(code)
        if found is None:
            raise Problem(404, ApiCode.NOT_FOUND, "holder", given=holder[:100])
        body = HolderKeysAnswer(
            read_at_height=height,
            holder=found.code,
            root=found.root.hex(),
            keys=[_role_key(authority, key) for authority, key in _role_keys(found)],
            seals=[
                SealKeyAnswer(epoch=seal.epoch, key=seal.key.hex(), since=seal.since, until=seal.until) for seal in found.seals
            ],
        )
        return answer(request, body, Cache.PUBLIC, height=height)

    return routes


def _role_keys(holder: Holder) -> list[tuple[str, RoleKey]]:
    if isinstance(holder, Participant):
        return [(office.name, key) for office in holder.authorities for key in office.keys]
    return [("", key) for key in holder.entries]


def _role_key(authority: str, key: RoleKey) -> RoleKeyAnswer:
    return RoleKeyAnswer(
        key=key.key.hex(), authority=authority, roles=[role.value for role in key.roles], since=key.since, until=key.until
    )
