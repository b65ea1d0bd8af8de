"""A new version takes over under load, and a service manager's sockets are used: no connection refused, no request lost."""
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Browser"))
from stage import ROOT, Portal, binary, check, finish  # noqa: E402

ROUNDS = 3


class Load:
    """Clients that count what went wrong: some keep their connection, some make one a request, some submit dossiers."""

    def __init__(self, portal):
        self.host = portal.public.split("//")[1]
        self.key = portal.facts["partnerKey"]
        self.example = json.loads(urllib.request.urlopen(portal.public + "/api/v1/procedures/2.000635/example", timeout=10).read())
        self.wrong, self.count, self.codes = [], 0, []
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=work) for work in [self.keep] * 4 + [self.single] * 2 + [self.submit] * 2]

    def start(self):
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(30)

    def note(self, what):
        with self.lock:
            self.wrong.append(what)

    def keep(self):
        connection = http.client.HTTPConnection(self.host, timeout=30)
        while not self.ending.is_set():
            try:
                connection.request("GET", "/lien-he")
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.note(f"kept: {answer.status}")
                if answer.getheader("Connection") == "close":
                    connection.close()
                with self.lock:
                    self.count += 1
            except OSError as error:
                self.note(f"kept: {error!r}")
                connection.close()
            time.sleep(0.002)

    def single(self):
        while not self.ending.is_set():
            try:
                with urllib.request.urlopen(f"http://{self.host}/thu-tuc", timeout=30) as answer:
                    answer.read()
                with self.lock:
                    self.count += 1
            except OSError as error:
                self.note(f"single: {error!r}")
            time.sleep(0.002)

    def submit(self):
        while not self.ending.is_set():
            request = urllib.request.Request(
                f"http://{self.host}/api/v1/dossiers", data=json.dumps(self.example).encode(), method="POST",
                headers={"Authorization": "Bearer " + self.key, "Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    code = json.loads(answer.read())["code"]
                with self.lock:
                    self.codes.append(code)
            except OSError as error:
                self.note(f"submit: {error!r}")
            time.sleep(0.005)


def successor(portal):
    process = subprocess.Popen(
        [binary("motcua"), "serve", "--demo", "--take-over", "--data", portal.data, "--bank", "127.0.0.1:0", "--resources", str(ROOT)],
        stdout=subprocess.PIPE, stderr=open(os.path.join(portal.data, "stderr.log"), "ab"), text=True, cwd=ROOT)
    for line in process.stdout:
        if line.startswith("ready after"):
            return process
    raise SystemExit("the successor ended: " + open(os.path.join(portal.data, "stderr.log")).read()[-2000:])


def takes_over():
    with Portal(extra=["--drain-seconds", "5"]) as portal:
        load = Load(portal)
        load.start()
        time.sleep(1)
        for number in range(ROUNDS):
            started = time.monotonic()
            former, portal.process = portal.process, successor(portal)
            check(former.wait(20) == 0, f"version {number + 1} ended by itself when version {number + 2} served "
                  f"({time.monotonic() - started:.2f} s in all)")
            time.sleep(0.7)
        load.finish()
        check(load.wrong == [], f"{load.count} requests and {len(load.codes)} submissions, none refused or lost {load.wrong[:3]}")
        check(load.count > 200 and len(load.codes) > 20, "there was load all the time")
        check(len(set(load.codes)) == len(load.codes), "every dossier has a code of its own")
        listed, after = set(), ""
        while True:
            page = json.loads(urllib.request.urlopen(urllib.request.Request(
                f"{portal.public}/api/v1/dossiers?limit=100" + (f"&after={after}" if after else ""),
                headers={"Authorization": "Bearer " + load.key}), timeout=10).read())
            listed |= {item["code"] for item in page["items"]}
            after = page.get("next")
            if not after:
                break
        check(set(load.codes) <= listed, "every acknowledged dossier is kept")
        alone = subprocess.run([binary("motcua"), "serve", "--data", portal.data], capture_output=True, text=True, cwd=ROOT)
        check(alone.returncode != 0 and "in use" in alone.stderr, "a second program on the folder is refused")
    nobody = subprocess.run([binary("motcua"), "serve", "--take-over", "--data", "/nowhere"], capture_output=True, text=True, cwd=ROOT)
    check(nobody.returncode != 0 and "nobody serves" in nobody.stderr, "there must be somebody to take over from")


def with_resources(folder, name, change):
    """The product's resources in a folder of their own, changed."""
    copy = pathlib.Path(folder, name)
    for part in ["Templates", "Catalogue", "Public"]:
        shutil.copytree(ROOT / part, copy / part)
    change(copy)
    return ["--resources", str(copy)]


def keeps_the_old_one():
    """A successor that cannot start says why, and the program that serves goes on."""
    with Portal() as portal, tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "bad.pem").write_text("no certificate\n")
        taken = socket.create_server(("127.0.0.1", 0))
        redirect = f"127.0.0.1:{taken.getsockname()[1]}"
        for words, said in [
            (["--tls-certificate", f"{folder}/bad.pem", "--tls-key", f"{folder}/bad.pem"], "bad.pem"),
            (with_resources(folder, "a", lambda at: (at / "Templates/portal/layout.html").write_text("{{nothing}}")), "layout.html"),
            (with_resources(folder, "b", lambda at: (at / "Catalogue/agencies.json5").write_text("{")), "agencies.json5"),
            (with_resources(folder, "c", lambda at: (at / "Catalogue/messages.json5").write_text("{}")), "messages.json5 lacks"),
            (with_resources(folder, "d", lambda at: (at / "Catalogue/openapi.json").unlink()), "openapi.json"),
            (["--resources", "/nowhere"], "Templates"), (["--agency", "H56.31.98"], "H56.31.98"), (["--limits", "x"], "limits"),
            (["--redirect", redirect, "--public-url", "https://a.test"], "redirect: bind"),
        ]:
            failed = subprocess.run([binary("motcua"), "serve", "--demo", "--take-over", "--data", portal.data, "--bank", "127.0.0.1:0", *words],
                                    capture_output=True, text=True, cwd=ROOT, timeout=60)
            check(failed.returncode != 0 and said in failed.stderr, f"a successor cannot start: {failed.stderr.strip()[:120]}")
        # Who had been told to stop would do so in this time.
        time.sleep(1)
        check(portal.process.poll() is None and urllib.request.urlopen(portal.public + "/thu-tuc", timeout=10).status == 200, "the old one goes on serving")
        taken.close()
        former, portal.process = portal.process, successor(portal)
        check(former.wait(20) == 0 and urllib.request.urlopen(portal.public + "/thu-tuc", timeout=10).status == 200, "and a good successor takes over")


def waits_for_no_slow_upload():
    """Requests that come in slowly are told to come again; newcomers do not wait for them."""
    with Portal() as portal:
        host, port = portal.public.removeprefix("http://").split(":")
        upload, head = [socket.create_connection((host, int(port)), timeout=30) for _ in range(2)]
        upload.sendall(b"POST /gop-y HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n")
        head.sendall(b"GET /thu-tuc HTTP/1.1\r\nHost: a\r\n")
        ending = threading.Event()

        def drip():
            while not ending.wait(0.1):
                try:
                    upload.sendall(b"x" * 600)
                except OSError:
                    return
        dripping = threading.Thread(target=drip)
        dripping.start()
        time.sleep(0.5)
        started = time.monotonic()
        former, portal.process = portal.process, successor(portal)
        took = time.monotonic() - started
        check(urllib.request.urlopen(portal.public + "/thu-tuc", timeout=10).status == 200 and took < 7, f"with a slow upload and a slow head newcomers wait {took:.1f} s")
        answers = [client.recv(65536) for client in [upload, head]]
        check(all(answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After: " in answer for answer in answers), "both are asked to come back")
        ending.set()
        dripping.join()
        check(former.wait(20) == 0, "the old one ended in order")


def uses_activated_sockets():
    """As systemd does it: descriptors from 3 on, with names."""
    sockets = []
    for _ in range(3):
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        sockets.append(listening)
    # A client may come before the program does.
    early = socket.create_connection(sockets[1].getsockname(), timeout=20)
    early.sendall(b"GET /lien-he HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    with Portal() as portal:
        # The folder exists now; the demonstration starts again on the sockets.
        portal.process.terminate()
        portal.process.wait(20)
        descriptors = [s.fileno() for s in sockets]
        order = [descriptors[0], descriptors[1], descriptors[2]]

        def place():
            copies = [os.dup(d) for d in order]
            copies = [os.dup2(c, 100 + i) for i, c in enumerate(copies)]
            for i, c in enumerate(copies):
                os.dup2(c, 3 + i)
                os.set_inheritable(3 + i, True)
            os.environ["LISTEN_PID"] = str(os.getpid())
        environment = {**os.environ, "LISTEN_FDS": "3", "LISTEN_FDNAMES": "desk:public:operations"}
        script = 'export LISTEN_PID=$$; exec "$@"'
        portal.process = subprocess.Popen(
            ["/bin/sh", "-c", script, "sh", binary("motcua"), "serve", "--demo", "--data", portal.data, "--bank", "127.0.0.1:0",
             "--resources", str(ROOT)], preexec_fn=place, close_fds=False, env=environment, stdout=subprocess.PIPE,
            stderr=open(os.path.join(portal.data, "stderr.log"), "ab"), text=True, cwd=ROOT)
        for line in portal.process.stdout:
            if line.startswith("ready after"):
                break
        answer = b""
        while piece := early.recv(65536):
            answer += piece
        check(answer.startswith(b"HTTP/1.1 200 "), "a client that came before the program is served")
        facts = json.load(open(os.path.join(portal.data, "demo.json")))["addresses"]
        check(facts["public"].endswith(str(sockets[1].getsockname()[1])) and facts["desk"].endswith(str(sockets[0].getsockname()[1])),
              "the sockets go by their names")
        login = urllib.request.urlopen(facts["desk"] + "/can-bo/dang-nhap", timeout=10)
        check(login.status == 200, "the desk is on its own socket")


takes_over()
keeps_the_old_one()
waits_for_no_slow_upload()
uses_activated_sockets()
finish()
