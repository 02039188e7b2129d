"""The command line as a table: which verbs there are, in which groups, and where each is written.

A verb's module is read when that verb is run, or when a page of help or a shell's completion shows it: most need a client
and a few keys, and what a node is made of takes ten times as long to read as they do to run. So no module of this package
imports one verb for another's sake, and this one imports none.

What a verb does, its docstring says; what a group is for, stands here. Paths are `module:function` within this package.
"""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final

from cyclopts import App

ALONE: Final[Mapping[str, str]] = {
    "devnet": "devnet:devnet",
    "init": "operate:init_home",
    "id": "operate:identity",
    "start": "operate:start",
    "stop": "operate:stop",
    "status": "operate:status",
    "backup": "archives:backup",
    "restore": "archives:restore",
    "desk": "desk:desk",
    "custody": "custody:custody",
    "stock": "custody:stock",
    "errors": "errors:errors",
}
"""Verbs of no group; `desk` is an application of its own, with verbs below it."""

GROUPS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "config": (
        "The node's settings.",
        {"show": "operate:config_show", "check": "operate:config_check"},
    ),
    "genesis": (
        "The one file that makes a ledger.",
        {
            "template": "network:template",
            "create": "network:create",
            "show": "network:show",
            "policy": "network:show_policy",
        },
    ),
    "node": (
        "Which nodes the ledger has, and who votes.",
        {"set": "nodes:set_node", "send": "nodes:send_record", "list": "nodes:list_nodes"},
    ),
    "key": (
        "An office's signing and sealing keys; a node's are made by init and replaced here.",
        {
            "new": "keys:new",
            "show": "keys:show",
            "rotate": "keys:rotate",
            "retire": "keys:retire",
            "add": "statements:add",
            "revoke": "statements:revoke",
        },
    ),
    "token": (
        "Who may read what participants and auditors may read.",
        {"new": "tokens:new", "list": "tokens:show", "revoke": "tokens:revoke"},
    ),
    "snapshot": (
        "The store alone, with which another home of the ledger may begin.",
        {"create": "archives:create", "inspect": "archives:inspect", "restore": "archives:restore_snapshot"},
    ),
    "certificate": (
        "Kimberley Process certificates.",
        {
            "issue": "certificates:issue",
            "template": "sheets:template",
            "amend": "certificates:amend",
            "close": "certificates:close",
            "show": "certificates:show",
            "print": "printing:print_certificate",
        },
    ),
    "import": (
        "Imports under a certificate.",
        {"confirm": "imports:confirm", "correct": "imports:correct", "list": "imports:list_open"},
    ),
    "paper": (
        "Trade of which one side is not on the ledger yet.",
        {"import": "papers:import_under_paper", "confirm": "papers:confirm"},
    ),
    "technical": (
        "Technical certificates: goods that move without being traded.",
        {"issue": "papers:issue"},
    ),
    "findings": (
        "What in the records does not add up.",
        {
            "list": "findings:list_findings",
            "show": "findings:show",
            "rules": "findings:rules",
            "sealed": "appraisals:sealed",
        },
    ),
    "production": (
        "What a participant mined, and had in stock when it joined.",
        {"report": "figures:report", "stock": "figures:declare_stock"},
    ),
    "return": (
        "Quarterly returns of a participant's trade.",
        {"prepare": "returns:prepare_return", "file": "returns:file_return", "countersign": "returns:countersign"},
    ),
    "inquiry": (
        "Questions of the secretariat to participants.",
        {
            "open": "inquiries:open_inquiry",
            "answer": "inquiries:answer",
            "close": "inquiries:close",
            "list": "inquiries:list_inquiries",
        },
    ),
    "sealed": (
        "Confidential parts: read, handed on, complained about, disclosed field by field.",
        {
            "show": "sealed:show",
            "share": "sealed:share",
            "fault": "sealed:fault",
            "disclose": "sealed:disclose",
            "check": "sealed:check",
        },
    ),
    "record": (
        "Any record without a sealed part.",
        {"file": "statements:file", "show": "statements:show"},
    ),
    "plenary": (
        "Proposals, and positions on them.",
        {"propose": "statements:propose", "position": "statements:position", "list": "statements:list_proposals"},
    ),
    "statistics": (
        "Public statistics: proposed, released by the nodes' verdicts, exported, verified.",
        {
            "propose": "statistics:propose",
            "release": "statistics:release",
            "list": "statistics:list_releases",
            "export": "statistics:export",
            "verify": "statistics:verify",
        },
    ),
    "receipt": (
        "Receipts: what they say, and whether they hold. Offline.",
        {"verify": "receipts:verify", "show": "receipts:show"},
    ),
    "log": (
        "The transparency log as static files (C2SP tlog-tiles).",
        {
            "export": "log:export",
            "verify": "log:verify",
            "status-file": "log:status_file",
            "watch": "log:watch",
            "fork": "log:fork",
            "policy": "log:policies",
        },
    ),
    "audit": (
        "The whole ledger judged again, offline, from bytes alone.",
        {"export": "audit:export", "verify": "audit:verify"},
    ),
}


class CommandLine(App):
    """An application whose pages of help read the verbs they show: cyclopts lists one that is not read without a word."""

    def help_print(self, tokens: str | Iterable[str] | None = None, **options: Any) -> None:
        """Prints the page of help of what the words name."""
        _, path, _ = self.parse_commands(tokens)
        path[-1].resolved_commands()
        super().help_print(tokens, **options)


def command_line() -> App:
    """All of it, with no verb read."""
    app = CommandLine(
        name="kpledger",
        help="A ledger node for Kimberley Process certificates.",
        version=lambda: version("kpledger"),
        help_epilogue=(
            "Exit codes: 0 done, 1 failed, 2 usage, 65 bad data, 69 unreachable, 74 disk, 75 syncing, 77 refused, "
            "78 bad configuration."
        ),
    )
    app.register_install_completion_command()
    _add(app, ALONE)
    for name, (purpose, verbs) in GROUPS.items():
        group = App(name=name, help=purpose)
        _add(group, verbs)
        app.command(group)
    return app


def _add(app: App, verbs: Mapping[str, str]) -> None:
    for name, path in verbs.items():
        app.command(f"node.cli.{path}", name=name)
