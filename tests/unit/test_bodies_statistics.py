"""ledger/bodies/statistics.py: the schemas, bound by bound."""

import pytest

from ledger import codec
from ledger.bodies import KINDS
from ledger.errors import Code, Refusal
from ledger.limits import (
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENT_PARTS,
    MAX_OBJECTION_CELL_CHARACTERS,
    MAX_OBJECTION_CODE_CHARACTERS,
    MAX_PART_BYTES,
    MAX_RECORD_BYTES,
    MAX_REVISION,
)
from ledger.record import build_statement, sign_statement

ID = b"r" * 32
BODIES = {
    "statistics.attach": {"digest": ID, "part": b"p", "place": 0},
    "statistics.publish": {
        "attachment": [ID],
        "digest": ID,
        "height": 1,
        "length": 1,
        "period": "2026Q1",
        "revision": 0,
    },
    "statistics.verdict": {"agree": False, "cell": "2026Q1/export/BW/all", "code": "unsafe-shown", "release": ID},
}
OPTIONAL = {"statistics.verdict": {"cell", "code"}}


def reader(kind):
    return codec.typed(KINDS[kind].body)


def refusal(kind, **changes):
    with pytest.raises(Refusal) as caught:
        reader(kind).decode(codec.encode(BODIES[kind] | changes))
    return caught.value


@pytest.mark.parametrize("kind", BODIES)
def test_every_field_is_required_but_optional_ones_and_no_other_allowed(kind):
    body = BODIES[kind]
    assert reader(kind).encode(reader(kind).decode(codec.encode(body))) == codec.encode(body)
    for name in body:
        if name not in OPTIONAL.get(kind, ()):
            with pytest.raises(Refusal) as caught:
                reader(kind).decode(codec.encode({key: value for key, value in body.items() if key != name}))
            assert (caught.value.code, caught.value.field) == (Code.MALFORMED, name)
    found = refusal(kind, exporter="Kgalagadi Stones")
    assert (found.code, found.field) == (Code.MALFORMED, "exporter")


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("statistics.attach", {"digest": ID[1:]}, "digest"),
        ("statistics.attach", {"part": b""}, "part"),
        ("statistics.attach", {"part": bytes(MAX_PART_BYTES + 1)}, "part"),
        ("statistics.attach", {"place": -1}, "place"),
        ("statistics.attach", {"place": MAX_ATTACHMENT_PARTS}, "place"),
        ("statistics.publish", {"attachment": []}, "attachment"),
        ("statistics.publish", {"attachment": [ID] * (MAX_ATTACHMENT_PARTS + 1)}, "attachment"),
        ("statistics.publish", {"attachment": [ID[1:]]}, "attachment[0]"),
        ("statistics.publish", {"height": -1}, "height"),
        ("statistics.publish", {"length": 0}, "length"),
        ("statistics.publish", {"length": MAX_ATTACHMENT_BYTES + 1}, "length"),
        ("statistics.publish", {"period": "2026Q5"}, "period"),
        ("statistics.publish", {"period": "2026H3"}, "period"),
        ("statistics.publish", {"period": "1999"}, "period"),
        ("statistics.publish", {"period": "2026\n"}, "period"),
        ("statistics.publish", {"revision": -1}, "revision"),
        ("statistics.publish", {"revision": MAX_REVISION + 1}, "revision"),
        ("statistics.verdict", {"release": ID[1:]}, "release"),
        ("statistics.verdict", {"code": "c" * (MAX_OBJECTION_CODE_CHARACTERS + 1)}, "code"),
        ("statistics.verdict", {"code": "Unsafe"}, "code"),
        ("statistics.verdict", {"cell": "c" * (MAX_OBJECTION_CELL_CHARACTERS + 1)}, "cell"),
        ("statistics.verdict", {"cell": "a\nb"}, "cell"),
        ("statistics.verdict", {"agree": True}, "code"),
    ],
)
def test_what_does_not_fit_is_named(kind, changes, field):
    found = refusal(kind, **changes)
    assert (found.code, found.field) == (Code.BAD_VALUE, field)


def test_who_objects_says_why_and_who_agrees_does_not():
    decode = reader("statistics.verdict").decode
    decode(codec.encode({"agree": True, "release": ID}))
    for wrong, field in (
        ({"agree": False, "release": ID}, "code"),
        ({"agree": False, "cell": "x", "release": ID}, "code"),
        ({"agree": True, "cell": "x", "release": ID}, "cell"),
    ):
        with pytest.raises(Refusal) as caught:
            decode(codec.encode(wrong))
        assert (caught.value.code, caught.value.field) == (Code.BAD_VALUE, field)


def test_the_largest_of_each_fits_into_a_record():
    largest = {
        "statistics.attach": {"part": bytes(MAX_PART_BYTES), "place": MAX_ATTACHMENT_PARTS - 1},
        "statistics.publish": {"attachment": [ID] * MAX_ATTACHMENT_PARTS, "length": MAX_ATTACHMENT_BYTES},
        "statistics.verdict": {"code": "c" * MAX_OBJECTION_CODE_CHARACTERS, "cell": "c" * MAX_OBJECTION_CELL_CHARACTERS},
    }
    for kind, changes in largest.items():
        body = reader(kind).decode(codec.encode(BODIES[kind] | changes))
        raw = sign_statement(ID, bytes(32), build_statement(kind, "secretariat", 0, body))
        assert len(raw) <= MAX_RECORD_BYTES
