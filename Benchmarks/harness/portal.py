"""The release build's demonstration on free loopback ports, and what a client does to it."""
import base64
import json
import os
import pathlib
import re
import subprocess
import urllib.parse
import urllib.request

from .load import parse_wrk

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build/release/motcua"
ANY = "127.0.0.1:0"


class Portal:
    """A running demonstration; its data lies in `data`."""

    def __init__(self, data):
        self.data = data
        self.process = subprocess.Popen(
            [str(PROGRAM), "serve", "--demo", "--data", data, "--public", ANY, "--desk", ANY, "--operations", ANY,
             "--bank", ANY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        if not any(line.startswith("ready after") for line in self.process.stdout):
            raise SystemExit("the portal does not start")
        with open(os.path.join(data, "demo.json")) as file:
            facts = json.load(file)
        self.address, self.key = facts["addresses"]["public"], facts["partnerKey"]

    def stop(self):
        """Ends it and returns the last line of `motcua verify`; leaves the program when something was found."""
        self.process.terminate()
        self.process.wait(30)
        done = subprocess.run([str(PROGRAM), "verify", "--data", self.data], capture_output=True, text=True)
        words = done.stdout.strip().splitlines()[-1]
        if done.returncode != 0:
            raise SystemExit(f"motcua verify: {words}")
        return words

    def call(self, path, content=None, **fields):
        """The JSON that the portal answers a partner."""
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        request = urllib.request.Request(
            self.address + path, data=content, headers={"Authorization": "Bearer " + self.key, **fields})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def example(self):
        """A submission as a partner sends it, its papers uploaded before."""
        document = self.call("/api/v1/procedures/1.001193/example")
        document["attachments"] = [self._uploaded(paper) for paper in document.get("attachments", [])]
        return json.dumps(document)

    def _uploaded(self, paper):
        answer = self.call(
            "/api/v1/uploads?name=" + urllib.parse.quote(paper["name"]), base64.b64decode(paper["content"]))
        return {"requirement": paper["requirement"], "name": paper["name"], "sha256": answer["sha256"]}

    def wrk(self, script, clients, seconds):
        """Drives it by a Lua script; a `Load`, and milliseconds of the server's CPU time for each request."""
        before = self._cpu()
        out = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", script, self.address],
            capture_output=True, text=True).stdout
        load = parse_wrk(out)
        if "status " in out:
            raise SystemExit(out[-2000:])
        return load, (self._cpu() - before) * 1000 / load.count

    def _cpu(self):
        """Seconds of CPU time that all its threads have had."""
        words = re.sub(r"^.*\) ", "", pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(), flags=re.S).split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
