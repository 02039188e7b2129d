"""Which handler a request is for: mostly by a look-up or two, else by Werkzeug's own matching, which finds the same.

Werkzeug tries its rules part by part with a function made for each request, which refers to itself: so each request leaves a
cycle behind, and Python's search for such garbage holds up whatever else the event loop has to do, votes among it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from werkzeug.routing import MapAdapter, Rule

Found = tuple[Rule, dict[str, Any]]

_NAMED: Final = re.compile(r"<(?P<name>[a-z_]+)>(?P<more>/.*)?")
"""A rule from its first free part on, where that is whatever it likes but `/`."""


class Routes:
    """The rules of an app that one look-up tells apart: fixed paths, and those with a free last part.

    None is told apart where some rule is of a kind that no app here has, with defaults or for websockets, say.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._fixed: dict[tuple[str, str], Rule | None] = {}
        self._free: dict[tuple[str, str], tuple[Rule, str] | None] = {}
        self._kept: set[str] = set()
        every = list(rules)
        if not all(_simple(rule) for rule in every):
            return
        weighed = {stem for rule in every if (stem := self._add(rule))}
        self._free |= dict.fromkeys((key for key in self._free if key[0] in weighed), None)

    def _add(self, rule: Rule) -> str:
        """Notes a rule; where its first free part is of another sort, so that Werkzeug weighs it, what it begins with."""
        fixed, opening, _ = rule.rule.partition("<")
        stem = fixed[: fixed.rfind("/") + 1]
        named = _NAMED.fullmatch(rule.rule, len(stem))
        for method in rule.methods or ():
            if not opening:
                self._kept |= {fixed, fixed.rstrip("/")}
                self._fixed[fixed, method] = None if (fixed, method) in self._fixed else rule
            elif named is not None and named["more"] is None:
                self._free[stem, method] = None if (stem, method) in self._free else (rule, named["name"])
        return stem if opening and named is None else ""

    def find(self, path: str, method: str) -> Found | None:
        """The rule for a path with what its free part is; None where Werkzeug has to say."""
        rule = self._fixed.get((path, method))
        if rule is not None:
            return rule, {}
        stem, slash, last = path.rpartition("/")
        if last and path not in self._kept and (free := self._free.get((stem + slash, method))) is not None:
            return free[0], {free[1]: last}
        return None


def _simple(rule: Rule) -> bool:
    other = rule.websocket or rule.defaults or rule.redirect_to or rule.alias or rule.build_only or rule.host or rule.subdomain
    return rule.methods is not None and not other


class Address:
    """What Quart asks for a request's rule, as Werkzeug's `MapAdapter`; `adapter` makes that one where no look-up says."""

    __slots__ = ("_adapter", "_method", "_path", "_routes")

    def __init__(self, routes: Routes, path: str, method: str, adapter: Callable[[], MapAdapter]) -> None:
        self._routes = routes
        self._path = path
        self._method = method
        self._adapter = adapter

    def match(self, *, return_rule: bool) -> tuple[Rule, Mapping[str, Any]]:
        """Rule and values; raises Werkzeug's HTTP errors, and TypeError for what Quart never asks."""
        if not return_rule:
            raise TypeError("asked for an endpoint, not for a rule")
        return self._routes.find(self._path, self._method) or self._adapter().match(return_rule=True)
