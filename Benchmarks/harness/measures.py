"""How one figure is taken from one server: each function gives a dictionary of figures for one round."""
import contextlib
import multiprocessing
import os
import pathlib
import re
import select
import signal
import socket
import ssl
import subprocess
import time

from . import content, load, machine
from .errors import Invalid

PAGE_REQUEST = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextlib.contextmanager
def _cost(server, figures):
    """Adds CPU time for each of `figures["count"]` things that the body did; the count is taken out."""
    cpu, system = server.cpu_seconds(), server.system_seconds()
    yield
    used, kernel = server.cpu_seconds() - cpu, server.system_seconds() - system
    count = figures.pop("count")
    figures["cpu"] = used / count * 1e6
    figures["system"] = min(kernel / used, 1) * 100 if used else 0


def throughput(kind, connections, fields=(), script=None):
    """As fast as it goes."""

    def measure(stage, server, seconds):
        figures = {}
        with _cost(server, figures):
            done = load.wrk(stage, server, server.peer.path(kind), connections, seconds, fields, script)
            figures["count"] = done.count
        figures["rate"] = done.count / done.seconds
        if done.p99 is not None and script is not load.PIPELINED:
            figures["p99"] = done.p99
        return figures

    return measure


def uploads(connections):
    """The same with content, and how much more memory the server took at its peak."""
    inner = throughput("upload", connections, script=load.UPLOAD)

    def measure(stage, server, seconds):
        before = server.memory_bytes()
        server.forget_peak()
        figures = inner(stage, server, seconds)
        figures["growth"] = max(0, server.peak_bytes() - before) / connections
        return figures

    return measure


def handshakes(kind, threads=8):
    """New TLS connections, each with one request."""

    def measure(stage, server, seconds):
        figures = {}
        with _cost(server, figures):
            done, resumed = load.tls_connections(stage, server, seconds, threads, kind)
            figures["count"] = done.count
        figures["rate"] = done.count / done.seconds
        if kind == "resumed":
            figures["resumed"] = resumed * 100
        return figures

    return measure


def fixed_rate(connections, rate=None):
    """Time to the answer at a rate that does not depend on the server: `rate`, or what the stage says is half of the
    product's own capacity."""

    def measure(stage, server, seconds):
        figures = {}
        wanted = rate or stage.half_capacity
        with _cost(server, figures):
            done = load.at_rate(stage, server, server.peer.path("page"), connections, wanted, seconds)
            figures["count"] = done.count
        figures["rate"], figures["p99"] = done.count / done.seconds, done.p99
        return figures

    return measure


# MARK: Drippers


def _drip(port, count, core, started, stopped):
    """Opens `count` connections and sends a byte of a head on each, every half second; opens again what is closed."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    head = b"GET /page HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 4000
    clients = {}

    def renew():
        client = socket.create_connection(("127.0.0.1", port), timeout=5)
        client.setblocking(False)
        clients[client] = 0

    for _ in range(count):
        renew()
    started.set()
    turn, turns = 0, 50
    # Spread over the half second: a burst would hold the core of the client that measures.
    while not stopped.wait(0.5 / turns):
        turn += 1
        for client in list(clients)[turn % turns::turns]:
            place = clients[client]
            try:
                if client in select.select([client], [], [], 0)[0]:
                    raise OSError("answered or closed")
                client.send(head[place:place + 1])
                clients[client] = place + 1
            except OSError:
                client.close()
                del clients[client]
                renew()


def dripping(drippers, connections, rate):
    """p99 of others without and with drippers, and the ratio."""
    inner = fixed_rate(connections, rate)

    def measure(stage, server, seconds):
        calm = inner(stage, server, seconds)
        started, stopped = multiprocessing.Event(), multiprocessing.Event()
        client = multiprocessing.Process(target=_drip, args=(server.port, drippers, stage.client_core, started, stopped))
        client.start()
        try:
            if not started.wait(10):
                raise Invalid("the drippers could not connect")
            busy = inner(stage, server, seconds)
        finally:
            stopped.set()
            client.join(5)
        return {"p99": busy["p99"], "calm": calm["p99"], "times": busy["p99"] / calm["p99"]}

    return measure


# MARK: Memory


def _open(server, count):
    """Connections on which one request was answered; the next is not sent."""
    request = PAGE_REQUEST.format(server.peer.path("page")).encode()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    clients = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        clients.append(context.wrap_socket(client) if server.tls else client)
        clients[-1].sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < len(content.PAGE):
            piece = clients[-1].recv(65_536)
            if not piece:
                raise Invalid(f"closed connection {len(clients)}: {answer[:80]!r}")
            answer += piece
    return clients


def idle_memory(count):
    """Resident memory for each open, silent connection, and what is left of it after all were closed."""

    def measure(stage, server, seconds):
        for client in _open(server, 100):
            client.close()
        time.sleep(0.5)
        before = server.memory_bytes()
        clients = _open(server, count)
        time.sleep(1)
        during = server.memory_bytes()
        for client in clients:
            client.close()
        time.sleep(2)
        after = server.memory_bytes()
        grown = max(during - before, 1)
        return {"bytes": (during - before) / count, "total": during, "kept": max(0, after - before) / grown * 100}

    return measure


def start(stage, key):
    """From the start of the process to the first accepted connection, then memory and CPU time while nothing is asked."""
    with stage.run(key, step=0.0005) as server:
        content.ask(server, "GET", server.peer.path("page"))
        # At rest is when the log is written and what was kept for a next request has been given up: both once, within a
        # second of the last request. Whatever wakes by a clock still shows.
        time.sleep(1.5)
        cpu = server.cpu_seconds()
        time.sleep(1)
        return {
            "start": server.start_seconds * 1e3, "memory": server.memory_bytes(),
            "idle": (server.cpu_seconds() - cpu) * 1e3,
        }


# MARK: Instruments


def system_calls(requests, connections=8):
    """System calls a request, counted by strace on the running server."""

    def measure(stage, server, seconds):
        report = pathlib.Path(stage.folder) / "strace"
        pids = [part for pid in server.pids() for part in ("-p", str(pid))]
        tracer = subprocess.Popen(
            [machine.find("strace"), "-f", "-c", "-qq", "-o", report, *pids], preexec_fn=machine.on_core(stage.client_core))
        time.sleep(1)
        try:
            done = load.exactly(stage, server, server.peer.path("page"), connections, requests)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(10)
        calls = parse_strace(report.read_text())
        return {"calls": sum(calls.values()) / done.count, "names": _most(calls, done.count)}

    return measure


def parse_strace(text):
    """Calls by name."""
    calls = {}
    for line in text.splitlines():
        parts = line.split()
        if len(parts) >= 5 and parts[0][0].isdigit() and parts[-1] != "total":
            calls[parts[-1]] = int(parts[3])
    if not calls:
        raise Invalid("strace saw nothing: " + text[-200:])
    return calls


def _most(calls, count):
    frequent = sorted(calls.items(), key=lambda item: -item[1])[:4]
    return ", ".join(f"{name} {number / count:.2f}" for name, number in frequent if number / count >= 0.01)


def instructions(few, many, connections=8):
    """User instructions a request by callgrind: two runs of a stripped copy with different counts; start and end cancel out."""

    def total(stage, key, count):
        report = pathlib.Path(stage.folder) / "callgrind.out"
        report.unlink(missing_ok=True)
        tool = [machine.find("valgrind"), "--tool=callgrind", f"--callgrind-out-file={report}", "--fair-sched=yes",
                "--vgdb=no"]
        with stage.run(key, wrapper=tool, is_single=True, seconds=120, step=0.2) as server:
            load.exactly(stage, server, server.peer.path("page"), connections, count)
            server.process.send_signal(signal.SIGTERM)
            try:
                server.process.wait(30)
            except subprocess.TimeoutExpired as error:
                raise Invalid("does not end under valgrind") from error
            found = re.search(r"(?:Collected|refs:)\s*:?\s*([\d,]+)", server.log.read_text(errors="replace"))
            if not found:
                raise Invalid("callgrind: " + server.log.read_text(errors="replace")[-200:])
            return int(found.group(1).replace(",", ""))

    def measure(stage, key):
        return {"instructions": (total(stage, key, many) - total(stage, key, few)) / (many - few)}

    return measure


def prepare_half_capacity(stage):
    """Half of what the product answers on 50 connections, rounded down to a hundred requests a second."""
    with stage.run("motcua") as server:
        load.wrk(stage, server, server.peer.path("page"), 50, 1)
        done = load.wrk(stage, server, server.peer.path("page"), 50, 2)
    stage.half_capacity = int(done.count / done.seconds / 2 // 100 * 100)
    return f"half of the product's capacity on 50 connections in this run: {stage.half_capacity:,} requests/s"
