"""Clients that drive a server. Whatever had an error is no figure."""
import dataclasses
import pathlib
import re
import subprocess

from . import build, machine
from .errors import Invalid


@dataclasses.dataclass(frozen=True)
class Load:
    """What a client did."""

    count: int
    seconds: float
    # Time to the answer that 99 of 100 met, in microseconds; None where it was not asked.
    p99: float | None = None


def _run(command, core, seconds):
    try:
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=seconds * 3 + 30,
            preexec_fn=machine.on_core(core))
    except subprocess.TimeoutExpired as error:
        raise Invalid(f"{pathlib.Path(command[0]).name} did not end") from error
    return done.stdout + done.stderr


UNITS = {"us": 1, "ms": 1e3, "s": 1e6, "m": 60e6}


def parse_wrk(text):
    """wrk's words; raises `Invalid` for socket errors and other statuses than 2xx and 3xx."""
    errors = re.search(r"Socket errors: .*", text) or re.search(r"Non-2xx or 3xx responses: \d+", text)
    if errors:
        raise Invalid(errors.group(0))
    total = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m),", text)
    if not total or int(total.group(1)) == 0:
        raise Invalid("no answers: " + text.strip()[-200:])
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", text)
    return Load(
        int(total.group(1)), float(total.group(2)) * UNITS[total.group(3)] / 1e6,
        float(p99.group(1)) * UNITS[p99.group(2)] if p99 else None)


def wrk(stage, server, path, connections, seconds, fields=(), script=None):
    """As many requests as go, on `connections` connections, each one after its answer."""
    command = [machine.find("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "5s"]
    for field in fields:
        command += ["-H", field]
    if script:
        file = pathlib.Path(stage.folder) / "load.lua"
        file.write_text(script)
        command += ["-s", file]
    scheme = "https" if server.tls else "http"
    return parse_wrk(_run([*command, f"{scheme}://127.0.0.1:{server.port}{path}"], stage.client_core, seconds))


# wrk counts every answer; these only write the requests.
PIPELINED = """
local all = ""
init = function(arguments)
  all = string.rep(wrk.format(), 16)
end
request = function() return all end
"""
UPLOAD = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/octet-stream"
wrk.body = string.rep("u", 1048576)
"""


def parse_h2load(text, log, wanted):
    """h2load's words and its log of each answer; raises `Invalid` unless all `wanted` succeeded."""
    counts = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", text)
    if not counts:
        raise Invalid("h2load: " + text.strip()[-200:])
    total, succeeded, failed, errored, late = (int(number) for number in counts.groups())
    statuses = re.search(r"status codes: (\d+) 2xx", text)
    if failed or errored or late or succeeded == 0 or int(statuses.group(1)) != succeeded or (wanted and succeeded != wanted):
        raise Invalid(f"h2load: {counts.group(0)}; {statuses.group(0) if statuses else ''}")
    times, first, last = [], None, 0
    for line in log.splitlines():
        begun, status, took = line.split("\t")[:3]
        begun, took = int(begun), int(took)
        first = begun if first is None else min(first, begun)
        last = max(last, begun + took)
        times.append(took)
    times.sort()
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))] if times else None
    return Load(succeeded, (last - first) / 1e6 if times else 0, p99)


def at_rate(stage, server, path, connections, rate, seconds):
    """`rate` requests a second over all connections. h2load paces each connection by a timer and sends no request before the
    last answer: a server that stalls is asked less (coordinated omission), and differences below 200 microseconds mean
    nothing. Hence the check that the rate was reached."""
    log = pathlib.Path(stage.folder) / "h2load.log"
    log.unlink(missing_ok=True)
    count = rate * seconds // connections * connections
    text = _run(
        [machine.find("h2load"), "--h1", f"-n{count}", f"-c{connections}", "-t1", f"--rps={rate / connections}",
         f"--log-file={log}", f"http://127.0.0.1:{server.port}{path}"], stage.client_core, seconds)
    done = parse_h2load(text, log.read_text() if log.exists() else "", count)
    if done.count / done.seconds < rate * 0.9:
        raise Invalid(f"{done.count / done.seconds:,.0f} requests/s of {rate:,}")
    return done


def exactly(stage, server, path, connections, count, seconds=120):
    """A counted number of requests, kept-alive."""
    text = _run(
        [machine.find("h2load"), "--h1", f"-n{count}", f"-c{connections}", "-t1",
         f"http://127.0.0.1:{server.port}{path}"], stage.client_core, seconds)
    return parse_h2load(text, "", count)


def tls_connections(stage, server, seconds, threads, kind):
    """New TLS connections with one request each; returns the load and the share of resumed ones."""
    text = _run(
        [build.binary("tls-connections"), server.port, server.peer.path("page"), seconds, threads, kind],
        stage.client_core, seconds)
    numbers = text.split()
    if len(numbers) != 4:
        raise Invalid("tls-connections: " + text[-200:])
    count, resumed, failed = (int(number) for number in numbers[:3])
    if failed or count == 0:
        raise Invalid(f"{failed} failed connections of {count + failed}")
    if kind == "full" and resumed:
        raise Invalid(f"{resumed} resumed connections among full handshakes")
    return Load(count, float(numbers[3])), resumed / count
