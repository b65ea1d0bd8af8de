"""A disk that fails to flush, and a disk that is full, under the running portal."""
import http.cookiejar
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Browser"))
from stage import Portal, check, finish  # noqa: E402

NOTHING_LOST = "Không có gì đã nộp bị mất"


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], capture_output=True, text=True)


class Partner:
    """A system that hands dossiers in and asks what is kept."""

    def __init__(self, portal):
        self.portal = portal
        self.example = curl(portal.public + "/api/v1/procedures/2.000635/example").stdout
        self.key = "Authorization: Bearer " + portal.facts["partnerKey"]

    def submit(self, key):
        return curl("-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "-H", "Content-Type: application/json", "-H", f"Idempotency-Key: {key}",
                    "-H", self.key, "--data", self.example, self.portal.public + "/api/v1/dossiers").stdout

    def upload(self, path):
        return curl("-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "-H", self.key, "--data-binary", "@" + path,
                    self.portal.public + "/api/v1/uploads?name=to.pdf").stdout

    def kept(self):
        rows = json.loads(curl("-H", self.key, self.portal.public + "/api/v1/dossiers?limit=500").stdout)["items"]
        return [row["idempotencyKey"] for row in rows]


class Citizen:
    """A browser without JavaScript, as far as one draft needs it."""

    def __init__(self, portal):
        self.public = portal.public
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        status, address, page = self.send("/thu-tuc/1.001193/nop", {})
        self.step = urllib.parse.urlparse(address).path
        self.draft = self.step.rsplit("/", 1)[0]
        self.csrf = {"csrf": re.search(r'name="csrf"[^>]*value="([^"]+)"', page).group(1)} if 'name="csrf"' in page else {}
        # The first question that is answered by a name.
        self.question = next(name for name in re.findall(r'<input[^>]* name="([^"]+)"', page) if name.startswith("ten_") or "ten" in name.split("_"))
        check(status == 200, f"a draft is begun; its first name is {self.question}")

    def send(self, path, fields=None, content=None, kind=None):
        data = urllib.parse.urlencode(fields).encode() if fields is not None else content
        request = urllib.request.Request(self.public + path, data=data, headers={"Content-Type": kind} if kind else {})
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, answer.geturl(), answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.geturl(), answer.read().decode()

    def answer(self, name):
        return self.send(self.step, {**self.csrf, self.question: name, "viec": "luu"})

    def upload(self, byte_count):
        mark = "ranh-gioi-cua-bieu-mau"
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in [*self.csrf.items(), ("giay", "giay-to-3")]]
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="tep"; filename="anh.pdf"\r\nContent-Type: application/pdf\r\n\r\n')
        content = "".join(parts).encode() + b"%PDF-1.4\n" + os.urandom(byte_count) + f"\r\n--{mark}--\r\n".encode()
        return self.send(self.draft + "/giay-to/tai-len", content=content, kind=f"multipart/form-data; boundary={mark}")


def fails_to_flush():
    """fsync and fdatasync fail from the start of writing: clear refusals, reading goes on, nothing half-kept."""
    portal = Portal().start()
    partner = Partner(portal)
    check(partner.submit("before") == "201", "a submission before the disk fails is kept")
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO", "-p", str(portal.process.pid)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    check(tracer.poll() is None, "strace holds the program: " + (tracer.stderr.read()[:200] if tracer.poll() is not None else ""))
    check(partner.submit("during") == "503", "while flushing fails a submission is 503")
    check(curl("-o", "/dev/null", "-w", "%{http_code}", portal.public + "/thu-tuc").stdout == "200", "reading goes on")
    check(curl("-o", "/dev/null", "-w", "%{http_code}", portal.public + "/readyz").stdout == "503", "readiness says no")
    check(curl(portal.public + "/readyz").stdout == "the store cannot write\n", "and why")
    check(curl("-o", "/dev/null", "-w", "%{http_code}", portal.public + "/healthz").stdout == "200", "health says yes: the loops turn")
    tracer.terminate()
    tracer.wait(20)
    healed = False
    for _ in range(40):
        if partner.submit("after") == "201":
            healed = True
            break
        time.sleep(0.25)
    check(healed, "submitting heals without a restart")
    check(partner.submit("during") == "201", "the refused submission can be sent again")
    check(sorted(partner.kept()) == ["after", "before", "during"], "each is kept once")
    portal.stop()


def fill(path):
    """Takes all the room that is left."""
    with open(path, "ab", buffering=0) as file:
        for piece in [1 << 16, 512]:
            try:
                while True:
                    file.write(b"\0" * piece)
            except OSError:
                pass


def heals(action):
    return any(action() or time.sleep(0.25) for _ in range(40))


def fills_the_disk():
    """A small file system that is full: 503 with a page, reading goes on, and it heals when there is room again."""
    folder = tempfile.mkdtemp(prefix="motcua-full-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, text=True)
    check(mounted.returncode == 0, "a small file system can be mounted (needs root): " + mounted.stderr.strip())
    if mounted.returncode != 0:
        return
    try:
        portal = Portal(data=folder).start()
        partner, citizen = Partner(portal), Citizen(portal)
        paper = os.path.join(folder, "to.pdf")
        pathlib.Path(paper).write_bytes(b"%PDF-1.4\n" + os.urandom(400_000))
        check(partner.submit("first") == "201", "there is room at first")
        check(citizen.answer("Tên lúc đầu")[0] == 200 and citizen.upload(1000)[0] == 200, "a draft and its paper are kept")
        filler = os.path.join(folder, "filler")
        fill(filler)
        statuses = [partner.submit(f"full-{number}") for number in range(60)]
        fill(filler)
        check("503" in statuses and set(statuses) <= {"201", "503"}, f"a full disk is 503: {sorted(set(statuses))}")
        status, _, page = citizen.upload(400_000)
        check(status == 503 and NOTHING_LOST in page, f"an upload is 503, and the page says that nothing was lost: {status}")
        check(partner.upload(paper) == "503", "so is a partner's")
        status, _, page = citizen.answer("Tên lúc đầy")
        check(status == 503 and NOTHING_LOST in page, f"an answer is 503, and the page says that nothing was lost: {status}")
        check("Tên lúc đầu" in citizen.send(citizen.step)[2], "the draft is shown as it was kept")
        check(curl("-o", "/dev/null", "-w", "%{http_code}", "-L", portal.public + "/thu-tuc/1.001193/x").stdout == "200", "reading goes on")
        check(curl("-o", "/dev/null", "-w", "%{http_code}", portal.public + "/readyz").stdout == "503", "readiness says no")
        check(curl(portal.public + "/readyz").stdout == "the disk is nearly full\n", "and why")
        left = [name for name in os.listdir(os.path.join(folder, "spool")) if name.startswith("upload-")]
        check(not left, f"refused uploads leave nothing behind: {left}")
        os.remove(filler)
        kept = {"first"} | {f"full-{i}" for i, status in enumerate(statuses) if status == "201"}
        check(heals(lambda: partner.submit("healed") == "201"), "with room again submitting heals without a restart")
        check(heals(lambda: citizen.upload(400_000)[0] == 200) and partner.upload(paper) == "201", "so do uploads")
        check(citizen.answer("Tên sau cùng")[0] == 200 and "Tên sau cùng" in citizen.send(citizen.step)[2], "and drafts")
        keys = partner.kept()
        check(kept <= set(keys) and len(keys) == len(set(keys)), "everything acknowledged is there once")
        portal.stop()
    finally:
        subprocess.run(["umount", folder])
        shutil.rmtree(folder, ignore_errors=True)


def main():
    for tool in ["curl", "strace"]:
        if not shutil.which(tool):
            raise SystemExit(f"missing: {tool}")
    fails_to_flush()
    fills_the_disk()
    finish()


main()
