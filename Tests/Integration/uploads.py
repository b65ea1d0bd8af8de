"""Uploads that are cut: anywhere on the line, by kill -9, behind nginx, by a full disk. Nothing is lost, at most one chunk
is sent twice, and content goes to the disk as it arrives.

Usage: uploads.py [rounds]
"""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Browser"))
from stage import Portal, check, finish, free_port  # noqa: E402

CHUNK = 256 << 10


def wait_for(port, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on {port}")


def pdf(seed, size):
    return (b"%PDF-1.7\n" + random.Random(seed).randbytes(size))[:size]


class Client:
    """Speaks the protocol on sockets of its own, so that it can be cut after any byte."""

    def __init__(self, portal, address=None):
        self.portal = portal
        self.address = address
        self.sent = 0

    def netloc(self):
        return urllib.parse.urlparse(self.address or self.portal.public).netloc

    def ask(self, method, path, fields=None, body=None):
        connection = http.client.HTTPConnection(self.netloc(), timeout=20)
        connection.request(method, path, body, {"Authorization": "Bearer " + self.portal.facts["partnerKey"], **(fields or {})})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers, data

    def begin(self, length=None, **fields):
        head = {"Upload-Complete": "?0", **{name.replace("_", "-"): value for name, value in fields.items()}}
        if length is not None:
            head["Upload-Length"] = str(length)
        status, headers, data = self.ask("POST", "/api/v1/uploads?name=giay.pdf", head)
        if status != 201:
            raise SystemExit(f"no upload was begun: {status} {data[:200]}")
        return headers["Location"]

    def offset(self, path):
        status, headers, _ = self.ask("HEAD", path)
        if status != 200:
            raise SystemExit(f"HEAD is {status}")
        return int(headers["Upload-Offset"]), headers["Upload-Complete"] == "?1"

    def patch(self, path, offset, content, completes, cut=None, chunked=False, pace=0.0):
        """Sends content; `cut` closes the line after that many of its bytes. Returns status, headers, data; None when cut."""
        host, port = self.netloc().split(":")
        head = (f"PATCH {path} HTTP/1.1\r\nHost: {self.netloc()}\r\nAuthorization: Bearer {self.portal.facts['partnerKey']}\r\n"
                f"Content-Type: application/partial-upload\r\nUpload-Offset: {offset}\r\nUpload-Complete: {'?1' if completes else '?0'}\r\n")
        head += "Transfer-Encoding: chunked\r\n\r\n" if chunked else f"Content-Length: {len(content)}\r\n\r\n"
        try:
            s = socket.create_connection((host, int(port)), timeout=20)
        except OSError:
            return None
        try:
            s.sendall(head.encode())
            end = len(content) if cut is None else cut
            for start in range(0, end, 16384):
                piece = content[start:min(start + 16384, end)]
                s.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                self.sent += len(piece)
                if pace:
                    time.sleep(pace)
            if cut is not None:
                return None
            if chunked:
                s.sendall(b"0\r\n\r\n")
            return reply(s)
        except OSError:
            try:
                return reply(s)
            except (OSError, http.client.HTTPException):
                return None
        finally:
            s.close()


def reply(s):
    answer = http.client.HTTPResponse(s, method="PATCH")
    answer.begin()
    return answer.status, answer.headers, answer.read()


def finished(answer, content, what):
    digest = hashlib.sha256(content).hexdigest()
    good = answer is not None and answer[0] == 201 and json.loads(answer[2])["sha256"] == digest
    check(good, f"{what}: what was kept is what was sent" + ("" if good else f" ({answer and (answer[0], answer[2][:200])})"))
    check(good and answer[1]["Repr-Digest"] == "sha-256=:" + base64.b64encode(bytes.fromhex(digest)).decode() + ":", f"{what}: its digest is told")


def by_curl(portal):
    """Begin, go on, end: with nothing but curl."""
    content = pdf(1, 700_000)
    with tempfile.TemporaryDirectory() as folder:
        rest = os.path.join(folder, "rest")
        key = "Authorization: Bearer " + portal.facts["partnerKey"]
        begun = subprocess.run(["curl", "-sSi", "-X", "POST", "-H", key, "-H", "Upload-Complete: ?0", portal.public + "/api/v1/uploads?name=a.pdf"], capture_output=True, text=True).stdout
        path = re.search(r"(?i)location: (\S+)", begun).group(1)
        for start, end, complete in [(0, 300_000, "?0"), (300_000, 700_000, "?1")]:
            pathlib.Path(rest).write_bytes(content[start:end])
            answer = subprocess.run(["curl", "-sSi", "-X", "PATCH", "-H", key, "-H", "Content-Type: application/partial-upload", "-H", f"Upload-Offset: {start}",
                                     "-H", f"Upload-Complete: {complete}", "--data-binary", "@" + rest, portal.public + path], capture_output=True, text=True).stdout
        check("201 Created" in answer and hashlib.sha256(content).hexdigest() in answer, "curl uploads in two pieces")


def rules(portal):
    client = Client(portal)
    status, headers, _ = client.ask("OPTIONS", "/api/v1/uploads")
    check(status == 204 and headers["Accept-Patch"] == "application/partial-upload" and "max-size=10485760" in headers["Upload-Limit"], "OPTIONS tells the limits")
    content = pdf(2, 400_000)
    path = client.begin(len(content))
    check(client.ask("HEAD", path, {"Authorization": "Bearer x"})[0] == 401, "a stranger learns nothing")
    status, headers, data = client.patch(path, 5, content[5:], True)
    check(status == 409 and headers["Upload-Offset"] == "0" and json.loads(data)["expected-offset"] == 0, "a wrong offset is 409 with the right one")
    check(client.patch(path, 0, content + b"x", True)[0] == 400, "more than was told is 400")
    check(client.ask("PATCH", path, {"Upload-Offset": "0", "Upload-Complete": "?0", "Content-Type": "text/plain"}, b"x")[0] == 415, "another media type is 415")
    check(client.ask("PATCH", path, {"Content-Type": "application/partial-upload"}, b"x")[0] == 400, "no offset is 400")
    check(client.patch(path, 0, content[:1000], False, chunked=True)[0] == 204, "a chunked piece is kept")
    finished(client.patch(path, 1000, content[1000:], True, chunked=True), content, "chunked")
    check(client.offset(path) == (len(content), True), "who missed the end finds it")
    check(client.patch(path, len(content), b"", True)[0] == 400 and client.patch(path, len(content), b"x", True)[0] == 400, "nothing can be added to it")
    status, _, data = client.ask("GET", path)
    check(status == 200 and json.loads(data)["file"]["sha256"] == hashlib.sha256(content).hexdigest(), "GET tells the file")
    check(client.ask("DELETE", path)[0] == 204 and client.ask("HEAD", path)[0] == 404, "a deleted upload is gone")
    path = client.begin()
    check(client.patch(path, 0, b"MZ" * 1000, True)[0] == 422 and client.ask("HEAD", path)[0] == 404, "what is no paper is refused and forgotten")
    path = client.begin(Repr_Digest="sha-256=:" + base64.b64encode(bytes(32)).decode() + ":")
    check(client.patch(path, 0, content, True)[0] == 422, "a wrong digest is refused")
    large = client.ask("POST", "/api/v1/uploads?name=a.pdf", {"Upload-Complete": "?0", "Upload-Length": str(11 << 20)})
    check(large[0] == 413 and "max-size" in large[1]["Upload-Limit"], "more than 10 MB is 413 with the limit")
    path = client.begin()
    endless = client.patch(path, 0, pdf(3, 11 << 20), False, chunked=True)
    check(endless is None or endless[0] == 413, "chunks without end are stopped")
    check(client.ask("HEAD", path)[0] == 404, "and what they began is forgotten")
    paths = []
    while True:
        status, headers, data = client.ask("POST", "/api/v1/uploads?name=a.pdf", {"Upload-Complete": "?0"})
        if status != 201 or len(paths) > 64:
            break
        paths.append(headers["Location"])
    check(status == 429 and len(paths) == 32, f"unfinished uploads are counted: {len(paths)}, then {status}")
    check(all(client.ask("DELETE", path)[0] == 204 for path in paths), "and can be given up")
    log = open(os.path.join(portal.data, "access.jsonl")).read()
    check(paths[0].rsplit("/", 1)[1] not in log, "the log does not name them")


def takes_over(portal):
    """A client that thinks its line dead goes on while the server still waits for the rest."""
    client = Client(portal)
    content = pdf(4, 900_000)
    path = client.begin(len(content))
    host, port = client.netloc().split(":")
    s = socket.create_connection((host, int(port)), timeout=20)
    s.sendall((f"PATCH {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {portal.facts['partnerKey']}\r\nContent-Type: application/partial-upload\r\n"
               f"Upload-Offset: 0\r\nUpload-Complete: ?1\r\nContent-Length: {len(content)}\r\n\r\n").encode() + content[:300_000])
    spool, deadline = pathlib.Path(portal.data, "spool"), time.monotonic() + 20
    while sum(f.stat().st_size for f in spool.glob("partial-*")) < 300_000 and time.monotonic() < deadline:
        time.sleep(0.02)
    reached, _ = client.offset(path)
    check(reached == 300_000, f"what arrived of a request that still waits is told: {reached}")
    finished(client.patch(path, reached, content[reached:], True), content, "taken over")
    try:
        s.sendall(content[300_000:400_000])
        answer = s.recv(200)
    except OSError:
        answer = b""
    check(b" 409 " in answer.split(b"\r\n")[0] or answer == b"", "the request that was taken over is refused")
    s.close()


def cut_anywhere(portal, rounds, address=None, name="the line", chunk=CHUNK, piece=None):
    """`piece` is how much the client sends in one request; behind a buffering proxy that is what a cut costs."""
    chance = random.Random(20261124)
    worst = cuts = 0
    for number in range(rounds):
        client = Client(portal, address)
        content = pdf(100 + number, chance.randrange(1, 3 << 20) + 20)
        path = client.begin(len(content) if number % 2 else None)
        offset, cut_count = 0, chance.randrange(1, 5)
        while True:
            before = client.sent
            end = min(len(content), offset + piece) if piece else len(content)
            cut = chance.randrange(0, end - offset) if cut_count > 0 and end > offset else None
            answer = client.patch(path, offset, content[offset:end], end == len(content), cut, chunked=number % 3 == 0)
            if answer is None:
                cut_count -= 1
                cuts += 1
                # Nobody knows of a broken line sooner: without this the question may overtake the request that was cut.
                time.sleep(0.1)
                reached, _ = client.offset(path)
                if reached < offset:
                    check(False, f"the offset went back from {offset} to {reached}")
                worst = max(worst, client.sent - before - (reached - offset))
                offset = reached
            elif answer[0] == 204 or answer[0] == 409 and "Upload-Offset" in answer[1]:
                # 409: the request that was cut arrived after the question; the answer says where to go on.
                offset = int(answer[1]["Upload-Offset"])
            else:
                break
        if answer[0] != 201 or json.loads(answer[2])["sha256"] != hashlib.sha256(content).hexdigest():
            check(False, f"{name}, round {number}: {answer[0]} {answer[2][:200]}")
    check(cuts >= rounds and worst <= chunk, f"{rounds} uploads cut {cuts} times on {name}: at most {worst} bytes were sent twice")


def killed(portal, rounds):
    """kill -9 in the middle of a PATCH: of all content in one request, and of one chunk a request."""
    chance = random.Random(9)
    worst = 0
    for number in range(rounds):
        piece = CHUNK if number % 2 else None
        client = Client(portal)
        content = pdf(500 + number, 3 << 20)
        path = client.begin(len(content))
        offset = kills = 0
        while True:
            killer = None
            if kills < 2:
                killer = subprocess.Popen([sys.executable, "-c", f"import os,time; time.sleep({chance.uniform(0.05, 0.25)}); os.kill({portal.process.pid}, 9)"])
            while True:
                before = client.sent
                end = min(len(content), offset + piece) if piece else len(content)
                answer = client.patch(path, offset, content[offset:end], end == len(content) and kills == 2, pace=0.004)
                if answer is None or answer[0] != 204 or end == len(content):
                    break
                offset = end
            if not killer:
                break
            kills += 1
            killer.wait()
            portal.process.wait()
            portal.start()
            reached, complete = client.offset(path)
            if complete or reached < offset:
                check(False, f"after a kill the offset is {reached} after {offset}, complete {complete}")
            if piece:
                worst = max(worst, client.sent - before - (reached - offset))
            offset = reached
        finished(answer, content, f"kill -9, round {number}, {'chunk by chunk' if piece else 'in one request'}")
    check(worst <= CHUNK, f"kill -9 in the middle: at most {worst} bytes were sent twice")


def killed_at_the_end(portal, rounds):
    """kill -9 about when the last byte arrives: the upload is complete, or can be completed."""
    chance = random.Random(10)
    for number in range(rounds):
        client = Client(portal)
        content = pdf(900 + number, 600_000)
        path = client.begin()
        client.patch(path, 0, content[:599_000], False)
        killer = threading.Timer(chance.uniform(0.0, 0.015), portal.process.kill)
        killer.start()
        client.patch(path, 599_000, content[599_000:], True)
        killer.join()
        portal.process.wait()
        portal.start()
        offset, complete = client.offset(path)
        if complete:
            data = client.ask("GET", path)[2]
            check(json.loads(data)["file"]["sha256"] == hashlib.sha256(content).hexdigest(), f"killed at the end, round {number}: it was complete")
        else:
            finished(client.patch(path, offset, content[offset:], True), content, f"killed at the end at {offset}, round {number}")


def behind_nginx(portal, rounds):
    for buffering in ["off", "on"]:
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            config = f"""
daemon off; {"user root;" if os.getuid() == 0 else ""} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; client_max_body_size 12m;
    location / {{ proxy_pass {portal.public}; proxy_http_version 1.1; proxy_request_buffering {buffering};
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; }} }} }}
"""
            path = os.path.join(folder, "nginx.conf")
            pathlib.Path(path).write_text(config)
            process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", path, "-p", folder], stderr=subprocess.DEVNULL)
            try:
                wait_for(port)
                cut_anywhere(portal, rounds, f"http://127.0.0.1:{port}", f"nginx, request buffering {buffering}", piece=CHUNK)
            finally:
                process.send_signal(signal.SIGQUIT)
                process.wait(20)


def resident(portal):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{portal.process.pid}/status").read()).group(1)) << 10


class Watch:
    """The most memory that is resident meanwhile, looked at a hundred times a second."""

    def __init__(self, portal):
        self.portal = portal
        self.before = self.largest = resident(portal)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(0.01):
            self.largest = max(self.largest, resident(self.portal))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    @property
    def growth(self):
        return self.largest - self.before


def stays_small(portal):
    """50 MB of uploads at once, and a form of 50 MB: memory does not grow with them; they are on the disk as they arrive."""
    client = Client(portal)
    finished(client.patch(client.begin(), 0, pdf(7, 10 << 20), True), pdf(7, 10 << 20), "10 MB")
    form(portal, [pdf(6, 9 << 20)])
    paths = [client.begin() for _ in range(5)]
    lines = []
    for number, path in enumerate(paths):
        host, port = client.netloc().split(":")
        s = socket.create_connection((host, int(port)), timeout=20)
        s.sendall((f"PATCH {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {portal.facts['partnerKey']}\r\nContent-Type: application/partial-upload\r\n"
                   f"Upload-Offset: 0\r\nUpload-Complete: ?1\r\nContent-Length: {10 << 20}\r\n\r\n").encode())
        lines.append((s, pdf(number, 10 << 20)))
    with Watch(portal) as watch:
        for start in range(0, 10 << 20, 512 << 10):
            for s, content in lines:
                s.sendall(content[start:start + (512 << 10)])
        for s, content in lines:
            answer = http.client.HTTPResponse(s, method="PATCH")
            answer.begin()
            if json.loads(answer.read()).get("sha256") != hashlib.sha256(content).hexdigest():
                check(False, "one of five uploads at once is not what was sent")
            s.close()
    check(watch.growth < 8 << 20, f"five uploads of 10 MB at once grow memory by {watch.growth >> 10} KB")
    with Watch(portal) as watch:
        status = form(portal, [pdf(number, 10 << 20) for number in range(5)])
    check(status in (303, 422), f"a form with 50 MB of papers is answered: {status}")
    check(watch.growth < 8 << 20, f"a form with 50 MB of papers grows memory by {watch.growth >> 10} KB")


def half_sent(portal):
    """Twelve posts of JSON that stop after 15 of 16 MB: memory for them has a bound, who comes beyond it gets 503, and all of
    it is given back when they go."""
    client = Client(portal)
    host, port = client.netloc().split(":")
    head = (f"POST /api/v1/dossiers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {portal.facts['partnerKey']}\r\nIdempotency-Key: k\r\n"
            f"Content-Type: application/json\r\nContent-Length: {16 << 20}\r\n\r\n").encode()
    before = resident(portal)
    lines, refused = [], 0
    for _ in range(12):
        s = socket.create_connection((host, int(port)), timeout=20)
        lines.append(s)
        try:
            s.sendall(head)
            for _ in range(240):
                s.sendall(b" " * 65536)
        except OSError:
            pass
        s.settimeout(0.5)
        try:
            answer = http.client.HTTPResponse(s, method="POST")
            answer.begin()
            refused += answer.status == 503 and "Retry-After" in answer.headers
        except (OSError, http.client.HTTPException):
            pass
    grown = resident(portal) - before
    check(refused >= 10, f"of twelve half-sent posts {refused} are refused with 503 and Retry-After")
    check(grown < 40 << 20, f"half-sent posts of 180 MB grow memory by {grown >> 10} KB")
    for s in lines:
        s.close()
    # The handlers learn of it in their own time.
    body = b"{" + b" " * (15 << 20)
    fields = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    deadline = time.monotonic() + 10
    while (status := client.ask("POST", "/api/v1/dossiers", fields, body)[0]) == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    check(status == 400, f"then a large post is read again: {status}")


def form(portal, papers):
    """Sends papers with a citizen's form, as a browser does."""
    jar = {}

    def ask(method, path, body=None, fields=None):
        connection = http.client.HTTPConnection(urllib.parse.urlparse(portal.public).netloc, timeout=60)
        head = {"Origin": portal.public, **(fields or {})}
        if jar:
            head["Cookie"] = "; ".join(f"{k}={v}" for k, v in jar.items())
        connection.request(method, path, body, head)
        answer = connection.getresponse()
        data = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            jar[name] = value
        return answer.status, answer.headers.get("Location"), data

    def token(data):
        return re.search(r'name="csrf" value="([^"]+)"', data).group(1)

    _, _, page = ask("GET", "/thu-tuc/1.001193/nop")
    urlencoded = {"Content-Type": "application/x-www-form-urlencoded"}
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    _, location, _ = ask("POST", "/thu-tuc/1.001193/nop", urllib.parse.urlencode({"csrf": csrf.group(1)} if csrf else {}), urlencoded)
    draft = location.split("/")[2] if location and location.startswith("/nop/") else None
    if not draft:
        raise SystemExit(f"no draft was begun: {location}")
    _, _, page = ask("GET", f"/nop/{draft}/giay-to")
    paper = re.search(r'name="giay" value="([^"]+)"', page).group(1)
    boundary = "b0undary"
    body = b"".join(f"--{boundary}\r\nContent-Disposition: form-data; name=\"{n}\"\r\n\r\n{v}\r\n".encode() for n, v in [("csrf", token(page)), ("giay", paper)])
    for number, content in enumerate(papers):
        body += f"--{boundary}\r\nContent-Disposition: form-data; name=\"tep\"; filename=\"{number}.pdf\"\r\nContent-Type: application/pdf\r\n\r\n".encode() + content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return ask("POST", f"/nop/{draft}/giay-to/tai-len", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})[0]


def holds_back(portal):
    """While the disk stands still the client is held back, and memory does not take what the disk does not."""
    client = Client(portal)
    content = pdf(8, 10 << 20)
    path = client.begin(len(content))
    before = resident(portal)
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fsync", "-e", "inject=fsync:delay_enter=400000", "-p", str(portal.process.pid)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    check(tracer.poll() is None, "strace holds the program")
    host, port = client.netloc().split(":")
    s = socket.create_connection((host, int(port)), timeout=20)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    s.sendall((f"PATCH {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {portal.facts['partnerKey']}\r\nContent-Type: application/partial-upload\r\n"
               f"Upload-Offset: 0\r\nUpload-Complete: ?0\r\nContent-Length: {len(content)}\r\n\r\n").encode())
    s.setblocking(False)
    sent, until = 0, time.monotonic() + 2
    while time.monotonic() < until and sent < len(content):
        try:
            sent += s.send(content[sent:sent + 65536])
        except BlockingIOError:
            time.sleep(0.005)
    grown = resident(portal) - before
    tracer.terminate()
    tracer.wait(20)
    s.close()
    check(sent < len(content) * 3 // 4 and grown < 4 << 20, f"a slow disk holds the client back: {sent >> 10} KB taken in 2 s, {grown >> 10} KB of memory")
    offset, _ = client.offset(path)
    finished(client.patch(path, offset, content[offset:], True), content, "after a slow disk")


def full_disk():
    folder = tempfile.mkdtemp(prefix="motcua-full-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, text=True)
    check(mounted.returncode == 0, "a small file system can be mounted (needs root): " + mounted.stderr.strip())
    if mounted.returncode != 0:
        return
    try:
        portal = Portal(data=folder).start()
        client = Client(portal)
        content = pdf(11, 8 << 20)
        path = client.begin(len(content))
        check(client.patch(path, 0, content[:1 << 20], False)[0] == 204, "there is room at first")
        filler = os.path.join(folder, "filler")
        with open(filler, "wb", buffering=0) as f:
            try:
                while os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize > 2 << 20:
                    f.write(b"\0" * 65536)
            except OSError:
                pass
        answer = client.patch(path, 1 << 20, content[1 << 20:], True)
        check(answer is not None and answer[0] == 503 and "Retry-After" in answer[1], f"a full disk is 503: {answer and answer[0]}")
        offset, complete = client.offset(path)
        check(offset >= 1 << 20 and not complete, f"what was promised stays: {offset}")
        os.remove(filler)
        for _ in range(40):
            offset, _ = client.offset(path)
            answer = client.patch(path, offset, content[offset:], True)
            if answer and answer[0] == 201:
                break
            time.sleep(0.25)
        finished(answer, content, "after a full disk")
        portal.stop()
    finally:
        subprocess.run(["umount", folder])
        shutil.rmtree(folder, ignore_errors=True)


def main():
    for tool in ["curl", "strace"]:
        if not shutil.which(tool):
            raise SystemExit(f"missing: {tool}")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with Portal(extra=["--trusted-proxies", "127.0.0.1"]) as portal:
        by_curl(portal)
        rules(portal)
        takes_over(portal)
        cut_anywhere(portal, rounds * 2)
        behind_nginx(portal, rounds)
        stays_small(portal)
        half_sent(portal)
        holds_back(portal)
        killed(portal, max(4, rounds // 2))
        killed_at_the_end(portal, max(2, rounds // 2))
    full_disk()
    finish()


main()
