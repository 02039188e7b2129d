"""node/paper, `kpledger certificate print`: the PDF drawn and read again, its codes by a QR reader, its proof by the verifier."""

import asyncio
import json
import time

import pytest

from api.app import create_app
from ledger.limits import MAX_PAPER_CHARACTERS
from ledger.paper import make_paper, verify_paper
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt
from node.errors import FatalError
from node.paper.contents import find_receipt, read_contents
from node.paper.document import make_pdf
from node.paper.texts import ENGLISH, LANGUAGES
from tests.support.http import running
from tests.support.pages import Pages
from tests.support.port import local_port
from tests.support.printed import PrintingOffice


def office(tmp_path, story):
    """Runs `story(office)` with an office beside a node whose clock is the machine's."""

    async def run():
        with local_port(tmp_path, clock=time.time_ns() // 1_000_000) as port:
            async with running(create_app(port), port.limits) as at:
                await story(PrintingOffice(tmp_path, port, f"http://127.0.0.1:{at}"))

    asyncio.run(run())


def test_what_is_printed_is_what_was_signed_and_its_codes_verify(tmp_path):
    async def story(desk):
        number = await desk.issue()
        said = await desk.print(number, "--language", "fr")
        assert f"printed: {tmp_path / 'out.pdf'}" in said
        print(f"certificate print, with the start of the program: {desk.seconds:.2f} s")
        pages = Pages((tmp_path / "out.pdf").read_bytes())
        try:
            face(pages, number)
            second(pages, tmp_path, number)
        finally:
            pages.close()

    def face(pages, number):
        words = pages.text(0)
        for part in (
            "Kimberley Process Certificate",
            LANGUAGES["en"]["statement"],
            LANGUAGES["fr"]["statement"],
            "Certificat du Processus de Kimberley",
            number,
            "Country of origin / Pays d'origine Botswana (BW)",
            "Country of destination / Pays de destination United Arab Emirates (AE)",
            "Côte & Сыновья Mining",
            "Almas Trading",
            "7102.31",
            "7102.21",
            "120.50",
            "121.50",
            "240100.25",
            "241100.25",
            "242.00",
            "481200.50",
            "Number of parcels / Nombre de lots 3",
            "Validation by the exporting authority",
            "Issuing authority",
        ):
            assert part in words, (part, words)
        ((link, _),) = pages.codes(0)
        code = json.loads((tmp_path / f"{number}.codes.json").read_text())["verdict_code"]
        assert link == f"https://ledger.example/v1/certificates/{number}/verdict?code={code}"
        assert code in words

    def second(pages, folder, number):
        assert len(pages) == 2
        assert "Import confirmation" in pages.text(1)
        ((proof, millimetres),) = pages.codes(1)
        receipt = (folder / f"{number}.tlog-proof").read_bytes()
        policy = parse_policy((folder / "policy").read_bytes())
        found = verify_paper(proof, policy)
        assert found.body.number == number
        assert found.quorum
        assert found.verdict == verify_receipt(receipt, policy)
        assert millimetres <= 65
        assert pages.attachments() == {f"{number}.tlog-proof": receipt}
        assert pages.tagged()
        for mark in (b"<pdfaid:part>3<", b"<pdfaid:conformance>A<", b"<pdfuaid:part>1<"):
            assert mark in pages.data

    office(tmp_path, story)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_prints_with_many_lines_and_the_same_bytes_each_time(tmp_path, language):
    async def story(desk):
        number = await desk.issue(lines=32)
        contents = read_contents(find_receipt(number, tmp_path), desk.port.network.genesis, "https://ledger.example")
        assert contents.proof is None  # 32 lines do not fit into one code
        data = make_pdf(contents, language)
        assert data == make_pdf(contents, language)
        pages = Pages(data)
        try:
            assert len(pages) == 3
            assert LANGUAGES[language]["title"] in pages.text(0)
            assert LANGUAGES[ENGLISH]["continued"] in pages.text(0)
            assert pages.codes(1) == []
            assert "whole receipt is attached" in pages.text(1)
            assert pages.text(2).count("7102.") == 32
        finally:
            pages.close()

    office(tmp_path, story)


def test_languages_have_the_same_words():
    for language, words in LANGUAGES.items():
        assert words.keys() == LANGUAGES[ENGLISH].keys(), language
        assert all(words.values())


def test_what_does_not_belong_together_is_not_printed(tmp_path):
    async def story(desk):
        number, other = await desk.issue(), await desk.issue(number="BW0012346", parcels=4)
        kept = {file: (tmp_path / file).read_bytes() for file in (f"{number}.draft.json", f"{number}.codes.json")}
        for file, content in kept.items():
            (tmp_path / file).write_bytes((tmp_path / file.replace(number, other)).read_bytes())
            said = await desk.print(number, code=65)
            assert file in said
            (tmp_path / file).write_bytes(content)
        changed = json.loads(kept[f"{number}.draft.json"])
        changed["lines"][0]["carats"] = "999.00"
        (tmp_path / f"{number}.draft.json").write_text(json.dumps(changed))
        assert "other lines" in await desk.print(number, code=65)
        (tmp_path / f"{number}.draft.json").write_bytes(kept[f"{number}.draft.json"])
        assert "xx" in await desk.print(number, "--language", "xx", code=2)
        assert "BW9999999" in await desk.print("BW9999999", code=65)
        assert not (tmp_path / "out.pdf").exists()
        await desk.print(str(tmp_path / f"{number}.tlog-proof"))
        assert (tmp_path / "out.pdf").exists()

    office(tmp_path, story)


def test_a_certificate_without_its_parties_is_not_printed(tmp_path):
    async def story(desk):
        number = await desk.issue(sealed={"exporter": {"name": "Mine", "address": "", "licence": ""}})
        said = await desk.print(number, code=65)
        assert f"The draft of {number} names no importer." in said
        assert not (tmp_path / "out.pdf").exists()

    office(tmp_path, story)


def test_a_character_without_a_glyph_is_refused(tmp_path):
    async def story(desk):
        number = await desk.issue(exporter="鑽石")
        contents = read_contents(find_receipt(number, tmp_path), desk.port.network.genesis, "https://ledger.example")
        with pytest.raises(FatalError, match="鑽") as raised:
            make_pdf(contents)
        assert "Nothing was printed" in str(raised.value)
        assert len(make_paper(contents.receipt)) <= MAX_PAPER_CHARACTERS

    office(tmp_path, story)
