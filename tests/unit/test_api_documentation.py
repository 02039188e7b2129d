"""The documentation page: all that the OpenAPI document says is on it, in each language, and nothing is left over."""

import asyncio
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import chain

import pytest

from api.errors import ApiCode
from api.pages.language import LANGUAGES
from api.strings.errors import ERRORS, SENTENCES
from api.strings.interface import PARTS, WORDS
from ledger.errors import Code
from tests.support.checked import CheckedClient
from tests.support.port import local_port

JOINING = {"list of ", "list of strings", " or "}
"""Words of the page between those of the document."""

ALIKE = {"Code", "GET", "POST"}
"""What the page writes alike in both languages."""

BLOCKS = {"h1", "h2", "h3", "p", "li", "th", "td"}
CODE = re.compile(r"`[^`]*`")


@dataclass
class Block:
    """What one element says: its words, and its code, models that it links to among it."""

    words: str = ""
    code: list[str] = field(default_factory=list)


class Blocks(HTMLParser):
    """The blocks of a page's main part, in order; `tongues`: languages that some of it is marked as."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self.tongues: list[str] = []
        self._open = self._code = False
        self.feed(page[page.index("<main") : page.index("</main>")])

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tongues += [given["lang"]] if "lang" in given else []
        if tag in BLOCKS:
            self.blocks.append(Block())
            self._open = True
        elif tag == "code" or given.get("href", "").startswith("#model-"):
            self._code = True

    def handle_endtag(self, tag):
        self._open = self._open and tag not in BLOCKS
        self._code = self._code and tag not in {"code", "a"}

    def handle_data(self, data):
        if self._open and self._code:
            self.blocks[-1].code.append(data)
        elif self._open:
            self.blocks[-1].words += data


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The document, and the page by language."""

    async def ask():
        with local_port(tmp_path_factory.mktemp("port")) as port:
            client = CheckedClient(port)
            pages = {code: (await client.get(f"/docs?lang={code}")).body.decode() for code in LANGUAGES}
            return (await client.get("/v1/openapi.json")).json(), pages

    return asyncio.run(ask())


def sentences(document):
    """All that the document says to people on the page."""
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    models = document["components"]["schemas"].values()
    parameters = [entry for one in operations for entry in one["parameters"]]
    described = chain(
        [document["info"]],
        document["tags"],
        operations,
        parameters,
        (one["requestBody"] for one in operations if "requestBody" in one),
        (answer for one in operations for answer in one["responses"].values()),
        models,
        (member for model in models for member in model.get("properties", {}).values()),
    )
    said = {" ".join(one.get("description", "").split()) for one in described}
    return (said | {one["summary"] for one in operations} | {entry["in"] for entry in parameters}) - {""}


def types(value):
    """Names of types, wherever they stand; null is written as it is, and lists have words of their own."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = {value["type"]} if isinstance(value, dict) and isinstance(value.get("type"), str) and "enum" not in value else set()
    return own.union(*map(types, inner)) - {"null", "array"}


def test_every_operation_and_every_error_is_on_the_page(served):
    document, pages = served
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            heading = f'<h3 id="{one["operationId"]}"><span class="method">{method.upper()}</span> <code>{path}</code>'
            assert heading in pages["en"]
    for code in (*Code, *ApiCode):
        assert f'<tr id="{code}">' in pages["en"]
    assert "<script" not in pages["en"]
    identifiers = re.findall(r'\bid="([^"]+)"', pages["en"])
    assert len(identifiers) == len(set(identifiers))
    assert set(re.findall(r'href="#([^"]+)"', pages["en"])) <= set(identifiers)


def test_every_sentence_of_the_document_has_words_in_each_language_and_no_words_are_left_over(served):
    document, _ = served
    said = sentences(document) | JOINING | types(document["components"]["schemas"])
    assert len(said) > 400
    assert set(WORDS) == set(LANGUAGES) - {"en"}
    for language, words in WORDS.items():
        assert said - words.keys() == set(), f"no words in {language}, or the English was changed"
        assert words.keys() - said == set(), f"words in {language} for what the document does not say"


def test_no_sentence_has_words_in_two_places():
    assert sum(len(part.FRENCH) for part in PARTS) == len(WORDS["fr"])


def test_words_keep_the_code_of_the_sentence_and_are_others():
    for words in WORDS.values():
        for text, translated in words.items():
            assert sorted(CODE.findall(text)) == sorted(CODE.findall(translated)), text
            assert CODE.sub("", text) != CODE.sub("", translated)


def test_every_error_code_is_explained_in_each_language():
    assert set(SENTENCES) == set(LANGUAGES)
    assert SENTENCES["en"] == ERRORS
    for table in SENTENCES.values():
        assert list(table) == list(ERRORS)
        assert set(table) == {*Code, *ApiCode}
        assert len(set(table.values())) == len(table)
    assert [code for code in ERRORS if SENTENCES["fr"][code] == ERRORS[code]] == []


def test_french_is_written_with_its_own_signs():
    for text in chain(WORDS["fr"].values(), SENTENCES["fr"].values()):
        plain = CODE.sub("", text)
        assert re.search(r"['\"]|\.\.\.| [;:?!%»]|« |\w[;?!%»]", plain) is None, text


def test_nothing_on_the_french_page_is_english(served):
    english, french = (Blocks(served[1][code]) for code in ("en", "fr"))
    assert english.tongues == french.tongues == []
    assert len(english.blocks) == len(french.blocks) > 1000
    for one, other in zip(english.blocks, french.blocks, strict=True):
        assert sorted(one.code) == sorted(other.code), one
        words = one.words.strip()
        assert words != other.words.strip() or not re.search(r"[a-z]", words, re.IGNORECASE) or words in ALIKE, words
    assert any(block.words.startswith("liste de ") for block in french.blocks)


def test_a_sentence_without_words_is_shown_as_the_document_has_it(tmp_path, monkeypatch):
    async def ask():
        with local_port(tmp_path) as port:
            return await CheckedClient(port).get("/docs?lang=fr")

    monkeypatch.delitem(WORDS["fr"], "The node failed.")
    reply = asyncio.run(ask())
    assert reply.status == 200
    assert "<td>The node failed.</td>" in reply.body.decode()
