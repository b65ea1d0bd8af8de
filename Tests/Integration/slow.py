"""slowhttptest's four attacks while wrk and h2load ask for pages: nobody else is disturbed, and the attackers' time
ends. Then the places: what one address may take, and health when all are taken."""
import csv
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Browser"))
from stage import Portal, check, finish, need  # noqa: E402

ATTACKERS = 300
SECONDS = 10
# What the product allows is longer; the attacks must be over while somebody waits.
LIMITS = "silent-seconds=2,head-seconds=4,keep-alive-seconds=4,body-grace-seconds=4,write-seconds=4"
# Generous: a debug build on a busy machine. A server that waits for its attackers needs seconds.
P99 = 1.0
# Head, body and output buffers, the connection itself, and what the allocator keeps for later.
MEMORY = ATTACKERS * 192 * 1024

# What an operator needs to see; their values have tests of their own.
FIGURES = ["motcua_" + name for name in [
    "connections_open", "connections_accepted_total", "connections_rejected_total", "connections_ended_total", "http_requests_total", "http_request_duration_seconds",
    "http_response_bytes_total", "http_refusals_total", "tls_handshakes_total", "loop_turn_seconds", "queue_depth", "store_commits_total",
    "data_free_bytes"]]


def metrics(portal):
    text = urllib.request.urlopen(portal.operations + "/metrics", timeout=10).read().decode()
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.M)}


class Watch(threading.Thread):
    """Asks twice a second how many connections are open and how much memory is in use."""

    def __init__(self, portal):
        super().__init__()
        self.portal, self.samples, self.ending = portal, [], threading.Event()

    def run(self):
        while not self.ending.wait(0.5):
            now = metrics(self.portal)
            self.samples.append((now['motcua_connections_open{listener="public"}'], now["process_resident_memory_bytes"]))

    def end(self):
        self.ending.set()
        self.join()


def others(address, folder):
    """Two gentle crowds: one keeps its pace, one asks as soon as it was answered."""
    log = os.path.join(folder, "h2load.log")
    pathlib.Path(log).unlink(missing_ok=True)
    return log, [
        subprocess.Popen(["h2load", "--h1", "-c", "4", "-D", str(SECONDS), "--rps", "25", "--log-file", log, address + "/thu-tuc"],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True),
        subprocess.Popen(["wrk", "-t", "1", "-c", "2", "-d", f"{SECONDS}s", "--latency", address + "/lien-he"],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)]


def are_served(name, log, crowds):
    paced, eager = [crowd.communicate(timeout=60)[0] for crowd in crowds]
    counts = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", paced)
    rows = [line.split("\t") for line in pathlib.Path(log).read_text().splitlines()]
    times = sorted(int(row[2]) / 1e6 for row in rows)
    p99 = times[len(times) * 99 // 100] if times else 0
    clean = bool(counts) and int(counts[1]) > 0 and counts[1] == counts[2] and {row[1] for row in rows} == {"200"}
    check(clean and p99 < P99, f"{name}: h2load sees {len(rows)} answers, no error, p99 {p99 * 1000:.0f} ms {'' if clean else paced[-600:]}")
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", eager).groups()
    p99 = float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit]
    clean = "Socket errors" not in eager and "Non-2xx" not in eager and int(re.search(r"(\d+) requests in", eager)[1]) > 0
    check(clean and p99 < P99, f"{name}: wrk sees no error, p99 {p99 * 1000:.1f} ms {'' if clean else eager[-600:]}")


def attack(portal, folder, name, path, *arguments):
    """One attack with the others beside it; returns slowhttptest's last words, its table and what was watched."""
    watch = Watch(portal)
    watch.start()
    log, crowds = others(portal.public, folder)
    report = os.path.join(folder, "report")
    attacker = subprocess.run(
        ["slowhttptest", "-c", str(ATTACKERS), "-r", str(ATTACKERS), "-i", "1", "-l", str(SECONDS), "-p", "3", "-g", "-o", report, "-v", "1",
         "-u", portal.public + path, *arguments], capture_output=True, text=True, timeout=60)
    words = re.sub(r"\x1b\[[0-9;]*m", "", attacker.stdout)
    are_served(name, log, crowds)
    watch.end()
    table = list(csv.DictReader(open(report + ".csv")))
    verdicts = set(re.findall(r"service available:\s+(\w+)", words))
    available = {row["Service Available"] for row in table}
    check(verdicts == {"YES"} and available == {str(ATTACKERS)}, f"{name}: slowhttptest found the service available all the time {verdicts}")
    return words, table, watch.samples


def their_time_ends(name, words, samples):
    check(max(int(row) for row, _ in samples) >= ATTACKERS * 0.9, f"{name}: {max(row for row, _ in samples):.0f} connections were open at once")
    check("No open connections left" in words, f"{name}: every attacker was cut off: {re.search('Exit status: (.*)', words)[1]}")


def too_slow(portal):
    return metrics(portal).get('motcua_http_refusals_total{listener="public",reason="too slow"}', 0)


def attacks(folder):
    with Portal(extra=["--limits", LIMITS]) as portal:
        page = urllib.request.urlopen(portal.public + "/lien-he", timeout=10).read().decode()
        style = re.search(r'href="(/static/site\.[^"]+\.css)"', page)[1]
        before = metrics(portal)["process_resident_memory_bytes"]
        words, _, samples = attack(portal, folder, "slow heads", "/thu-tuc", "-H")
        their_time_ends("slow heads", words, samples)
        refused = too_slow(portal)
        check(refused >= ATTACKERS * 0.9, f"slow heads: /metrics names the reason of {refused:.0f} refusals")
        words, _, more = attack(portal, folder, "slow bodies", "/gop-y", "-B", "-s", "8192", "-x", "10")
        their_time_ends("slow bodies", words, more)
        check(too_slow(portal) - refused >= ATTACKERS * 0.9, f"slow bodies: /metrics names the reason of {too_slow(portal) - refused:.0f} refusals")
        samples += more
        # Ten answers in a row, of which the reader takes thirty-two bytes a second.
        words, _, more = attack(portal, folder, "slow reading", style, "-X", "-w", "256", "-y", "512", "-n", "1", "-z", "32", "-k", "10")
        check(max(row for row, _ in more) >= ATTACKERS * 0.9, "slow reading: everybody was connected")
        # slowhttptest does not notice that nobody is there any more: it still reads what the kernel holds.
        check(more[-1][0] <= 16, f"slow reading: {more[-1][0]:.0f} connections are left when the time is over")
        samples += more
        words, table, more = attack(portal, folder, "many ranges", style, "-R", "-t", "GET", "-a", "10", "-b", "3000")
        check(int(table[-1]["Closed"]) > 0 and "No open connections left" in words, "many ranges: everybody was answered and is gone")
        samples += more
        grown = max(memory for _, memory in samples) - before
        check(grown < MEMORY, f"memory grew by {grown / 1e6:.0f} MB at most")


def ask(address, path):
    try:
        with urllib.request.urlopen(address + path, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def health_at_the_cap():
    """Silent connections take all places: health is told on every listener, everybody else is asked to come back."""
    with Portal(extra=["--limits", "connections=20,silent-seconds=300"]) as portal:
        host, port = portal.public.removeprefix("http://").split(":")
        silent = [socket.create_connection((host, int(port)), timeout=10) for _ in range(20)]
        # The loops take them each in its own time.
        check(any(metrics(portal)['motcua_connections_open{listener="public"}'] == 20 or time.sleep(0.1) for _ in range(50)), "silent connections take every place")
        check(ask(portal.public, "/lien-he")[0] == 503, "at the connection cap a page is 503")
        check(ask(portal.public, "/lien-he")[1]["Retry-After"], "and says when to come back")
        for address in [portal.public, portal.desk, portal.operations]:
            check(ask(address, "/healthz")[::2] == (200, "ok\n"), f"at the connection cap {address} says that it is well")
            check(ask(address, "/readyz")[::2] == (200, "ready\n"), "and that it is ready")
        rejected = metrics(portal)['motcua_http_refusals_total{listener="public",reason="too many connections"}']
        text = urllib.request.urlopen(portal.operations + "/metrics", timeout=10).read().decode()
        typed = set(re.findall(r"^# TYPE (\w+) \w+$", text, re.M))
        absent = [name for name in FIGURES if name not in typed]
        check(not absent, f"/metrics tells connections, requests, latency, lag, queues, handshakes and refusals: {absent or 'all'}")
        check(rejected == 2, f"/metrics is answered too, and names the reason of {rejected:.0f} refusals")

        def is_flooded():
            # Those who asked before may still hold a place when the first of these come.
            silent.extend(socket.create_connection((host, int(port)), timeout=10) for _ in range(40))
            time.sleep(0.1)
            return ask(portal.public, "/healthz")[0] == 503
        check(any(is_flooded() for _ in range(20)), "a flood that takes the reserve too is answered by 503 alone")
        for address in [portal.desk, portal.operations]:
            check(ask(address, "/healthz")[::2] == (200, "ok\n") and ask(address, "/readyz")[0] == 200, f"but {address} has its own reserve")
        for connection in silent:
            connection.close()
        check(any(ask(portal.public, "/lien-he")[0] == 200 or time.sleep(0.1) for _ in range(50)), "with places free again pages are served")


def few_descriptors():
    """Where the kernel allows few open files, the cap comes first: nobody waits, and each listener has its reserve."""
    with Portal(extra=["--limits", "silent-seconds=300"], prefix=["prlimit", "--nofile=150"]) as portal:
        host, port = portal.public.removeprefix("http://").split(":")
        silent = [socket.create_connection((host, int(port)), timeout=10) for _ in range(200)]
        check(ask(portal.public, "/lien-he")[0] == 503, "with 150 descriptors and 200 silent connections a page is 503")
        for address in [portal.desk, portal.operations]:
            check(ask(address, "/healthz")[0] == 200 and ask(address, "/readyz")[::2] == (200, "ready\n"), f"but {address} says that it is well")
        for connection in silent:
            connection.close()
        check(any(ask(portal.public, "/lien-he")[0] == 200 or time.sleep(0.1) for _ in range(50)), "with places free again pages are served")
        log = pathlib.Path(portal.data, "stderr.log").read_text()
        check("150 open files are allowed" in log and '"warning"' in log, "the log says that there are fewer connections")
        check("out of file descriptors" not in log, "and there were always descriptors left")


def share_of_one_address():
    """In a network of its own, because loopback is exempt: one address gets its share, another is served beside it."""
    for words in ["link set lo up", "address add 192.0.2.7/32 dev lo", "address add 192.0.2.8/32 dev lo"]:
        subprocess.run(["ip", *words.split()], check=True)
    with Portal(extra=["--public", "192.0.2.7:0", "--limits", "connections-per-address=5,silent-seconds=300"]) as portal:
        host, port = portal.public.removeprefix("http://").split(":")

        def first_line(source):
            with socket.create_connection((host, int(port)), timeout=10, source_address=(source, 0)) as client:
                client.sendall(b"GET /lien-he HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                answer = b""
                while piece := client.recv(65536):
                    answer += piece
            return answer.split(b"\r\n")[0], b"Retry-After: " in answer
        greedy = [socket.create_connection((host, int(port)), timeout=10, source_address=("192.0.2.7", 0)) for _ in range(5)]
        check(any(metrics(portal)['motcua_connections_open{listener="public"}'] == 5 or time.sleep(0.1) for _ in range(50)), "one address takes its share")
        check(first_line("192.0.2.7") == (b"HTTP/1.1 503 Service Unavailable", True), "more from this address is 503 with Retry-After")
        check(first_line("192.0.2.8")[0] == b"HTTP/1.1 200 OK", "another address is served")
        check(metrics(portal)['motcua_connections_rejected_total{listener="public",limit="address"}'] == 1, "and /metrics says what was turned away")
        for connection in greedy:
            connection.close()
        check(any(first_line("192.0.2.7")[0] == b"HTTP/1.1 200 OK" or time.sleep(0.1) for _ in range(50)), "who gives places back is served")
    finish()


def main():
    if sys.argv[1:] == ["share"]:
        return share_of_one_address()
    need("slowhttptest", "wrk", "h2load", "ip", "unshare", "prlimit")
    alone = subprocess.run(["unshare", "--net", sys.executable, __file__, "share"], capture_output=True, text=True, timeout=120)
    print(alone.stdout.rsplit("\n", 2)[0])
    check(alone.returncode == 0, f"the share of one address is held (needs root) {alone.stderr[-500:]}")
    with tempfile.TemporaryDirectory() as folder:
        attacks(folder)
    health_at_the_cap()
    few_descriptors()
    finish()


main()
