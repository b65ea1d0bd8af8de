"""The operator's commands against real folders: configuration, TLS, backup while serving, restore, verify, rebuild."""
import contextlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Browser"))
from stage import ROOT, Portal, binary, check, finish  # noqa: E402


def motcua(*arguments, environment=None):
    return subprocess.run([binary("motcua"), *arguments], capture_output=True, text=True, cwd=ROOT, env={**os.environ, **(environment or {})}, timeout=120)


def configuration(folder):
    for arguments, environment, said in [
        (["--public", "x"], {}, "is not ADDRESS:PORT"), (["--tls-key", "a"], {}, "belong together"),
        ([], {"MOTCUA_NOPE": "1"}, "MOTCUA_NOPE"), (["--store", "postgresql://u:geheim@h/db"], {}, "only sqlite"),
        (["--trusted-proxies", "x"], {}, "trusted-proxies"), (["--forwarded-by", "x-real-ip"], {}, "x-forwarded-for or forwarded"), (["--config", "/nowhere"], {}, "cannot read"),
    ]:
        answer = motcua("check-config", *arguments, environment=environment)
        check(answer.returncode != 0 and said in answer.stderr, f"check-config {arguments} {environment} is refused")
    path = os.path.join(folder, "c.json5")
    pathlib.Path(path).write_text('{publik: "127.0.0.1:9"}')
    check("publik" in motcua("check-config", "--config", path).stderr, "an unknown key in the file is refused by its name")
    pathlib.Path(path).write_text('{desk: "127.0.0.1:9", public: "127.0.0.1:9", "vnpay-secret": "s3", "vnpay-terminal": "t", "vnpay-payment-url": "u", "vnpay-api-url": "v"}')
    shown = motcua("check-config", "--config", path, "--public", "127.0.0.1:7", environment={"MOTCUA_DESK": "127.0.0.1:8", "MOTCUA_PUBLIC": "127.0.0.1:8"}).stdout
    check("public = 127.0.0.1:7  (flag)" in shown and "desk = 127.0.0.1:8  (environment)" in shown, "flag, then environment, then file")
    check("s3" not in shown and "vnpay-secret = ********" in shown, "secrets are masked")


SETTINGS = {
    "data": "/x", "public": "127.0.0.1:1", "desk": "127.0.0.1:2", "operations": "127.0.0.1:3", "redirect": "127.0.0.1:5",
    "store": "sqlite", "bank": "127.0.0.1:4", "resources": "/y", "public-url": "https://h", "agency": "H56.31.99",
    "trusted-proxies": "10.0.0.0/8", "forwarded-by": "forwarded", "drain-seconds": "3", "limits": "head-seconds=5,connections=100", "vnpay-terminal": "T", "vnpay-payment-url": "http://p", "vnpay-api-url": "http://q"}


def every_setting(folder):
    """Each can come from a flag, the environment and the file, and is shown with where it came from."""
    certificate(folder)
    SETTINGS.update({"tls-certificate": f"{folder}/cert.pem", "tls-key": f"{folder}/key.pem"})
    secret = {"MOTCUA_VNPAY_SECRET": "s3"}
    by_flag = motcua("check-config", "--demo", "--proxy-protocol", "--take-over", *[word for name, value in SETTINGS.items() for word in ("--" + name, value)], environment=secret)
    by_variable = motcua("check-config", environment={
        **secret, "MOTCUA_DEMO": "yes", "MOTCUA_PROXY_PROTOCOL": "yes", "MOTCUA_TAKE_OVER": "yes", **{"MOTCUA_" + name.upper().replace("-", "_"): value for name, value in SETTINGS.items()}})
    path = os.path.join(folder, "all.json5")
    pathlib.Path(path).write_text("// everything\n" + json.dumps({**SETTINGS, "demo": True, "proxy-protocol": True, "take-over": True, "drain-seconds": 3, "vnpay-secret": "s3"}))
    by_file = motcua("check-config", "--config", path)
    for answer, origin in [(by_flag, "flag"), (by_variable, "environment"), (by_file, "file")]:
        lines = answer.stdout.splitlines()
        absent = [name for name, value in {**SETTINGS, "demo": "yes", "proxy-protocol": "yes", "take-over": "yes"}.items() if f"{name} = {value}  ({origin})" not in lines]
        check(answer.returncode == 0 and not absent, f"every setting comes from the {origin}: {absent or answer.stderr}")
        check("s3" not in answer.stdout, f"and the secret is masked ({origin})")
    # A machine that allows few open files is warned of.
    defaults = [line for line in motcua("check-config").stdout.splitlines() if not line.startswith("warning: ")]
    check({line.split(" = ")[0] for line in defaults} == {*SETTINGS, "demo", "proxy-protocol", "take-over", "vnpay-secret"}, "no setting is left out of this test")
    check(all(line.endswith("(default)") for line in defaults), "without anything the defaults are in force")


def mistakes(folder):
    """One sentence on stderr, without the usage; 64 for a wrong setting, 1 for what cannot be done; and nothing is made."""
    absent = os.path.join(folder, "absent")
    path = os.path.join(folder, "wrong.json5")
    for arguments, status, said in [
        (["verify", "--data", absent], 1, "holds no data"), (["rebuild-projections", "--data", absent], 1, "holds no data"),
        (["backup", os.path.join(folder, "b.tar"), "--data", absent], 1, "holds no data"),
        (["restore", os.path.join(folder, "no.tar"), "--data", absent], 1, "no.tar"),
        (["serve", "--data", absent, "--store", "postgresql://u:geheim@h/db"], 64, "only sqlite is available in this build"),
        (["serve", "--data", absent, "--agency", "H56.31.12.XX.lower"], 64, "agency"), (["serve", "--data", "/proc/x"], 1, "cannot be written"),
        (["serve", "--data", absent, "--public-url", "h"], 64, "public-url"),
        (["check-config", "--limits", "head-second=5"], 64, "head-seconds"), (["check-config", "--limits", "head-seconds=0"], 64, "from 1 to 3600"),
        (["check-config", "--limits", "head-seconds"], 64, "NAME=NUMBER"), (["serve", "--data", absent, "--limits", "connections=x"], 64, "connections is a number"), (["check-config", "--tls-certificate", "/no", "--tls-key", "/no"], 64, "/no"),
        (["check-catalogue", "--catalogue", absent], 1, "cannot be read"), (["import-procedures", absent, "--revision", "2026-01-01"], 1, "cannot read"),
        (["create-officer", "aa", "--name", "1", "--roles", "intake", "--data", absent], 1, "name"),
    ]:
        answer = motcua(*arguments)
        is_one_line = answer.stderr.startswith("motcua: ") and answer.stderr.count("\n") == 1 and not answer.stdout
        check(answer.returncode == status and said in answer.stderr and is_one_line and "geheim" not in answer.stderr, f"{arguments[0]}: {answer.stderr.strip()}")
    check(not os.path.exists(absent), "a mistyped folder is not made")
    for arguments in [["--public", "0.0.0.0:0"], ["--public", "[::]:0"], ["--public", "[0:0::0.0.0.0]:0"]]:
        redirected = [*arguments, "--redirect", "127.0.0.1:0", "--tls-certificate", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem"]
        for command in [["check-config"], ["serve", "--data", absent]]:
            answer = motcua(*command, *redirected)
            check(answer.returncode == 64 and "redirect cannot lead to" in answer.stderr and not os.path.exists(absent), f"{command[0]}: {answer.stderr.strip()}")
        check(motcua("check-config", *redirected, "--public-url", "https://h").returncode == 0, "with a public address it is taken")
    few = subprocess.run(["prlimit", "--nofile=100", binary("motcua"), "serve", "--data", absent], capture_output=True, text=True, cwd=ROOT)
    check(few.returncode == 64 and "100 open files are allowed" in few.stderr and not os.path.exists(absent), f"serve: {few.stderr.strip()}")
    few = subprocess.run(["prlimit", "--nofile=100:1024", binary("motcua"), "check-config"], capture_output=True, text=True, cwd=ROOT)
    check("warning: 1024 open files are allowed (ulimit -n): 576 connections instead of 20000" in few.stdout, f"check-config raises the limit, and says what it means: {few.stdout.splitlines()[-1]}")
    few = subprocess.run(["prlimit", "--nofile=1024", binary("motcua"), "check-config", "--limits", "connections=576"], capture_output=True, text=True, cwd=ROOT)
    check(few.returncode == 0 and "warning" not in few.stdout, "what fits is not mentioned")
    for content, said in [('{data: 1.5}', '"data" must be'), ("{data: ", "not JSON5"), ("[1]", "object")]:
        pathlib.Path(path).write_text(content)
        answer = motcua("check-config", "--config", path)
        check(answer.returncode == 64 and said in answer.stderr, f"a file with {content} is refused: {answer.stderr.strip()}")


def starts_and_stops(folder):
    """A stop that comes early is kept; a demonstration that was cut short is finished by the next start."""
    data = os.path.join(folder, "early")
    os.mkdir(data, 0o755)
    os.chmod(data, 0o755)
    for _ in range(5):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen([binary("motcua"), "serve", "--data", data, "--public", f"127.0.0.1:{port}", "--desk", "127.0.0.1:0",
                                    "--operations", "127.0.0.1:0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                pass
        process.terminate()
        try:
            check(process.wait(20) == 0, "a stop at the first accepted connection ends the program in order")
        except subprocess.TimeoutExpired:
            process.kill()
            check(False, "a stop right after the start is lost")
    check(os.stat(data).st_mode & 0o777 == 0o700, "a folder that was open to all is closed")
    portal = Portal().start()
    facts, data = portal.facts, portal.data
    portal.own_folder = False
    check(os.stat(os.path.join(data, "demo.json")).st_mode & 0o777 == 0o600, "demo.json is private")
    portal.stop()
    with contextlib.closing(sqlite3.connect(os.path.join(data, "motcua.sqlite"))) as database:
        database.execute("DELETE FROM officer WHERE login <> (SELECT MIN(login) FROM officer)")
        database.execute("DELETE FROM partner")
        database.commit()
    again = Portal(data=data).start()
    check(again.facts["officers"] == facts["officers"] and again.facts["partnerKey"] == facts["partnerKey"], "the accounts are the same")
    asked = urllib.request.Request(again.public + "/api/v1/dossiers", headers={"Authorization": "Bearer " + facts["partnerKey"]})
    check(urllib.request.urlopen(asked, timeout=10).status == 200, "the partner's key works again")
    for path in ["/ho-so/H00-THU", "/%68o-so/H00-THU/bien-nhan"]:
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(again.public + path, timeout=10)
    again.stop()
    with open(os.path.join(data, "access.jsonl")) as lines:
        log = lines.read()
    check("H00-THU" not in log and '"/ho-so/*"' in log and '"/ho-so/*/bien-nhan"' in log, "the log does not say whose dossier was looked at")
    with contextlib.closing(sqlite3.connect(os.path.join(data, "motcua.sqlite"))) as database:
        logins = {row[0] for row in database.execute("SELECT login FROM officer")}
    check(logins == {officer["login"] for officer in facts["officers"]}, "and so do all officers")
    shutil.rmtree(data, ignore_errors=True)


def hangs_up():
    """SIGHUP never ends the program: one that comes early is done when it serves."""
    data = tempfile.mkdtemp(prefix="motcua-")
    log = os.path.join(data, "access.jsonl")
    address = ["127.0.0.1:0"] * 3
    command = [binary("motcua"), "serve", "--data", data, "--public", address[0], "--desk", address[1], "--operations", address[2], "--resources", str(ROOT)]

    def is_new(before):
        return any((os.path.exists(log) and os.stat(log).st_ino != before) or time.sleep(0.1) for _ in range(100))
    for when in ["the folder is held", "it says that it is ready"]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        if when == "the folder is held":
            while process.poll() is None and not os.path.exists(os.path.join(data, "lock")):
                pass
            process.send_signal(signal.SIGHUP)
        lines = iter(process.stdout.readline, "")
        ready = any(line.startswith("ready after") for line in lines)
        if ready and when != "the folder is held":
            process.send_signal(signal.SIGHUP)
            os.rename(log, log + ".old")
            former = os.stat(log + ".old").st_ino
            process.send_signal(signal.SIGHUP)
            check(is_new(former), "and the log file is opened again")
        process.terminate()
        check(process.wait(20) == 0 and ready, f"SIGHUP when {when} ends nothing")
    shutil.rmtree(data, ignore_errors=True)


def watched(*arguments):
    """Runs a command whose stderr is a terminal; returns what it shows there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([binary("motcua"), *arguments], stdout=subprocess.DEVNULL, stderr=theirs, cwd=ROOT)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(60), shown.decode()


def certificate(folder):
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], capture_output=True)
    check(made.returncode == 0, "a certificate can be made")


def pays_over_tls(portal, context):
    """The bank's call reaches a portal whose certificate is its own authority."""
    example = urllib.request.urlopen(portal.public + "/api/v1/procedures/2.000635/example", context=context, timeout=10).read()
    receipt = json.loads(urllib.request.urlopen(urllib.request.Request(portal.public + "/api/v1/dossiers", data=example, method="POST", headers={
        "Authorization": "Bearer " + portal.facts["partnerKey"], "Idempotency-Key": "tls", "Content-Type": "application/json"}), context=context, timeout=10).read())
    page = urllib.request.urlopen(receipt["payment"]["payAt"], timeout=10).read().decode()
    token = page.split('name="ma" value="')[1].split('"')[0]
    body = urllib.parse.urlencode({"ma": token, "viec": "paid"}).encode()
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    back = opener.open(portal.bank + "/paymentv2/tra-tien", data=body, timeout=20)
    check("Đã trả phí" in back.read().decode(), "the bank's signed call settles over TLS before the browser is back")


def over_tls(folder):
    certificate(folder)
    with Portal(extra=["--tls-certificate", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem"]) as portal:
        check(portal.public.startswith("https://"), "the addresses say https")
        answer = urllib.request.urlopen(portal.public + "/", context=ssl.create_default_context(cafile=f"{folder}/cert.pem"), timeout=10)
        check(answer.status == 200 and "max-age" in answer.headers["Strict-Transport-Security"], "HTTPS is served, with HSTS")
        pays_over_tls(portal, ssl.create_default_context(cafile=f"{folder}/cert.pem"))
        certificate(folder)
        portal.process.send_signal(signal.SIGHUP)
        status = None
        for _ in range(50):
            try:
                status = urllib.request.urlopen(portal.public + "/", context=ssl.create_default_context(cafile=f"{folder}/cert.pem"), timeout=10).status
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        check(status == 200, "after SIGHUP the new certificate is shown")
    wrong = motcua("serve", "--data", f"{folder}/x", "--tls-certificate", "/nowhere", "--tls-key", "/nowhere")
    check(wrong.returncode != 0 and "/nowhere" in wrong.stderr, "a missing certificate is named")


def data_commands(folder):
    portal = Portal().start()
    key = portal.facts["partnerKey"]
    example = urllib.request.urlopen(portal.public + "/api/v1/procedures/1.001193/example", timeout=10).read()

    def submit(number):
        request = urllib.request.Request(portal.public + "/api/v1/dossiers", data=example, method="POST", headers={
            "Authorization": "Bearer " + key, "Idempotency-Key": f"k{number}", "Content-Type": "application/json"})
        return urllib.request.urlopen(request, timeout=10).status

    check(all(submit(n) == 201 for n in range(20)), "twenty submissions")
    archive = os.path.join(folder, "backup.tar")
    during = threading.Thread(target=lambda: [submit(n) for n in range(20, 60)])
    during.start()
    backup = motcua("backup", archive, "--data", portal.data)
    during.join(60)
    check(backup.returncode == 0, "backup works while the portal serves: " + backup.stderr)
    check(os.stat(archive).st_mode & 0o777 == 0o600, "the backup is private")
    check(motcua("backup", archive, "--data", portal.data).returncode != 0, "a backup is never overwritten")
    check("in use" in motcua("verify", "--data", portal.data).stderr, "verify does not touch a folder in use")
    check("in use" in motcua("serve", "--data", portal.data).stderr, "a second program does not serve the folder")
    kept = portal.data
    portal.own_folder = False
    portal.stop()
    check("60 dossiers" in motcua("verify", "--data", kept).stdout, "verify finds everything")
    status, shown = watched("verify", "--data", kept)
    check(status == 0 and re.search(r"dossiers: 60/60, \d+/s, 0 s left", shown), "progress is shown to who watches: done, rate, time left")
    check("60/60" not in motcua("verify", "--data", kept).stderr, "and to nobody else")
    target = os.path.join(folder, "restored")
    restored = motcua("restore", archive, "--data", target)
    count = int(restored.stdout.split()[0]) if restored.returncode == 0 else -1
    check(20 <= count <= 60, f"restore brings back what was there: {restored.stdout or restored.stderr}")
    check(motcua("restore", archive, "--data", target).returncode != 0, "restore does not write over a folder")
    check(motcua("rebuild-projections", "--data", target).returncode == 0, "projections are rebuilt")
    check(", 0 findings" in motcua("verify", "--data", target).stdout, "and verify finds nothing wrong")
    made = motcua("create-officer", "moi", "--name", "Lê Văn Mới", "--roles", "intake,clerk", "--data", target)
    check(made.returncode == 0 and made.stdout.startswith("moi  "), "an officer is made with a random password")
    check(motcua("create-officer", "moi", "--name", "Lê Văn Mới", "--roles", "intake", "--data", target).returncode != 0, "but not twice")
    paper = next(p for p in pathlib.Path(target, "attachments").rglob("*") if p.is_file())
    paper.write_bytes(b"%PDF-other")
    tampered = motcua("verify", "--data", target)
    check(tampered.returncode != 0 and "WRONG" in tampered.stdout, "a changed paper is found")
    # The demonstration goes on with the same accounts after a restart.
    again = Portal(data=kept).start()
    check(again.facts["partnerKey"] == key, "a restart keeps the demonstration's accounts")
    again.stop()
    shutil.rmtree(kept, ignore_errors=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        configuration(folder)
        every_setting(folder)
        mistakes(folder)
        starts_and_stops(folder)
        hangs_up()
        over_tls(folder)
        data_commands(folder)
    finish()


main()
