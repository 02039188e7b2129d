"""Receipts, offline: receipt show, receipt verify."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ledger.errors import Refusal
from ledger.jsonform import record_to_json
from ledger.proof import parse_proof
from ledger.receipt import Verdict, verify_receipt
from ledger.record import parse_record
from node.cli.options import JsonOption, PolicyOption, read_file, read_genesis, read_policy
from node.cli.output import console, explain, print_fields, print_json, unreadable
from node.cli.scanned import Scanned, check, summary
from node.errors import Exit, FatalError, command
from node.policies import verify_old_receipt

NOT_SHOWN = "whether the record still stands: it may have been answered or closed since"


def verify(
    file: Annotated[Path, Parameter(help="A receipt (.tlog-proof).")],
    /,
    *,
    policy: PolicyOption,
    history: Annotated[
        Path | None,
        Parameter(name="--history", help="For a receipt older than today's keys: the log, as log export wrote it."),
    ] = None,
    genesis: Annotated[Path | None, Parameter(name="--genesis", help="With --history: the ledger's genesis.json.")] = None,
    json: JsonOption = False,
) -> None:
    """Check a receipt with the policy file alone, and say what it establishes. Exit code 65 when it does not hold.

    With --history the policy checks the log of today, and the log gives the policy of the receipt's time.
    """
    if (history is None) is not (genesis is None):
        raise FatalError(
            "--history and --genesis belong together.",
            "The policy of a time follows from the genesis and the log's records.",
            "Give both, or neither for a receipt of today's keys.",
            Exit.USAGE,
        )
    if history is not None and genesis is not None:
        try:
            verdict = verify_old_receipt(read_file(file), history, read_genesis(genesis), read_policy(policy))
        except OSError as error:
            raise unreadable(str(error.filename or history), error.strerror) from error
    else:
        verdict = verify_receipt(read_file(file), read_policy(policy))
    record = record_to_json(parse_record(verdict.record))
    if json:
        print_json({"valid": True, **_fields(verdict), "record": record, "not_shown": NOT_SHOWN})
        return
    console.print("[bold green]valid[/bold green]: this record is in the ledger's log")
    print_fields({name.replace("_", " "): _text(value) for name, value in _fields(verdict).items()})
    print_fields(summary(record))
    console.print(f"not shown: {NOT_SHOWN}")


def show(
    file: Annotated[Path | None, Parameter(help="A receipt (.tlog-proof).")] = None,
    /,
    *,
    paper: Scanned | None = None,
    json: JsonOption = False,
) -> int:
    """Show the record in a receipt, without checking that it is in the log; or, with --qr, check a certificate on paper.

    Of a certificate on paper it says: valid, amended, closed, expired, not-on-the-ledger, number-outside-its-range or
    too-old-to-say. Exit code 0: valid; 77: it is not; 75: the status file cannot say; 65: the code proves nothing.
    """
    if paper is not None and paper.qr:
        return check(paper, as_json=json)
    if file is None:
        raise FatalError(
            "Neither a receipt nor a scanned text was given.",
            "There is nothing to show.",
            f"Name one: {command('receipt', 'show', 'FILE')}, or {command('receipt', 'show', '--qr', 'TEXT')}",
            Exit.USAGE,
        )
    proof = parse_proof(read_file(file))
    try:
        record = record_to_json(parse_record(proof.extra))
    except Refusal as refusal:
        raise unreadable(str(file), f"what it holds is no record: {explain(refusal.problem())}") from refusal
    if json:
        print_json({"index": proof.index, "record": record})
        return Exit.DONE
    console.print("[bold yellow]not checked[/bold yellow]: see kpledger receipt verify")
    print_fields({"index": proof.index, **summary(record)})
    return Exit.DONE


def _fields(verdict: Verdict) -> dict[str, Any]:
    newest = datetime.fromtimestamp(verdict.newest, UTC).isoformat() if verdict.newest is not None else None
    return {
        "id": verdict.record_id.hex(),
        "log": verdict.origin,
        "index": verdict.index,
        "log_size": verdict.size,
        "root": verdict.root.hex(),
        "witnesses": list(verdict.witnesses),
        "newest_cosignature": newest,
    }


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
