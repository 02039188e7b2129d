"""Network namespaces for a cluster of real processes: one for each node, joined by `tests.support.switch`; nothing to clean up.

`run_isolated` runs a Python module in network, mount and process namespaces of its own. None of them has a name: when the
module's process ends, however it ends, the kernel kills what it started and takes down its networks and mounts. The module's
own network namespace is the hub, where the clients are. `make_namespace` makes one for a node with a TUN device as its only
way out; whoever holds the device's descriptor carries the packets.

What is used: `unshare` and `nsenter` (util-linux) and TUN devices, nothing that a small kernel lacks: `netem` and packet
filters are no condition. Devices are set up by ioctls, since `iproute2` need not be there. Reference: netdevice(7),
namespaces(7), Linux's Documentation/networking/tuntap.rst.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
TUN = Path("/dev/net/tun")
MTU = 9_000
"""Few large packets cost the switch less than many small ones."""

_CLONE_NEWNET = 0x4000_0000
_MS_REMOUNT = 32
_TUNSETIFF = 0x4004_54CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK, _SIOCSIFMTU, _SIOCSIFTXQLEN = 0x8914, 0x8916, 0x891C, 0x8922, 0x8943
_IFF_UP_RUNNING = 0x1 | 0x40
_QUEUE = 5_000
"""Packets that wait for the switch; what comes beyond is lost, as at any router."""

T = TypeVar("T")
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace and the descriptor of the device that leads out of it."""

    address: str
    handle: int
    tun: int

    def command(self, words: Sequence[str]) -> list[str]:
        """These words, run in the namespace by a process that has inherited `handle`; the process id stays the same."""
        return ["nsenter", f"--net=/proc/self/fd/{self.handle}", *words]

    def enter(self) -> None:
        """Puts the calling thread into it: sockets that the thread makes from now on are there."""
        _check(_libc.setns(self.handle, _CLONE_NEWNET), "setns")

    def inside(self, work: Callable[[], T]) -> T:
        """What `work` gives when a thread in the namespace does it; raises what it raises."""

        def enter_and_work() -> T:
            self.enter()
            return work()

        return _in_thread(enter_and_work)


def missing() -> str:
    """Why no namespaces can be made here; empty where they can."""
    for program in ("unshare", "nsenter"):
        if shutil.which(program) is None:
            return f"{program} is missing (Debian: apt-get install util-linux)"
    if not TUN.exists():
        return f"{TUN} is missing: the kernel has no TUN devices, or the container was not given them"
    code, told = run_isolated("tests.support.namespaces", [], seconds=20, quiet=True)
    lines = told.strip().splitlines()
    return "" if code == 0 else f"no network namespace can be made here (root needed?): {lines[-1] if lines else code}"


def run_isolated(module: str, arguments: Sequence[str], seconds: float, *, quiet: bool = False) -> tuple[int, str]:
    """Runs `python -m module` as process 1 of its own namespaces; its exit code and, where `quiet`, what it said.

    The module must call `end_with_parent` first. What it has started is gone when this returns, also by an exception.

    Raises:
        TimeoutError: it took longer than `seconds`.
    """
    flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        flags.append("--map-root-user")
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            ["unshare", *flags, sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=said if quiet else None,
            stderr=said if quiet else None,
            cwd=ROOT,
        )
        assert process.stdin is not None
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{module} did not end within {seconds:.0f} s") from None
        finally:
            if process.poll() is None:
                process.kill()  # takes its child, process 1 in there, with it; and that one everything else
                process.wait()
                _wait_unread(process.stdin.fileno())
            process.stdin.close()
        said.seek(0)
        return process.returncode, said.read().decode("utf-8", "replace")


def _wait_unread(pipe: int) -> None:
    """Waits until nobody holds the other end of a pipe: then process 1, which does, is gone, and so are all others."""
    poll = select.poll()
    poll.register(pipe, 0)  # errors are always told
    if not poll.poll(10_000):
        raise TimeoutError("an isolated run outlives its end by 10 s")


def end_with_parent() -> None:
    """Ends this process when whoever runs it isolated is gone: then nobody waits for what it finds out.

    Process 1 of a namespace gets no signal that it has not asked for, so it asks for the usual ones.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def mount_tmpfs(directory: Path, size: int) -> None:
    """Mounts a file system of `size` bytes in memory; in the mount namespace of `run_isolated` it ends with that."""
    _check(_libc.mount(b"tmpfs", bytes(directory), b"tmpfs", 0, f"size={size},mode=0700".encode()), f"mount {directory}")


def resize_tmpfs(directory: Path, size: int) -> None:
    """Gives it another size; one that is all in use already makes it full."""
    _check(_libc.mount(b"tmpfs", bytes(directory), b"tmpfs", _MS_REMOUNT, f"size={size}".encode()), f"remount {directory}")


def make_hub(address: str) -> Namespace:
    """The namespace of this process itself, given a device like those of the nodes."""
    return _configure(address)


def make_namespace(address: str) -> Namespace:
    """A new namespace with this IPv4 address in a network of 256, and loopback."""

    def work() -> Namespace:
        _check(_libc.unshare(_CLONE_NEWNET), "unshare")  # of this thread alone, which ends here
        return _configure(address)

    return _in_thread(work)


def _in_thread(work: Callable[[], T]) -> T:
    """What `work` gives when a thread of its own does it: what that does to its namespaces ends with it."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
            done.set_exception(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return done.result()


def _configure(address: str) -> Namespace:
    tun = os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", b"kp0", _IFF_TUN | _IFF_NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:

        def ask(device: bytes, request: int, value: bytes) -> None:
            fcntl.ioctl(control, request, struct.pack("16s24s", device, value))

        def ipv4(text: str) -> bytes:
            return struct.pack("=HH4s", socket.AF_INET, 0, socket.inet_aton(text))

        ask(b"lo", _SIOCSIFFLAGS, struct.pack("=H", _IFF_UP_RUNNING))
        ask(b"kp0", _SIOCSIFADDR, ipv4(address))
        ask(b"kp0", _SIOCSIFNETMASK, ipv4("255.255.255.0"))
        ask(b"kp0", _SIOCSIFMTU, struct.pack("=i", MTU))
        ask(b"kp0", _SIOCSIFTXQLEN, struct.pack("=i", _QUEUE))
        ask(b"kp0", _SIOCSIFFLAGS, struct.pack("=H", _IFF_UP_RUNNING))
    return Namespace(address, os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC), tun)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    end_with_parent()
    make_namespace("10.77.0.1")
    mount_tmpfs(Path("/dev/shm"), 1 << 20)
