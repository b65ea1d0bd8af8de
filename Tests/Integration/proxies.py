"""curl, nginx and HAProxy against the running portal: as reverse proxies with health checks and kept connections."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Browser"))
from stage import Portal, check, finish, free_port  # noqa: E402


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], capture_output=True, text=True)


def raw(address, request, seconds=5):
    host, port = re.match(r"http://([^:]+):(\d+)", address).groups()
    with socket.create_connection((host, int(port)), timeout=seconds) as s:
        s.sendall(request)
        received = b""
        try:
            while chunk := s.recv(65536):
                received += chunk
        except TimeoutError:
            pass
    return received


def wait_for(port, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on {port}")


def by_curl(portal):
    head = curl("-I", portal.public + "/")
    check("200 OK" in head.stdout and "etag" in head.stdout.lower(), "HEAD / has an ETag")
    etag = re.search(r"(?i)etag: (\S+)", head.stdout).group(1)
    check(curl("-o", "/dev/null", "-w", "%{http_code}", "-H", f"If-None-Match: {etag}", portal.public + "/").stdout == "304", "the ETag gives 304")
    check("gzip" in curl("-I", "-H", "Accept-Encoding: gzip", portal.public + "/").stdout, "pages are compressed")
    check(curl("-o", "/dev/null", "-w", "%{http_code}", "-X", "DELETE", portal.public + "/").stdout == "405", "DELETE / is 405")
    check("GET" in curl("-i", "-X", "OPTIONS", portal.public + "/").stdout, "OPTIONS / names the methods")
    check(raw(portal.public, b"OPTIONS / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 2"), "HAProxy's default check is answered")
    check(raw(portal.public, b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 2"), "OPTIONS * is answered")
    smuggled = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
    check(raw(portal.public, smuggled).count(b"HTTP/1.1 ") == 1, "length with chunks is refused and the connection closed")
    page = raw(portal.public, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").decode()
    check("400" in page.splitlines()[0] and "không đọc được" in page, "a refusal of the wire is a page in Vietnamese")
    for path in ["/static/../Package.swift", "/static/%2e%2e/Package.swift", "/static/..%2fPackage.swift", "/%00", "/static//etc/passwd"]:
        code = curl("-o", "/dev/null", "-w", "%{http_code}", "--path-as-is", portal.public + path).stdout
        check(code in ("400", "404"), f"{path} is {code}")
    for address in [portal.public, portal.desk, portal.operations]:
        check(curl(address + "/healthz").stdout == "ok\n" and curl(address + "/readyz").stdout == "ready\n", f"{address} is well")
    kept = curl("-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects} ", portal.public + "/thu-tuc", portal.public + "/healthz")
    check(kept.stdout == "1 0 ", f"two requests take one connection: {kept.stdout}")


REQUESTS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000


def kinds(portal):
    """Requests of every kind with the statuses that are right for them."""
    page = urllib.request.urlopen(portal.public + "/lien-he", timeout=10)
    text = page.read().decode()
    style = re.search(r'href="(/static/site\.[^"]+\.css)"', text).group(1)
    key = {"Authorization": "Bearer " + portal.facts["partnerKey"]}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return [
        ("GET", "/", {"Accept-Encoding": "gzip"}, None, {200}), ("GET", "/thu-tuc", {"Accept-Encoding": "br, gzip"}, None, {200}),
        ("GET", "/lien-he", {"If-None-Match": page.headers["ETag"]}, None, {304}), ("HEAD", "/lien-he", {}, None, {200}),
        ("GET", style, {"Range": "bytes=0-99"}, None, {206}), ("GET", style, {}, None, {200}), ("GET", "/khong-co", {}, None, {404}),
        ("POST", "/gop-y", form, b"noi-dung=" + b"x" * 2000, {403}), ("GET", "/api/v1/statistics", {}, None, {200}),
        ("POST", "/api/v1/uploads?name=a.pdf", key, b"%PDF-1.7\n" + b"x" * 100_000, {201}), ("OPTIONS", "/", {}, None, {200, 204}),
        ("DELETE", "/lien-he", {}, None, {405}), ("GET", "/thu-tuc/1.001193/x", {}, None, {301, 303, 308}),
    ]


def hammer(address, requests, count, wrong, lock):
    """One client that keeps its connection."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    for number in range(count):
        method, path, fields, body, expected = requests[number % len(requests)]
        try:
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            answer.read()
            if answer.status not in expected:
                with lock:
                    wrong.append(f"{method} {path}: {answer.status}")
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            with lock:
                wrong.append(f"{method} {path}: {error!r}")


def through(portal, address, name):
    access_log = os.path.join(portal.data, "access.jsonl")
    requests, wrong, lock = kinds(portal), [], threading.Lock()
    threads = [threading.Thread(target=hammer, args=(address, requests, REQUESTS // 4, wrong, lock)) for _ in range(4)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    check(wrong == [], f"{REQUESTS} mixed requests through {name} in {time.monotonic() - started:.0f} s, none wrong {wrong[:3]}")
    # From another loopback address, with claims that must not be believed; a page that nothing else asks for, because
    # the lines of two loops may change places.
    for claim in FORGED:
        before = peers(access_log, "/tiep-can")
        answer = curl("-i", "--interface", "127.0.0.2", *[word for field in claim for word in ("-H", field)], address + "/tiep-can")
        time.sleep(0.6)
        seen = peers(access_log, "/tiep-can")[len(before):]
        check(seen == ["127.0.0.2"], f"behind {name} the log has the client, not what it claims with {claim}: {seen}")
        check(" 200" in answer.stdout and "strict-transport-security" not in answer.stdout.lower(), f"and the line is not taken for a secure one behind {name}")


FORGED = [
    ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https"], ["Forwarded: for=6.6.6.6;proto=https"], ['Forwarded: for=6.6.6.6;proto=https;x="'],
    ["Forwarded: for=6.6.6.6;proto=https", "X-Forwarded-For: 6.6.6.6, 127.0.0.1", "X-Forwarded-Proto: https"], ['X-Forwarded-For: "'],
]


def peers(access_log, path):
    return [json.loads(line)["peer"] for line in open(access_log) if f'"{path}"' in line]


def by_forwarded():
    """Told so, the portal reads Forwarded and nothing else."""
    with Portal(extra=["--trusted-proxies", "127.0.0.1", "--forwarded-by", "forwarded"]) as portal:
        wrong = ["-H", "X-Forwarded-For: 6.6.6.6", "-H", "X-Forwarded-Proto: https"]
        plain = curl("-i", *wrong, portal.public + "/tiep-can")
        secure = curl("-i", *wrong, "-H", 'Forwarded: for=6.6.6.6, for="[2001:DB8::7]:4711";proto=https', portal.public + "/lien-he")
        time.sleep(0.6)
        log = os.path.join(portal.data, "access.jsonl")
        check((peers(log, "/tiep-can"), peers(log, "/lien-he")) == (["127.0.0.1"], ["2001:db8::7"]), "with forwarded-by forwarded the other fields say nothing")
        found = ["strict-transport-security" in answer.stdout.lower() for answer in (plain, secure)]
        check(found == [False, True], f"of the scheme neither: {found}")


def behind_nginx(portal, folder):
    port = free_port()
    target = portal.public.removeprefix("http://")
    config = f"""
daemon off; {"user root;" if os.getuid() == 0 else ""} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream portal {{ server {target} max_fails=1; keepalive 8; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://portal; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; }} }} }}
"""
    path = os.path.join(folder, "nginx.conf")
    pathlib.Path(path).write_text(config)
    process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", path, "-p", folder], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        through(portal, f"http://127.0.0.1:{port}", "nginx")
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(20)


def behind_haproxy(portal, folder):
    port, stats = free_port(), free_port()
    target = portal.public.removeprefix("http://")
    config = f"""
global
  maxconn 200
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  option http-keep-alive
  option forwardfor
  http-reuse always
frontend f
  bind 127.0.0.1:{port}
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  default_backend plain
frontend s
  bind 127.0.0.1:{stats}
  stats enable
  stats uri /
backend plain
  option httpchk
  server one {target} check inter 200
backend ready
  option httpchk GET /readyz
  http-check expect status 200
  server two {target} check inter 200
"""
    path = os.path.join(folder, "haproxy.cfg")
    pathlib.Path(path).write_text(config)
    process = subprocess.Popen([shutil.which("haproxy") or "/usr/sbin/haproxy", "-f", path, "-db"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        time.sleep(1)
        table = urllib.request.urlopen(f"http://127.0.0.1:{stats}/;csv", timeout=5).read().decode().splitlines()
        for backend, server in [("plain", "one"), ("ready", "two")]:
            row = next(line.split(",") for line in table if line.startswith(f"{backend},{server},"))
            check(row[17] == "UP", f"HAProxy's check of {backend} says {row[17]}")
        through(portal, f"http://127.0.0.1:{port}", "HAProxy")
    finally:
        process.terminate()
        process.wait(20)


def counts_clients(portal):
    """Each client has its number of connections, whoever carries them."""
    host, port = re.match(r"http://([^:]+):(\d+)", portal.public).groups()
    answers, connections = [], []
    for client in ["203.0.113.7"] * 5 + ["203.0.113.8"]:
        s = socket.create_connection((host, int(port)), timeout=10)
        connections.append(s)
        s.sendall(f"PROXY TCP4 {client} 10.0.0.1 1 2\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        try:
            answers.append(s.recv(65536)[:12])
        except ConnectionResetError:
            answers.append(b"")
    check(answers == [b"HTTP/1.1 200"] * 3 + [b"", b"", b"HTTP/1.1 200"], f"behind PROXY headers three connections of a client are kept, no more {answers}")
    for s in connections:
        s.close()
    figures = urllib.request.urlopen(portal.operations + "/metrics", timeout=5).read().decode()
    rejected = [line for line in figures.splitlines() if "rejected" in line and 'listener="public"' in line and "address" in line]
    check(rejected and rejected[0].endswith(" 2"), f"the others are counted: {rejected}")


def with_proxy_protocol(folder):
    """HAProxy in TCP mode says who the client is, in both versions of the PROXY protocol."""
    for word in ["send-proxy", "send-proxy-v2"]:
        with Portal(extra=["--trusted-proxies", "127.0.0.1", "--proxy-protocol", "--limits", "connections-per-address=3"]) as portal:
            port = free_port()
            path = os.path.join(folder, f"{word}.cfg")
            pathlib.Path(path).write_text(f"""
global
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen l
  bind 127.0.0.1:{port}
  server one {portal.public.removeprefix("http://")} {word}
""")
            process = subprocess.Popen([shutil.which("haproxy") or "/usr/sbin/haproxy", "-f", path, "-db"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_for(port)
                answer = curl("--interface", "127.0.0.3", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{port}/lien-he")
                time.sleep(0.6)
                lines = [json.loads(line) for line in open(os.path.join(portal.data, "access.jsonl")) if '"/lien-he"' in line]
                check(answer.stdout == "200" and lines and lines[-1]["peer"] == "127.0.0.3", f"{word}: the log has the client")
                check(curl(portal.public + "/").returncode != 0, f"{word}: who does not say for whom it speaks is closed")
                forged = b"GET /tiep-can HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
                raw(portal.public, b"PROXY UNKNOWN\r\n" + forged)
                time.sleep(0.6)
                seen = peers(os.path.join(portal.data, "access.jsonl"), "/tiep-can")
                check(seen == ["127.0.0.1"], f"{word}: without a client in the header its fields say nothing {seen}")
                counts_clients(portal)
            finally:
                process.terminate()
                process.wait(20)


def stops_well(portal):
    """SIGTERM while a request is in progress: it is finished, the program ends with 0."""
    host, port = re.match(r"http://([^:]+):(\d+)", portal.public).groups()
    s = socket.create_connection((host, int(port)), timeout=10)
    body = b"x" * 100
    s.sendall(b"POST /gop-y HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n" + body[:50])
    time.sleep(0.3)
    portal.process.terminate()
    time.sleep(0.3)
    s.sendall(body[50:])
    received = b""
    while chunk := s.recv(65536):
        received += chunk
    check(received.startswith(b"HTTP/1.1 403"), "a request in progress at SIGTERM is answered")
    check(portal.process.wait(20) == 0, "the program ends with 0")


def main():
    for tool in ["curl"]:
        if not shutil.which(tool):
            raise SystemExit(f"missing: {tool}")
    with tempfile.TemporaryDirectory() as folder:
        portal = Portal(extra=["--trusted-proxies", "127.0.0.1"]).start()
        by_curl(portal)
        behind_nginx(portal, folder)
        behind_haproxy(portal, folder)
        stops_well(portal)
        shutil.rmtree(portal.data, ignore_errors=True)
        by_forwarded()
        with_proxy_protocol(folder)
    finish()


main()
