"""Answers made without checks are what their models would have made: held against each other for every kind of record."""

import base64
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from api.schemas.base import Answer
from api.schemas.bodies import BODIES
from api.schemas.plain import plain, to_json
from api.schemas.records import ConfirmAnswer, IssueAnswer
from api.views import body_answer
from ledger.bodies import KINDS, ConfirmBody, IssueBody
from ledger.merkle import leaf_hash
from ledger.record import parse_record, read_record
from tests.data import make_golden
from tests.support import golden

MODELS = {IssueBody: IssueAnswer, ConfirmBody: ConfirmAnswer, **BODIES}


@pytest.fixture(scope="module")
def records():
    blocks = golden.load(make_golden.FILE)["blocks"]
    found = [parse_record(base64.b64decode(raw)) for block in blocks for raw in block["records"]]
    assert {record.kind for record in found} == set(KINDS)
    return found


def test_the_body_of_each_kind_is_what_its_model_says_byte_for_byte(records):
    for record in records:
        data, model = to_json(body_answer(record.body)), MODELS[type(record.body)]
        assert model.model_validate_json(data).model_dump_json().encode() == data, record.kind


def test_a_record_of_the_log_is_read_as_it_was_when_it_came_in(records):
    for record in records:
        read = read_record(record.raw, leaf_hash(record.raw))
        for field in record.__struct_fields__:
            assert getattr(read, field) == getattr(record, field), (record.kind, field)


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-1], lambda raw: b"\xff" + raw[1:], lambda raw: raw[:-20] + bytes(20)])
def test_what_is_no_record_is_not_read_as_one(records, spoil):
    with pytest.raises(ValueError, match=r"\S"):
        read_record(spoil(records[0].raw), bytes(32))


class Weighed(Answer):
    """An answer with all that a member may be: needed, with a default, checked."""

    read_at_height: int
    kind: Literal["a", "b"]
    carats: Annotated[str, Field(pattern="^[0-9]+$")] = "1"


def test_a_plain_answer_has_the_members_of_its_model_in_order_and_defaults_without_its_checks():
    made = plain(Weighed)(kind="a", read_at_height=3)
    assert (
        to_json(made)
        == b'{"read_at_height":3,"kind":"a","carats":"1"}'
        == Weighed(read_at_height=3, kind="a").model_dump_json().encode()
    )
    assert to_json(plain(Weighed)(kind="c", read_at_height=3, carats="x")) == b'{"read_at_height":3,"kind":"c","carats":"x"}'
    with pytest.raises(ValidationError):
        Weighed(kind="c", read_at_height=3)
    with pytest.raises(TypeError):
        plain(Weighed)(kind="a")
    with pytest.raises(TypeError):
        plain(Weighed)(kind="a", read_at_height=3, more=1)
    with pytest.raises(AttributeError):
        made.kind = "b"
