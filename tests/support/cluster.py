"""A real devnet in processes of its own, driven through its public interfaces only."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from node.lock import holder

READY_SECONDS = 60
SPAN = 300


def free_base_port(seed: int) -> int:
    """A base port whose devnet ports are free now."""
    draw = random.Random(f"{seed}-{os.getpid()}-{time.monotonic_ns()}")
    while True:
        base = draw.randrange(20_000, 32_000, 20)
        with contextlib.ExitStack() as stack:
            try:
                for offset in (0, 100, 200):
                    for node in range(13):
                        sock = stack.enter_context(socket.socket())
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        sock.bind(("127.0.0.1", base + offset + node))
            except OSError:
                continue
            return base


class Devnet:
    """One `kpledger devnet` in a directory; `start` and `stop` may alternate."""

    def __init__(self, directory: Path, nodes: int = 4, options: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self.nodes = nodes
        self.options = options
        self.base = free_base_port(nodes)
        self.process: subprocess.Popen[str] | None = None
        self.extra: list[subprocess.Popen[bytes]] = []
        self.output = directory.with_name(directory.name + ".out")

    def start(self) -> dict[str, Any]:
        """Starts it and waits until it says that all nodes are ready."""
        description = self.directory / "devnet.json"
        description.unlink(missing_ok=True)
        command = [sys.executable, "-m", "node.cli", "devnet", "--dir", str(self.directory), "--nodes", str(self.nodes)]
        command += ["--base-port", str(self.base), *self.options]
        with self.output.open("a", encoding="utf-8") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, text=True)
        deadline = time.monotonic() + READY_SECONDS
        while not description.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"devnet did not start:\n{self.logs()}")
            time.sleep(0.05)
        return self.description()

    def description(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.directory / "devnet.json").read_text(encoding="utf-8"))
        return content

    def home(self, node: int) -> Path:
        """A node's home directory."""
        return Path(self.description()["nodes"][node]["home"])

    def signal_node(self, node: int, number: signal.Signals) -> None:
        """Sends a signal to the process that runs the node now."""
        pid = holder(self.home(node))
        assert pid is not None, f"node {node} does not run"
        os.kill(pid, number)

    def kill_node(self, *nodes: int) -> None:
        """SIGKILL, to all at once: no clean stop, no flush; returns when their processes have gone."""
        for node in nodes:
            self.signal_node(node, signal.SIGKILL)
        for node in nodes:
            while holder(self.home(node)) is not None:
                time.sleep(0.01)

    def restart_node(self, node: int) -> None:
        """As an operator would: `kpledger start --home`."""
        home = self.home(node)
        with (home / "node.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "node.cli", "start", "--home", str(home)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.extra.append(process)

    def get(self, node: int, path: str, token: str = "") -> Any:
        """A JSON answer of one node."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.base + node}{path}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def heads(self) -> list[tuple[int, str]]:
        """Size and root of each node's newest quorum checkpoint."""
        heads = []
        for node in range(self.nodes):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.base + node}/log/checkpoint", timeout=10) as answer:
                lines = answer.read().decode().split("\n")
            heads.append((int(lines[1]), lines[2]))
        return heads

    def wait_equal(self, size: int, seconds: float = 30) -> tuple[int, str]:
        """Waits until all nodes have the same quorum checkpoint of at least this size; its size and root."""
        deadline = time.monotonic() + seconds
        heads: list[tuple[int, str]] = []
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                heads = self.heads()
                if len(set(heads)) == 1 and heads[0][0] >= size:
                    return heads[0]
            time.sleep(0.1)
        raise AssertionError(f"nodes do not agree: {heads}\n{self.logs()}")

    def stop(self) -> int:
        """SIGINT, as Ctrl-C; the exit code."""
        code = 0
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            deadline = time.monotonic() + 60
            while self.process.poll() is None and time.monotonic() < deadline:
                for process in self.extra:
                    process.poll()  # the devnet stops these too, and waits until they have gone
                time.sleep(0.02)
            code = self.process.wait(timeout=1)
            self.process = None
        for process in self.extra:
            process.wait(timeout=30)
        self.extra = []
        return code

    def logs(self) -> str:
        """The end of everything it wrote."""
        texts = [self.output.read_text(encoding="utf-8")[-3000:] if self.output.exists() else ""]
        texts += [
            f"--- {log}\n{log.read_text(encoding='utf-8')[-3000:]}" for log in sorted(self.directory.glob("nodes/*/node.log"))
        ]
        return "\n".join(texts)


@contextlib.contextmanager
def devnet(directory: Path, nodes: int = 4, options: tuple[str, ...] = ()) -> Iterator[Devnet]:
    """A devnet that is stopped in the end, whatever happens."""
    network = Devnet(directory, nodes, options)
    try:
        network.start()
        yield network
    finally:
        if network.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                network.stop()
        for process in [network.process, *network.extra]:
            if process is not None and process.poll() is None:
                process.kill()
