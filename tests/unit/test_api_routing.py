"""`api.routing`: a look-up finds the rule that Werkzeug's own matching finds, for every path, or leaves it to Werkzeug."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quart.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect, Rule, WebsocketMismatch

from api.admin import create_admin_app
from api.app import create_app
from api.routing import Address, Routes
from tests.support.port import local_port

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "get", "")
ODD = (
    "", "x", "7", "-1", "0123456789", "a" * 64, "BW", "BW.csv", "BW.json", ".csv", ".", "..", "%", "%2F", "a%", " ", "a b", "\n",
    "BW\n", "\nBW", "\r", "\0", "é", "e\u0301", "\u2028", "\ud800", "😀", "<code>", "a:b", "a|b", "~", "*", "?", "#", ";v=1", "<",
)  # fmt: skip
OFTEN = frozenset(("/", "/v1/network", "/v1/participants/<code>", "/v1/certificates/<number>", "/log/checkpoint/<size>"))


def told(adapter):
    """What an adapter says of a request, in a form that compares; rules alike are equal, which one it is tells its endpoint."""
    try:
        rule, values = adapter.match(return_rule=True)
    except MethodNotAllowed as error:
        return 405, sorted(error.valid_methods)
    except RequestRedirect as error:
        return 308, error.new_url
    except WebsocketMismatch:
        return ("websocket",)
    except HTTPException as error:
        return (error.code,)
    return rule.rule, rule.endpoint, rule.methods, values


def same(url_map, routes, path, method):
    """Demands that a request's rule is Werkzeug's; whether it was looked up."""
    theirs = url_map.bind("node.test", path_info=path, default_method=method)
    assert told(Address(routes, path, method, lambda: theirs)) == told(theirs), (path, method)
    return routes.find(path, method) is not None


def filled(rule, value):
    """The rule's path with this value in each free part."""
    return "".join(value if free else part for free, part in rule._trace).removeprefix("|")


@pytest.fixture(scope="module")
def apps(tmp_path_factory):
    with local_port(tmp_path_factory.mktemp("routing")) as port:
        yield {"public": create_app(port), "admin": create_admin_app(port)}


@pytest.mark.parametrize("name", ["public", "admin"])
def test_every_rule_however_it_is_filled_in(apps, name):
    url_map = apps[name].url_map
    routes, looked_up = Routes(url_map.iter_rules()), set()
    for rule in url_map.iter_rules():
        for value in ODD:
            path = filled(rule, value)
            doubled, above = path.replace("/", "//"), path.rpartition("/")[0]
            for form in (path, f"{path}/", f"{path}//", doubled, above, f"/{path}", path[:-1]):
                for method in METHODS:
                    if same(url_map, routes, form, method):
                        looked_up.add(rule.rule)
    assert looked_up >= (OFTEN if name == "public" else {"/metrics"})


def test_what_is_read_most_is_looked_up(apps):
    routes = Routes(apps["public"].url_map.iter_rules())
    for rule in apps["public"].url_map.iter_rules():
        if "<" not in rule.rule:
            for method in rule.methods:
                assert routes.find(rule.rule, method) == (rule, {})
    for path, name, value in (
        ("/v1/participants/BW", "code", "BW"),
        ("/v1/certificates/BW0000001", "number", "BW0000001"),
        ("/log/checkpoint/17", "size", "17"),
    ):
        for method in ("GET", "HEAD"):
            assert routes.find(path, method)[1] == {name: value}


pieces = st.integers(0, 9_999) | st.sampled_from(ODD) | st.text(st.characters(exclude_characters="/"), max_size=8)
methods = st.sampled_from(METHODS)


@settings(max_examples=500)
@given(st.integers(0, 9_999), st.lists(pieces, max_size=5), st.booleans(), methods)
def test_any_path_of_the_pieces_of_the_rules(apps, number, put, whole, method):
    """Of any pieces of any rules, or what stands behind them behind one rule."""
    for app in apps.values():
        rules = list(app.url_map.iter_rules())
        known = [part for rule in rules for part in rule.rule.split("/")] + ["/", ".csv"]
        texts = [known[piece % len(known)] if isinstance(piece, int) else piece for piece in put]
        path = "/" + "/".join(texts)
        if whole:
            path = filled(rules[number % len(rules)], texts[0] if texts else "x") + "".join(texts[1:])
        same(app.url_map, app_routes(app), path, method)


def app_routes(app):
    return app.routes if hasattr(app, "routes") else Routes(app.url_map.iter_rules())


@given(methods, st.integers(0, 9_999), st.sampled_from(ODD), st.sampled_from(("", "/", "/x")))
def test_an_app_tells_a_request_what_quart_would(apps, method, number, value, more):
    app = apps["public"]
    rules = list(app.url_map.iter_rules())
    path, headers = filled(rules[number % len(rules)], value) + more, Headers({"Host": "node.test"})
    request = app.request_class(method, "http", path, b"", headers, "", "1.1", {"type": "http"}, send_push_promise=None)
    own = partial(super(type(app), app).create_url_adapter, request)
    assert told(app.create_url_adapter(request)) == told(own())


MADE = (
    "/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/a/b.csv", "/<x>", "/<x>/", "/<x>/b", "/a/<x>", "/a/<y>", "/a/<x>/", "/a/<x>/c",
    "/a/<x>.csv", "/a/b<x>", "/a/<x>-<y>", "/a/<path:x>", "/a/<path:x>/", "/a/<path:x>/c", "/a/<int:x>", "/a/<int:x>/c",
    "/a/<string(length=2):x>", "/a/<any(b,'c/d'):x>", "/a/<Xa1>", "/a/b/<x>", "/a/b/<int:x>", "/<path:x>", "/<int:x>",
)  # fmt: skip
USUAL = (["GET"], ["GET"], ["POST"], ["GET", "POST"])
RARE = (
    {"websocket": True, "methods": ["GET"]}, {"build_only": True}, {"strict_slashes": False}, {"redirect_to": "/elsewhere"},
    {"subdomain": "s"}, {"merge_slashes": False}, {"methods": None}, {"defaults": {"x": "b"}},
)  # fmt: skip


@st.composite
def maps(draw):
    """Any rules at all, in any order, some of them twice, some sharing an endpoint; in half of the maps one is of a rare kind."""
    one = st.tuples(st.sampled_from(MADE), st.sampled_from(USUAL), st.sampled_from("efgh"))
    made = draw(st.lists(one, min_size=1, max_size=8))
    rules = [(text, {"methods": methods, "endpoint": endpoint}) for text, methods, endpoint in made]
    rules[-1][1].update(draw(st.just({}) | st.sampled_from(RARE)))
    if "<" in rules[-1][0]:
        rules[-1][1].pop("defaults", None)
    ordered = draw(st.permutations(rules))
    url_map = Map(merge_slashes=draw(st.booleans()), strict_slashes=draw(st.booleans()))
    for text, options in ordered:
        url_map.add(Rule(text, **options))
    return url_map


some = st.lists(st.sampled_from(("", "a", "b", "c", "b.csv", "b-c", "bb", "12", "d", "x\n")), max_size=4)
small = some.map(lambda found: "/" + "/".join(found))


@settings(max_examples=500)
@given(maps(), st.lists(st.tuples(small, st.sampled_from(("GET", "HEAD", "POST", "OPTIONS"))), min_size=1, max_size=12))
def test_any_path_of_any_rules(url_map, asked):
    routes = Routes(url_map.iter_rules())
    for path, method in asked:
        same(url_map, routes, path, method)


def rule(text, *methods, **options):
    """A rule that is its own endpoint."""
    return Rule(text, endpoint=options.pop("endpoint", text), methods=methods or ("GET",), **options)


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ([rule("/a/<x>"), rule("/a/b")], "/a/b", ("/a/b", {})),
        ([rule("/a/<x>"), rule("/a/b", "POST")], "/a/b", ("/a/<x>", {"x": "b"})),
        ([rule("/a/<x>"), rule("/a/b/")], "/a/b", (308, "http://node.test/a/b/")),
        ([rule("/a/<x>"), rule("/a/b/", strict_slashes=False)], "/a/b", ("/a/b/", {})),
        ([rule("/a/<x>"), rule("/a/b/c")], "/a/b", ("/a/<x>", {"x": "b"})),
        ([rule("/a/<x>"), rule("/a/<int:x>")], "/a/7", ("/a/<int:x>", {"x": 7})),
        ([rule("/a/<string(length=2):x>"), rule("/a/<x>")], "/a/bc", ("/a/<string(length=2):x>", {"x": "bc"})),
        ([rule("/a/<x>"), rule("/a/<x>.csv")], "/a/b.csv", ("/a/<x>.csv", {"x": "b"})),
        ([rule("/a/<x>"), rule("/a/b<x>")], "/a/bc", ("/a/b<x>", {"x": "c"})),
        ([rule("/a/<x>"), rule("/a/<x>", endpoint="second")], "/a/b", ("/a/<x>", {"x": "b"})),
        ([rule("/a", endpoint="e"), rule("/a", endpoint="f")], "/a", ("/a", {})),
        ([rule("/b", endpoint="e"), rule("/a", endpoint="f"), rule("/a", endpoint="e")], "/a", ("/a", {})),
        ([rule("/a/<x>", "POST"), rule("/a/<x>/")], "/a/b", (308, "http://node.test/a/b/")),
        ([rule("/a/<x>"), rule("/a/b", defaults={"x": "b"})], "/a/b", ("/a/b", {"x": "b"})),
        ([rule("/a/<x>", endpoint="e"), rule("/a", endpoint="e", defaults={"x": "b"})], "/a/b", (308, "http://node.test/a")),
        ([rule("/a/<x>"), rule("/a/b", websocket=True)], "/a/b", ("/a/<x>", {"x": "b"})),
        ([rule("/a/b", websocket=True)], "/a/b", ("websocket",)),
        ([rule("/a/<x>"), rule("/a/b", build_only=True)], "/a/b", ("/a/<x>", {"x": "b"})),
        ([rule("/a/b", redirect_to="/c")], "/a/b", (308, "http://node.test/c")),
        ([rule("/a", endpoint="e"), rule("/b", endpoint="e", alias=True)], "/b", (308, "http://node.test/a")),
        ([rule("/a/<x>"), Rule("/a/b", endpoint="any")], "/a/b", ("/a/b", {})),
        ([rule("/a/b", subdomain="s")], "/a/b", (404,)),
        ([rule("/a/<x>"), rule("/<path:y>", "POST")], "/a/b", ("/a/<x>", {"x": "b"})),
        ([rule("/a/<x>")], "//a/b", ("/a/<x>", {"x": "b"})),
        ([rule("/a/<x>")], "/a/", (404,)),
        ([rule("/a/<x>")], "/a/b/", (404,)),
        ([rule("/a/<x>", "POST")], "/a/b", (405, ["POST"])),
    ],
)  # fmt: skip
def test_where_rules_compete(rules, path, expected):
    url_map = Map(rules)
    routes, theirs = Routes(url_map.iter_rules()), url_map.bind("node.test", path_info=path)
    found = told(Address(routes, path, "GET", lambda: theirs))
    assert found == told(theirs)
    assert ((found[0], found[3]) if len(expected) == 2 and isinstance(expected[1], dict) else found) == expected


def test_quart_asks_for_a_rule_and_nothing_else(apps):
    with pytest.raises(TypeError):
        Address(app_routes(apps["public"]), "/", "GET", lambda: None).match(return_rule=False)
