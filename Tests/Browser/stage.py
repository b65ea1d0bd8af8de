"""Starts the programs that browser and integration tests use: on free loopback ports, in folders of their own."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def binary(name):
    """The built program; release when asked for by MOTCUA_TEST_BUILD, which the program itself must not see."""
    kind = os.environ.get("TEST_BUILD", "debug")
    path = ROOT / ".build" / kind / name
    if not path.exists():
        raise SystemExit(f"missing: {path}; build it first")
    return str(path)


failures = []


def check(condition, sentence):
    """Says what was checked and remembers what was not so."""
    print(("ok    " if condition else "FAILED"), sentence, flush=True)
    if not condition:
        failures.append(sentence)


def finish():
    """Ends the program: 1 when anything failed."""
    print(f"{'FAILED' if failures else 'passed'}: {len(failures)} failures")
    raise SystemExit(1 if failures else 0)


def need(*tools):
    """Ends the program unless these are installed."""
    for tool in tools:
        if not shutil.which(tool) and not os.path.exists("/usr/sbin/" + tool):
            raise SystemExit(f"missing: {tool}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Portal:
    """A running demonstration."""

    def __init__(self, data=None, extra=(), prefix=()):
        self.own_folder = data is None
        self.data = data or tempfile.mkdtemp(prefix="motcua-")
        self.extra = list(extra)
        self.prefix = list(prefix)
        self.process = None

    def start(self, seconds=60):
        any_port = "127.0.0.1:0"
        self.process = subprocess.Popen(
            [*self.prefix, binary("motcua"), "serve", "--demo", "--data", self.data, "--public", any_port, "--desk", any_port,
             "--operations", any_port, "--bank", any_port, "--resources", str(ROOT), *self.extra],
            stdout=subprocess.PIPE, stderr=open(os.path.join(self.data, "stderr.log"), "ab"), text=True, cwd=ROOT)
        deadline = time.monotonic() + seconds
        for line in self.process.stdout:
            if line.startswith("ready after"):
                break
            if time.monotonic() > deadline:
                raise SystemExit("the portal does not start")
        else:
            raise SystemExit("the portal ended: " + open(os.path.join(self.data, "stderr.log")).read()[-2000:])
        self.facts = json.load(open(os.path.join(self.data, "demo.json")))
        self.public = self.facts["addresses"]["public"]
        self.desk = self.facts["addresses"]["desk"]
        self.operations = self.facts["addresses"]["operations"]
        self.bank = "http://" + self.facts["bank"]["address"]
        for _ in range(200):
            try:
                urllib.request.urlopen(self.bank + "/healthz", timeout=1)
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the bank does not start")

    def officer(self, role):
        return next(o for o in self.facts["officers"] if role in o["role"].split())

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                code = self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise SystemExit("the portal did not stop within 20 s")
            if code != 0:
                raise SystemExit(f"the portal stopped with {code}")
        if self.own_folder:
            shutil.rmtree(self.data, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
