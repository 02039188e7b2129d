"""Which handler a request is for: mostly by a look-up or two, else by Werkzeug's own matching, which finds the same.

Werkzeug tries its rules part by part with a function made for each request, which refers to itself: so each request leaves a
cycle behind, and Python's search for such garbage holds up whatever else the event loop has to do, votes among it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from werkzeug.routing import MapAdapter, Rule

Found = tuple[Rule, dict[str, Any]]

_OPENING: Final = "<"
_NAMED: Final = re.compile(r"(?P<stem>[^<]*/)<(?P<name>[a-z_]+)>")
"""A rule whose last part alone is free, and whatever it likes but `/`."""


class Routes:
    """The rules of an app that one look-up tells apart: fixed paths, and those with a free last part."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        plain = [rule for rule in rules if rule.methods is not None and not rule.websocket and not rule.defaults]
        self._fixed: dict[str, list[Rule]] = {}
        self._free: dict[str, list[tuple[Rule, str]]] = {}
        for rule in plain:
            if _OPENING not in rule.rule:
                self._fixed.setdefault(rule.rule, []).append(rule)
            elif (named := _NAMED.fullmatch(rule.rule)) is not None:
                self._free.setdefault(named["stem"], []).append((rule, named["name"]))
        for stem in list(self._free):
            beginning = re.compile(re.escape(stem) + "<[^>]*:")
            if any(beginning.match(rule.rule) for rule in plain):
                del self._free[stem]  # another sort of last part: Werkzeug weighs them
        self._kept = {path.rstrip("/") for path in self._fixed} | set(self._fixed)

    def find(self, path: str, method: str) -> Found | None:
        """The rule for a path with what its free part is; None where Werkzeug has to say."""
        for rule in self._fixed.get(path, ()):
            if rule.methods is not None and method in rule.methods:
                return rule, {}
        if path in self._kept:
            return None
        stem, _, last = path.rpartition("/")
        if last:
            for rule, name in self._free.get(f"{stem}/", ()):
                if rule.methods is not None and method in rule.methods:
                    return rule, {name: last}
        return None


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
