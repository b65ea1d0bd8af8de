"""What is measured, of whom, and what must come of it."""
import dataclasses

from . import load, measures

EVERYONE = ("motcua", "nginx", "nginx-file", "h2o", "go", "nio", "hummingbird", "flyingfox")
EACH = ("motcua", "nginx", "h2o", "go", "nio", "hummingbird", "flyingfox")
FASTEST = ("motcua", "nginx", "h2o", "go", "nio", "hummingbird")
FILES = ("motcua", "motcua-sendfile", "nginx-file", "h2o", "go", "nio", "hummingbird", "flyingfox")


@dataclasses.dataclass(frozen=True)
class Figure:
    """A column: its key in the samples, its heading, its format."""

    key: str
    heading: str
    format: str = "{:,.1f}"
    scale: float = 1


@dataclasses.dataclass(frozen=True)
class Budget:
    """What the product must reach (the numbers of the design): at most `limit`, times the peer's figure where one is named."""

    figure: str
    limit: float
    peer: str | None = None
    is_least: bool = False
    subject: str = "motcua"
    # How the limit is written; with the figure's scale.
    unit: str = ""


@dataclasses.dataclass(frozen=True)
class Case:
    """A table."""

    key: str
    title: str
    peers: tuple
    figures: tuple
    # Called with (stage, running server, seconds), or with (stage, peer's key) when the case starts servers itself.
    measure: object
    budgets: tuple = ()
    # The answer that is checked before measuring.
    kind: str = "page"
    # The figure whose paired ratios stand in the table.
    ratio: str = "cpu"
    tls: str | None = None
    starts_itself: bool = False
    # For what hardly moves, or takes long.
    most_rounds: int = 99
    # A new process for every round, since the last one left its mark.
    is_fresh: bool = False
    prepare: object = None
    # Seconds a round and server beside the measured ones, for estimates.
    fixed_seconds: float = 0
    times: int = 1


RATE = Figure("rate", "requests/s", "{:,.0f}")
CPU = Figure("cpu", "CPU µs/request")
SYSTEM = Figure("system", "of it kernel %", "{:.0f}")
P99 = Figure("p99", "p99 µs", "{:,.0f}")
USUAL = (RATE, CPU, SYSTEM, P99)
LATENCY = (P99, RATE, CPU)
HANDSHAKES = (Figure("rate", "connections/s", "{:,.0f}"), Figure("cpu", "CPU µs/connection"), SYSTEM)
IDLE = (
    Figure("bytes", "bytes/connection", "{:,.0f}"), Figure("total", "memory in all, MB", "{:,.1f}", 1e-6),
    Figure("kept", "kept after close %", "{:.0f}"),
)


def _keep_alive(connections, budgets, peers=EVERYONE):
    title = f"{connections:,} connection{'s' if connections > 1 else ''}, kept alive, 1 KB page"
    return Case(f"keep-alive-{connections}", title, peers, USUAL, measures.throughput("page", connections), budgets)


def _handshakes(key, title, tls, kind, budgets, more=()):
    return Case(key, title, FASTEST, HANDSHAKES + more, measures.handshakes(kind), budgets, tls=tls)


ALL = [
    _keep_alive(1, ()),
    _keep_alive(
        64,
        (Budget("cpu", 1.05, "nginx"), Budget("cpu", 0.75, "nginx-file"), Budget("cpu", 0.60, "nio"),
         Budget("cpu", 0.30, "hummingbird")),
        ("motcua", "motcua-later", "nginx", "nginx-bare", *EVERYONE[2:])),
    _keep_alive(1000, (Budget("cpu", 1.0, "nginx"),)),
    Case("pipelined", "64 connections, 16 requests at a time, 1 KB page", FASTEST, USUAL[:3],
         measures.throughput("page", 64, script=load.PIPELINED), (Budget("cpu", 0.15, "nginx"),)),
    Case("new-connection", "64 clients, a new connection for each request, 1 KB page", EVERYONE[:-1], USUAL,
         measures.throughput("page", 64, ("Connection: close",)), (Budget("cpu", 1.05, "nginx"),)),
    Case("file-100k", "16 connections, 100 KB file", FILES, USUAL, measures.throughput("100k", 16),
         (Budget("cpu", 0.85, "nginx-file"),), kind="100k"),
    Case("file-10m", "4 connections, 10 MB file", ("motcua", *FILES[2:-1]), USUAL,
         measures.throughput("10m", 4), kind="10m", most_rounds=3),
    Case("upload-1m", "8 connections, 1 MB POST, content counted as it comes", ("motcua", "go", "nio", "hummingbird", "flyingfox"),
         (RATE, CPU, SYSTEM, Figure("growth", "memory growth KB/connection", "{:,.0f}", 1 / 1024)), measures.uploads(8),
         (Budget("cpu", 0.65, "go"), Budget("growth", 128 * 1024, unit="KB")), kind="upload"),
    Case("tls-keep-alive-64", "TLS 1.3, P-256, 64 connections, kept alive, 1 KB page", FASTEST, USUAL,
         measures.throughput("page", 64), (Budget("cpu", 0.90, "nginx"),), tls="p256"),
    _handshakes("tls-full-p256", "TLS 1.3 full handshake, P-256, one request, close; 8 clients", "p256", "full",
                (Budget("cpu", 1.1, "nginx"),)),
    _handshakes("tls-full-rsa", "TLS 1.3 full handshake, RSA-2048, one request, close; 8 clients", "rsa", "full",
                (Budget("cpu", 1.0, "nginx"),)),
    _handshakes("tls-resumed", "TLS 1.3 resumed handshake, P-256, one request, close; 8 clients", "p256", "resumed",
                (Budget("resumed", 100, is_least=True, unit="%"),), (Figure("resumed", "resumed %", "{:.1f}"),)),
    Case("latency-10000", "50 connections, 10 000 requests/s, 1 KB page", FASTEST, LATENCY,
         measures.fixed_rate(50, 10_000), (Budget("p99", 1.2, "nginx"), Budget("p99", 0.7, "nio")), ratio="p99"),
    Case("latency-half", "50 connections, half of the product's capacity, 1 KB page", FASTEST, LATENCY,
         measures.fixed_rate(50), ratio="p99", prepare=measures.prepare_half_capacity, most_rounds=3),
    Case("dripping", "20 connections, 2 000 requests/s, while 300 others drip a byte of a head each half second", FASTEST,
         (P99, Figure("calm", "p99 µs without them", "{:,.0f}"), Figure("times", "ratio", "{:.2f}")),
         measures.dripping(300, 20, 2000), (Budget("times", 2),), ratio="times", times=2, fixed_seconds=1, most_rounds=3),
    Case("idle-plain", "10 000 silent connections, one request answered on each", EACH, IDLE, measures.idle_memory(10_000),
         (Budget("bytes", 512, unit="bytes"), Budget("total", 20e6, unit="MB")), ratio="bytes", most_rounds=1, is_fresh=True,
         fixed_seconds=9),
    Case("idle-tls", "2 000 silent TLS connections, one request answered on each", FASTEST, IDLE, measures.idle_memory(2_000),
         (Budget("bytes", 15 * 1024, unit="bytes"),), ratio="bytes", tls="p256", most_rounds=1, is_fresh=True,
         fixed_seconds=9),
    Case("start", "from the start of the process to the first accepted connection; memory; CPU time while idle", EACH,
         (Figure("start", "start ms"), Figure("memory", "memory MB", "{:,.1f}", 1e-6), Figure("idle", "idle CPU ms/s", "{:.2f}")),
         measures.start, (Budget("start", 20, unit="ms"), Budget("memory", 30e6, unit="MB"), Budget("idle", 0.05, unit="ms/s")),
         ratio="start", starts_itself=True, most_rounds=5, fixed_seconds=1.7),
    Case("system-calls", "8 connections, kept alive, 20 000 requests under strace", ("motcua", "motcua-later", *EVERYONE[1:]),
         (Figure("calls", "calls/request", "{:.2f}"), Figure("names", "the most frequent", "{}")),
         measures.system_calls(20_000), (Budget("calls", 2.25),), ratio="calls", most_rounds=1, fixed_seconds=4),
    Case("instructions", "8 connections, kept alive, user instructions by callgrind (4 000 requests less 1 000)",
         ("motcua", "motcua-later", "nginx", "nginx-file", "h2o", "go", "nio"),
         (Figure("instructions", "instructions/request", "{:,.0f}"),), measures.instructions(1_000, 4_000),
         (Budget("instructions", 4_500), Budget("instructions", 8_000, subject="motcua-later")), ratio="instructions",
         starts_itself=True, most_rounds=1, fixed_seconds=5),
]


def named(keys):
    """The cases with these names, in the order of the list; a name that ends in a star stands for all that begin so."""
    for key in keys:
        if not any(_matches(case, key) for case in ALL):
            raise SystemExit(f"no case {key}; Benchmarks/run --list names them")
    return [case for case in ALL if not keys or any(_matches(case, key) for key in keys)]


def _matches(case, key):
    return case.key.startswith(key[:-1]) if key.endswith("*") else case.key == key
