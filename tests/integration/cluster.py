"""Servers for tests of the cluster: Redis and RabbitMQ from Debian on free ports; `xieban worker` as a process."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def free_port() -> int:
    """A port that nobody listens on, and that no outgoing connection is given meanwhile: below those."""
    while True:
        port = random.randint(10_000, 32_000)
        with socket.socket() as found, suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


#: How long a test waits for what must come: only a failure takes so long, and a busy machine may need minutes.
PATIENCE = 300.0


def until(true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds; fails with its name otherwise."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} seconds: {what}")
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Whether somebody answers on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the server that we started answers on its port."""
    assert process.poll() is None, f"it ended with code {process.returncode}: the port was taken meanwhile?"
    return listens(port)


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis of our own; its URL."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server: apt-get install redis-server")
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
        cwd="/tmp",
    )
    try:
        until(lambda: answers(process, port), "Redis listens")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


@contextmanager
def rabbit_server() -> Iterator[str]:
    """A RabbitMQ of our own, with its own name service; its URL."""
    if not RABBIT.exists():
        pytest.skip("needs RabbitMQ: apt-get install rabbitmq-server")
    home = Path(tempfile.mkdtemp(prefix="xieban-rabbit-", dir="/tmp"))
    port, distribution, names = free_port(), free_port(), free_port()
    environment = os.environ | {
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"x{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
    }
    process = subprocess.Popen(
        [RABBIT], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        until(lambda: answers(process, port), "RabbitMQ listens")
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _end_name_service(names)
        shutil.rmtree(home, ignore_errors=True)


def _end_name_service(port: int) -> None:
    """RabbitMQ leaves a daemon behind that knows its name; the one on our port is ours."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
                name = (entry / "comm").read_text().strip()
            except OSError:
                continue
            if name == "epmd" and f"ERL_EPMD_PORT={port}".encode() in environment.split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)


@contextmanager
def worker(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`xieban worker` as a process of its own; ended by SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "worker", *arguments],
        env=os.environ | environment | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(25)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
