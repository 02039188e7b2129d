"""A program's way to a node: read, sign, submit, wait, verify, follow. For others' programs, and for the command line.

    async with Client("https://node.example", token) as node:
        async for row in node.certificates(state="open"):
            print(row.number, row.carats)

Rules:
1. `Client` answers with typed objects (`answers`); members that a newer node adds are passed over. Weights stay decimal text,
   as the interface has them (`ledger.units.parse_carats` makes points of them); instants are milliseconds since 1970 UTC.
2. What a node says no to is a `ProblemError` with its document; a node that cannot be reached a `FatalError`.
3. Submitting is safe to repeat, so it is repeated (`submit_until_final`); streams and exports go on where they were cut.
4. A node is believed nothing that can be checked: `Author` seals to keys that the genesis does not contradict, a receipt is
   verified with the policy that its reader holds (`ledger.receipt.verify_receipt`).
5. Nothing of a server is imported here: no node, no interface, no store, no consensus. A contract of the imports keeps it so.

Reference: deploy/guides/developer.md.
"""

from node.client.answers import (
    Certificate,
    CertificateRow,
    Finding,
    HolderKeys,
    Inquiry,
    Issue,
    Logged,
    Network,
    OpenConfirmation,
    Outcome,
    Page,
    Participant,
    Quarter,
    Record,
    Stock,
)
from node.client.author import Author, Issued, MadeCertificate
from node.client.client import Client
from node.client.connection import Taken
from node.errors import ProblemError

__all__ = [
    "Author",
    "Certificate",
    "CertificateRow",
    "Client",
    "Finding",
    "HolderKeys",
    "Inquiry",
    "Issue",
    "Issued",
    "Logged",
    "MadeCertificate",
    "Network",
    "OpenConfirmation",
    "Outcome",
    "Page",
    "Participant",
    "ProblemError",
    "Quarter",
    "Record",
    "Stock",
    "Taken",
]
