"""Debian's Chromium over a node's pages: a window, what it asked for, what the browser complained about.

`browse(tmp_path, story)` runs `story(visit, port, number)` over a small traded ledger; `visit(**options)` opens a window.
"""

import asyncio
import os
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from api.app import create_app
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


def browse(tmp_path, story, *, name="dev", traded=True):
    """Runs `story(visit, port, number)`; `visit(**context options)` opens a window."""

    async def run():
        with local_port(tmp_path / "node", name=name) as port:
            if traded:
                await trade(port)
            async with running(create_app(port), port.limits) as number, async_playwright() as playwright:
                port.public_url = f"http://127.0.0.1:{number}"
                browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)

                @asynccontextmanager
                async def visit(**options):
                    context = await browser.new_context(**{"viewport": WIDE, **options})
                    yield Visit(await context.new_page(), port.public_url)
                    await context.close()

                try:
                    await story(visit, port, number)
                finally:
                    await browser.close()

    (tmp_path / "node").mkdir()
    asyncio.run(run())
