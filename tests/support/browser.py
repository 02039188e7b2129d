"""Debian's Chromium over a node's pages: a window, what it asked for, what the browser complained about.

`browse(tmp_path, story)` runs `story(visit, port, number)` over a small traded ledger; `visit(**options)` opens a window. A test
has windows of its own, which know nothing of others' (cookies, storage, caches); the browser they open in is one for all tests
of this process, as starting it takes longer than most of what they look at.
"""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from api.app import create_app
from api.demo.network import Network
from tests.support.http import running
from tests.support.port import local_port
from tests.support.week import trade

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT_MS = 30_000
"""For what a page does by itself. Waited for with `expect`: `wait_for_function` evaluates text, which the pages' policy forbids."""

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


def need_chromium():
    """Skips, or fails where nothing may be skipped, without a browser."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("the page tests need Chromium (Debian: chromium)")
        pytest.skip("needs Chromium (Debian: sudo apt-get install chromium)")


class Visit:
    """One page in one browser window, and what it did."""

    def __init__(self, page, base):
        self.page, self.base = page, base
        self.requests, self.complaints = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._failed)
        page.on(
            "response",
            lambda response: self.complaints.append(f"{response.status} {response.url}") if response.status >= 400 else None,
        )

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # the next page began, or what came is a download
            self.complaints.append(f"failed: {request.url} {request.failure}")

    async def open(self, path):
        await self.page.goto(self.base + path)
        return self.page

    def check_quiet(self):
        """Nothing was asked of others, and the browser complained about nothing (a breach of the CSP is a complaint)."""
        assert self.requests
        assert [url for url in self.requests if not url.startswith(self.base)] == []
        assert self.complaints == [], self.complaints


class Kept:
    """The browser that tests share, on a loop of its own, which runs while a test does."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None
        self._open = AsyncExitStack()
        self._playwright = self._browser = None

    def run(self, story, more: Sequence[str]) -> None:
        """Runs `story(browser)`; with `more` arguments it is a browser for this story alone."""
        self._runner = self._runner or asyncio.Runner()
        self._runner.run(self._run(story, more))

    async def _run(self, story, more: Sequence[str]) -> None:
        if self._playwright is None:
            self._playwright = await self._open.enter_async_context(async_playwright())
        if more:
            async with await self._launch(more) as browser:
                await story(browser)
            return
        if self._browser is None or not self._browser.is_connected():
            self._browser = await self._open.enter_async_context(await self._launch())
        await story(self._browser)

    async def _launch(self, more: Sequence[str] = ()):
        return await self._playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*ARGUMENTS, *more])

    def close(self) -> None:
        """Ends it; may be used again."""
        if self._runner is not None:
            self._runner.run(self._open.aclose())
            self._runner.close()
        self.__init__()


kept = Kept()
"""Closed when the tests of the browser are over (`tests/web/conftest.py`)."""


def browse(tmp_path, story, *, name="dev", traded=True, network: Network | None = None, more: Sequence[str] = ()):
    """Runs `story(visit, port, number)`; `visit(**context options)` opens a window, of a browser with `more` arguments."""

    async def run(browser):
        with local_port(tmp_path / "node", name=name, network=network) as port:
            if traded:
                await trade(port)
            async with running(create_app(port), port.limits) as number:
                port.public_url = f"http://127.0.0.1:{number}"

                @asynccontextmanager
                async def visit(**options):
                    context = await browser.new_context(**{"viewport": WIDE, **options})
                    yield Visit(await context.new_page(), port.public_url)
                    await context.close()

                try:
                    await story(visit, port, number)
                finally:
                    for context in browser.contexts:
                        await context.close()

    (tmp_path / "node").mkdir()
    kept.run(run, more)
