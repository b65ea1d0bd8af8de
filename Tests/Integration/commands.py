"""The operator's commands against real folders: configuration, TLS, backup while serving, restore, verify, rebuild."""
import json
import os
import pathlib
import shutil
import signal
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
from stage import ROOT, Portal, binary  # noqa: E402

failures = []


def check(condition, sentence):
    print(("ok    " if condition else "FAILED"), sentence, flush=True)
    if not condition:
        failures.append(sentence)


def motcua(*arguments, environment=None):
    return subprocess.run([binary("motcua"), *arguments], capture_output=True, text=True, cwd=ROOT, env={**os.environ, **(environment or {})})


def configuration(folder):
    for arguments, environment, said in [
        (["--public", "x"], {}, "is not ADDRESS:PORT"), (["--tls-key", "a"], {}, "belong together"),
        ([], {"MOTCUA_NOPE": "1"}, "MOTCUA_NOPE"), (["--store", "postgresql://u:geheim@h/db"], {}, "only sqlite"),
        (["--trusted-proxies", "x"], {}, "trusted-proxies"), (["--config", "/nowhere"], {}, "cannot read"),
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
        over_tls(folder)
        data_commands(folder)
    print(f"{'FAILED' if failures else 'passed'}: {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
