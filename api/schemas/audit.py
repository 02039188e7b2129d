"""What `/v1/audit/...` takes."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import Query
from ledger.limits import MAX_FINDING_CHARACTERS


class FindingsQuery(Query):
    """Where a page of findings begins."""

    after: Annotated[
        str, Field(max_length=MAX_FINDING_CHARACTERS, description="The name (`rule/about`) of the last one of the page before.")
    ] = ""
