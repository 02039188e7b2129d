"""Answers that are read again and again, as plain structs: the members of a model, in its order, without its checks.

What the ledger holds was checked when it came in, and checking it again at each reading costs more than reading it. The model
stays what the document is made of, and the tests hold such answers against it (`tests/unit/test_api_plain.py`).
"""

from typing import Any, TypeVar, cast

import msgspec
from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)

to_json = msgspec.json.Encoder().encode
"""Such an answer as JSON."""


def plain(model: type[M]) -> type[M]:
    """The struct of a model. To a type checker it is the model, so what it is made of is checked before anything runs."""
    members = [(name, Any) if field.is_required() else (name, Any, field.default) for name, field in model.model_fields.items()]
    struct = msgspec.defstruct(model.__name__, members, frozen=True, kw_only=True, gc=False)
    return cast("type[M]", struct)
