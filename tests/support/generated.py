"""What schemathesis is told of this interface (`SCHEMATHESIS_HOOKS`): bodies that no schema describes.

A body is what a client would really send: a signed record with its envelope, a batch of one, a checkpoint of somebody's log.
They are made by the test beforehand and stand in the folder that `KPLEDGER_BODIES` names. Spoilt ones are `test_api_hostile`'s.
"""

import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

from ledger.record import encode_batch

BATCH = "/v1/records/batch"


FOLDER = Path(os.environ["KPLEDGER_BODIES"])

schemathesis.openapi.media_type("application/msgpack", st.sampled_from(sorted(file.name for file in FOLDER.glob("*.msgpack"))))
schemathesis.openapi.media_type("text/plain", st.sampled_from([file.read_text() for file in sorted(FOLDER.glob("*.txt"))]))


@schemathesis.serializer("application/msgpack")
def read_body(ctx, name):
    """A body is drawn by its file's name. One media type has one form here; what the batch takes is an array of it."""
    raw = (FOLDER / name).read_bytes()
    return encode_batch([raw]) if ctx.case.operation.path == BATCH else raw
