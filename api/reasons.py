"""Which kinds of records meet which reasons of refusal: read off the rules themselves, so that no table can be out of date.

A kind's check is followed through the functions that it calls (`ledger.rules`, `ledger.register`); what each names of
`ledger.errors.Code` is a reason. What is asked of every kind (`rules.common.check_common`, who signs) is told apart. What form,
envelope and quota refuse before any rule is asked no rule names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

from ledger.bodies import KINDS
from ledger.errors import Code
from ledger.register import Register
from ledger.rules import RULES
from ledger.rules.common import check_common

_FOLLOWED = "ledger."


_SEALED = frozenset(
    {
        Code.BAD_KEY,
        Code.ENVELOPE_MISSING,
        Code.ENVELOPE_HASH,
        Code.ENVELOPE_READERS,
        Code.ENVELOPE_UNREADABLE,
        Code.RID_USED,
        Code.BAD_COMMITMENT,
    }
)
"""Reasons that lie in a sealed part."""

_FORM = frozenset({Code.MALFORMED, Code.NOT_CANONICAL, Code.TOO_LARGE, Code.TOO_DEEP, Code.UNKNOWN_KIND, Code.BAD_VALUE})
_FEW = 8
"""Kinds that are named one by one, where others are met by all that need such a key."""

_ELSEWHERE = {
    Code.BAD_GENESIS: "the genesis file",
    Code.BAD_SIGNATURE: "every kind",
    Code.DAILY_QUOTA: "every kind",
    Code.ENVELOPE_UNEXPECTED: "kinds without a sealed part",
}


def met_by() -> Mapping[Code, str]:
    """Where each reason is met, in words.

    Raises:
        KeyError: nothing is known to refuse anything for one of them: no rule names it, nor does this module.
    """
    own, signing = kinds_by_code(), kinds_by_signing()
    return {code: _where(code, own.get(code, ()), signing.get(code, ())) for code in Code}


def kinds_by_code() -> Mapping[Code, tuple[str, ...]]:
    """For each reason that some kinds' own rules name, those kinds, in the order of the rules."""
    own = {kind: _codes(rule.check) for kind, rule in RULES.items()}
    return {code: kinds for code in Code if (kinds := tuple(kind for kind, codes in own.items() if code in codes))}


def kinds_by_signing() -> Mapping[Code, tuple[str, ...]]:
    """For each reason that lies in instant, author, key, role or rid, the kinds of which that is asked."""
    common = _codes(check_common)
    asked = {kind: common | _codes(type(rule.signer).check) | _codes(type(rule.signer).known) for kind, rule in RULES.items()}
    return {code: kinds for code in Code if (kinds := tuple(kind for kind, codes in asked.items() if code in codes))}


def _where(code: Code, kinds: tuple[str, ...], signing: tuple[str, ...]) -> str:
    """Form, signature and envelope are looked at before any kind's rules."""
    if code in _SEALED:
        return ", ".join(("kinds with a sealed part", *(kind for kind in kinds if not KINDS[kind].sealed)))
    if code in _FORM:
        return "every kind"
    if kinds:
        return " ".join(kinds)
    if signing:
        return " ".join(signing) if len(signing) <= _FEW else "every kind, by its signing key or time"
    return _ELSEWHERE[code]


def _codes(start: Any) -> frozenset[Code]:
    """Every code that a function names, or one that it calls."""
    found: set[Code] = set()
    seen: set[CodeType] = set()
    waiting = [start]
    while waiting:
        function = waiting.pop()
        if not isinstance(function, FunctionType) or function.__code__ in seen:
            continue
        seen.add(function.__code__)
        names = set(_names(function.__code__))
        if "Code" in names:
            found |= {Code[name] for name in names if name in Code.__members__}
        waiting += _called(function, names)
    return frozenset(found)


def _called(function: FunctionType, names: set[str]) -> Iterator[Any]:
    """The functions of the ledger that a function may call: by their own name, of a module, or of the register."""
    for name in names & function.__globals__.keys():
        named = function.__globals__[name]
        if isinstance(named, ModuleType) and named.__name__.startswith(_FOLLOWED):
            for other in names & vars(named).keys():
                yield from _inside(vars(named)[other])
        else:
            yield from _inside(named)
    if "register" in names or "register" in function.__code__.co_varnames:
        yield from (vars(Register)[other] for other in names & vars(Register).keys())


def _inside(named: Any) -> Iterator[FunctionType]:
    """A function of the ledger; those of a table by whose entries the rules go."""
    for one in named.values() if isinstance(named, Mapping) else (named,):
        for part in one if isinstance(one, tuple) else (one, *_members(one)):
            if isinstance(part, FunctionType) and part.__module__.startswith(_FOLLOWED):
                yield part


def _members(entry: Any) -> Iterator[Any]:
    """What a table's entry holds, when it is a dataclass's instance."""
    if is_dataclass(entry) and not isinstance(entry, type):
        yield from (getattr(entry, field.name) for field in fields(entry))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
