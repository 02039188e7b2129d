"""The texts of the web page. A further language is a further table with the same keys; a test compares them."""

from collections.abc import Callable

English = dict[str, str]

_ENGLISH: English = {
    "language": "en",
    "site": "Kimberley Process Certificate Ledger",
    "mark": "Certificate Ledger",
    "process": "Kimberley Process",
    "skip": "Skip to the content",
    "sections": "Sections",
    "nav_figures": "Figures",
    "nav_verify": "Verification",
    "nav_documentation": "Documentation",
    # figures
    "dev_title": "Test network.",
    "dev_text": "The participants' names are real. Every certificate, carat and date on this page is generated.",
    "title": "World trade in rough diamonds",
    "lede": (
        "Carats and certificates by participant, as the participants themselves signed them into one shared, append-"
        "only ledger."
    ),
    "as_of": "As of block {height}",
    "as_of_time": "{time} UTC",
    "exports": "Exports",
    "imports": "Imports",
    "carats": "Carats",
    "in_carats": "carats",
    "certificates": "Certifi\N{SOFT HYPHEN}cates",
    "confirmations": "Confir\N{SOFT HYPHEN}mations",
    "open": "Open confirmations",
    "exports_note": "on {count} certificates issued",
    "imports_note": "on {count} confirmations by importers",
    "open_note": "certificates that wait for their destination's answer",
    "records": "Records in the log",
    "records_note": "signed, in one order that every node agrees on",
    "by_participant": "By participant",
    "by_participant_text": (
        "Exports are counted when an authority issues a certificate, imports when the destination's authority has opened the "
        "parcel and measured it. Parcels under way and differences in measuring keep the two apart; they are never balanced."
    ),
    "rank": "Rank",
    "participant": "Participant",
    "all_rows": "The other {count} participants",
    "none_exports": "No exports yet.",
    "none_imports": "No imports confirmed yet.",
    "legend": "HS code",
    "hs": "What is traded",
    "hs_text": "Carats by class of the Harmonized System, in which customs everywhere describe rough diamonds.",
    "hs_class": "Class",
    "hs_710210": "Unsorted",
    "hs_710221": "Industrial",
    "hs_710231": "Gem quality",
    "hs_long_710210": "not yet sorted by use",
    "hs_long_710221": "unworked or simply sawn, cleaved or bruted",
    "hs_long_710231": "non-industrial, unworked or simply sawn, cleaved or bruted",
    "total": "Total",
    # verification
    "verify": "What these figures rest on",
    "verify_text": (
        "Every figure above is a sum over the records of the log below. The nodes signed this state of the log independently "
        "of one another. None of them, and not this server either, can change a record later without the root changing with it."
    ),
    "checkpoint": "Quorum checkpoint",
    "checkpoint_none": "No quorum checkpoint has been signed yet.",
    "checkpoint_behind": (
        "The newest quorum checkpoint does not yet cover the last {count} records counted above; a reload in a moment shows "
        "one that does."
    ),
    "size": "Records",
    "root": "Root",
    "height": "Block",
    "cosigners": "Signed by",
    "cosigners_note": "{count} nodes; {quorum} of {validators} validators are needed",
    "log_origin": "Log",
    "ledger_id": "Ledger",
    "note_summary": "The signed note",
    "how": "How to verify this",
    "how_1": "Fetch the policy: whose keys count, how many must sign. Compare it with another participant's node.",
    "how_2": "Fetch the checkpoint and check its signatures, with ours or any other tool for C2SP signed notes and tlog-tiles.",
    "how_3": "Whoever holds a receipt checks it offline: the record, its place in the log, the signatures.",
    "how_4": "A participant or an auditor exports the log with a token, checks every entry and adds the figures up again.",
    "proves": "What this proves",
    "proves_text": (
        "That these records were signed by the participants' keys, that a quorum of their nodes holds the same log, and"
        " that nothing was removed or changed since."
    ),
    "proves_not": "What it does not prove",
    "proves_not_text": (
        "That what an authority signed is true: what a parcel really held, where its stones were mined, or what never "
        "was declared."
    ),
    # withheld
    "withheld_title": "No figures are published yet",
    "withheld_text": (
        "Figures of this network appear here once a protected release exists. A country with one or two traders would give "
        "away their business with its totals; each release is therefore checked, cell by cell, before anything is shown."
    ),
    "withheld_open": "What is open to everyone already:",
    "withheld_checkpoint": "the newest checkpoint of the log",
    "withheld_policy": "the policy: which keys count and how many must sign",
    "withheld_participants": "the register of participants",
    "withheld_network": "the state of the network",
    # documentation
    "docs_title": "Documentation of the interface",
    "docs_text": "Made from the same OpenAPI document that programs read.",
    "docs_document": "OpenAPI 3.1 document",
    "docs_contents": "Contents",
    "docs_parameters": "Parameter",
    "docs_in": "In",
    "docs_meaning": "Meaning",
    "docs_body": "Body",
    "docs_answers": "Answers",
    "docs_status": "Status",
    "docs_form": "Form",
    "docs_token": "needs a token",
    "docs_errors": "Errors",
    "docs_errors_text": "Errors are RFC 9457 problem documents; `error` is one of these codes. They are stable.",
    "docs_code": "Code",
    "docs_models": "Models",
    "docs_field": "Field",
    # footer
    "served_by": "Served by the node of {participant}",
    "footer": "The log is public; the certificates in it are read by participants and auditors.",
    "machine": "This page as data",
}

_LANGUAGES = {"en": _ENGLISH}

Texts = Callable[..., str]


def page_texts(language: str = "en") -> Texts:
    """A function from a key and its values to the text in this language; a missing key or value is a KeyError."""
    table = _LANGUAGES[language]

    def text(key: str, **values: str | int) -> str:
        return table[key].format(**values) if values else table[key]

    return text
