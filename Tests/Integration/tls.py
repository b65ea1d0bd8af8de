"""TLS of the running portal: certificates by name and kind of key, sessions, reload under load, redirect, sslyze and testssl.sh.

The certificates come from an authority of the test's own, which sslyze and testssl.sh are told to trust. What such an authority
lacks (stapled OCSP answers, CAA records in a DNS) is not judged.
"""
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Browser"))
from stage import ROOT, Portal, binary, check, finish, free_port  # noqa: E402


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, **more)


class Authority:
    """An authority with what it issues, in one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.trusted = f"{folder}/authority.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365", "-subj", "/CN=Test authority",
                     "-addext", "keyUsage=critical,keyCertSign", "-keyout", f"{folder}/authority.key", "-out", self.trusted)

    def openssl(self, *arguments):
        made = run("openssl", *arguments)
        if made.returncode != 0:
            raise SystemExit(made.stderr)

    def issue(self, title, name, rsa=False):
        base = f"{self.folder}/{title}"
        kind = ["rsa:2048"] if rsa else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self.openssl("req", "-new", "-newkey", *kind, "-nodes", "-subj", f"/CN={title}", "-keyout", base + ".key", "-out", base + ".csr")
        pathlib.Path(base + ".ext").write_text(
            f"subjectAltName=DNS:{name},IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            "extendedKeyUsage=serverAuth\nauthorityInfoAccess=OCSP;URI:http://ocsp.test/\n")
        self.openssl("x509", "-req", "-in", base + ".csr", "-CA", self.trusted, "-CAkey", f"{self.folder}/authority.key", "-set_serial",
                     "0x7" + os.urandom(15).hex(), "-days", "90", "-extfile", base + ".ext", "-out", base + ".pem")
        return ["--tls-certificate", base + ".pem", "--tls-key", base + ".key"]

    def context(self, version=None):
        context = ssl.create_default_context(cafile=self.trusted)
        if version:
            context.minimum_version = context.maximum_version = version
        return context


class Line:
    """A connection of a client that trusts the authority."""

    def __init__(self, port, context, name="localhost", session=None):
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = context.wrap_socket(plain, server_hostname=name, session=session, suppress_ragged_eofs=False)
        self.subject = dict(pair[0] for pair in self.tls.getpeercert()["subject"])["commonName"]

    def get(self, path="/healthz", ends=False):
        """The answer's head and content."""
        self.tls.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{'Connection: close' if ends else 'Accept: */*'}\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.more()
        head, content = received.split(b"\r\n\r\n", 1)
        length = int(next(line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")))
        while len(content) < length:
            content += self.more()
        return head.decode(), content

    def more(self):
        received = self.tls.recv(65536)
        if not received:
            raise OSError("closed")
        return received

    def close(self):
        self.tls.close()


def settings(folder, authority):
    def said(*arguments, environment=None):
        done = run(binary("motcua"), "check-config", *arguments, cwd=ROOT, env={**os.environ, **(environment or {})})
        return done.returncode, done.stdout + done.stderr

    one, two = authority.issue("one", "one.test"), authority.issue("two", "two.test")
    check(said(*one, *two)[0] == 0, "two certificates are taken")
    check("belong together: 2 of one, 1 of the other" in said(*one, *two[:2])[1], "a certificate without its key is refused")
    code, words = said("--tls-certificate", one[1], "--tls-key", two[3])
    check(code != 0 and one[1] in words and two[3] in words and "does not belong" in words, "a foreign key is named with its certificate")
    twin = authority.issue("twin", "one.test")
    code, words = said(*one, *twin)
    check(code != 0 and "are both for one.test" in words, "two certificates of one kind for one name are refused")
    os.chmod(twin[3], 0o644)
    check("mode 0600" in said(*twin)[1], "a key that everybody may read is refused")
    path = f"{folder}/c.json5"
    pathlib.Path(path).write_text(json.dumps({"tls-certificate": [one[1], two[1]], "tls-key": [one[3], two[3]], "redirect": "127.0.0.1:9"}))
    check(said("--config", path)[0] == 0, "the file holds lists")
    check(said(environment={"MOTCUA_TLS_CERTIFICATE": f"{one[1]},{two[1]}", "MOTCUA_TLS_KEY": f"{one[3]}, {two[3]}"})[0] == 0, "the environment too")
    check("no issuer" in said(*one)[1], "a missing issuer is mentioned")
    check("needs tls-certificate" in said("--redirect", "127.0.0.1:9")[1], "a redirect to nowhere is refused")
    check("needs tls-certificate" in said("--redirect", "127.0.0.1:9", "--public-url", "http://a.test")[1], "a redirect to plain HTTP as well")
    check(said("--redirect", "127.0.0.1:9", "--public-url", "https://a.test")[0] == 0, "behind a proxy that ends TLS a redirect is fine")


def names_and_keys(port, authority):
    context = authority.context()
    check(Line(port, context, "localhost").subject == "first", "the first certificate is shown for its name")
    check(Line(port, context, "other.test").subject == "second", "and the second for its own")
    try:
        Line(port, context, "unknown.test")
        check(False, "an unknown name is found wrong by the client")
    except ssl.SSLCertVerificationError as error:
        check("match" in str(error) or "mismatch" in str(error), "an unknown name is found wrong by the client")
    for algorithms, kind in [("rsa_pss_rsae_sha256:RSA+SHA256", "RSA"), ("ECDSA+SHA256", "ECDSA")]:
        for version in ["-tls1_2", "-tls1_3"]:
            told = run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", "-sigalgs", algorithms, version, stdin=subprocess.DEVNULL)
            check(f"Peer signature type: {kind}" in told.stdout, f"a client that knows {algorithms} only ({version}) is shown {kind}")


def sessions(port, authority, portal):
    for version, name in [(ssl.TLSVersion.TLSv1_2, "1.2"), (ssl.TLSVersion.TLSv1_3, "1.3")]:
        context = authority.context(version)
        line = Line(port, context)
        line.get()
        again, session = 0, line.tls.session
        for turn in range(20):
            if turn == 10:
                portal.process.send_signal(signal.SIGHUP)
            line = Line(port, context, session=session)
            line.get()
            again += line.tls.session_reused
            session = line.tls.session
        check(again == 20, f"TLS {name}: {again} of 20 sessions are resumed, half of them after a reload")


def reload_under_load(port, authority, portal):
    """Kept and new connections while certificates change: nobody is dropped, and the new ones are shown at the end."""
    problems, done, lock = [], threading.Event(), threading.Lock()
    counts = {"kept": 0, "new": 0}

    def client(keeps):
        context = authority.context()
        try:
            line = Line(port, context)
            while not done.is_set():
                if not keeps:
                    line = Line(port, context)
                if line.get()[1] != b"ok\n":
                    raise OSError("another answer")
                with lock:
                    counts["kept" if keeps else "new"] += 1
                if not keeps:
                    line.close()
        except (OSError, StopIteration) as error:
            problems.append(repr(error))

    threads = [threading.Thread(target=client, args=(number < 4,)) for number in range(8)]
    for thread in threads:
        thread.start()
    log = os.path.join(portal.data, "stderr.log")
    before = open(log).read().count("certificates read again")
    for turn in range(10):
        authority.issue("first", "localhost")
        portal.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while open(log).read().count("certificates read again") + open(log).read().count("not read again") <= before + turn and time.monotonic() < deadline:
            time.sleep(0.01)
    done.set()
    for thread in threads:
        thread.join(30)
    read = open(log).read().count("certificates read again") - before
    check(read == 10 and not problems, f"{counts} answers during {read} reloads, no connection dropped: {problems[:3]}")
    broken = pathlib.Path(authority.folder, "first.pem")
    kept = broken.read_text()
    broken.write_text("nothing")
    portal.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while "not read again" not in open(log).read() and time.monotonic() < deadline:
        time.sleep(0.02)
    check(any("not read again" in line and "first.pem" in line for line in open(log)), "a broken file is logged by its name")
    check(Line(port, authority.context()).get()[1] == b"ok\n", "and the old certificate goes on")
    broken.write_text(kept)


def ends(port, authority):
    line = Line(port, authority.context())
    line.get(ends=True)
    check(line.tls.recv(10) == b"", "a connection ends with close_notify")
    for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = authority.context(version).wrap_bio(inward, outward, server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
            def pump(step):
                while True:
                    try:
                        return step()
                    except ssl.SSLWantReadError:
                        plain.sendall(outward.read())
                        received = plain.recv(65536)
                        inward.write(received) if received else inward.write_eof()
            pump(tls.do_handshake)
            tls.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            try:
                tls.unwrap()
            except ssl.SSLWantReadError:
                pass
            plain.sendall(outward.read())
            plain.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := plain.recv(65536):
                received += chunk
            inward.write(received)
            check(b"ok\n" in tls.read(65536), f"{version.name}: who says that nothing more follows still gets the answer")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        check(plain.recv(4096).startswith(b"HTTP/1.1 400 ") and plain.recv(10) == b"", "plain HTTP on the TLS port gets a plain 400")


def redirect(port, plain_port, authority):
    def curl(*arguments):
        return run("curl", "-sS", "--max-time", "20", "--cacert", authority.trusted, *arguments).stdout

    secure, plain = f"https://127.0.0.1:{port}", f"http://127.0.0.1:{plain_port}"
    head = curl("-I", "-H", "Host: evil.test", plain + "/thu-tuc?tu-khoa=a")
    check("301 " in head and f"Location: {secure}/thu-tuc?tu-khoa=a\n" in head, "plain HTTP is led to the same path of the public URL, whatever Host says")
    check("strict-transport-security" not in head.lower(), "without HSTS, which means nothing there")
    check("Strict-Transport-Security: max-age=31536000; includeSubDomains" in curl("-I", secure + "/"), "HSTS comes over TLS")
    check(curl("-o", "/dev/null", "-w", "%{http_code}", "-d", "a=b", plain + "/gop-y") == "405", "a POST in the clear is refused")
    check(curl(plain + "/healthz") == "ok\n" and curl(plain + "/readyz") == "ready\n", "health is told in the clear")
    followed = curl("-L", "-o", "/dev/null", "-w", "%{http_code} %{url_effective}", plain + "/tra-cuu")
    check(followed == f"200 {secure}/tra-cuu", f"who follows arrives: {followed}")


def scanners(port, authority, folder):
    told = run(sys.executable, "-m", "sslyze", "--certinfo_ca_file", authority.trusted, "--mozilla_config", "intermediate", f"localhost:{port}", timeout=240)
    check(told.returncode == 0 and "OK - Compliant" in told.stdout, "sslyze: Mozilla's intermediate profile: " + told.stdout[-400:].split("details.")[-1].strip())
    report = f"{folder}/testssl.json"
    # It saves a session by `openssl s_client -sess_out FILE </dev/null`, which leaves at the end of its input, before a TLS 1.3
    # ticket has come: the server can only send one after the client's last message. On a busy machine no file is written in more
    # than half of the attempts, with nginx as with us (81 and 78 of 120), and the next s_client, which cannot open it, looks like a
    # connection that failed. Sessions are judged above, 20 of 20, by a client that stays.
    def missed(finding):
        return finding["id"] == "sessionresumption_ticket" and finding["finding"] == "check failed because of connect problem"

    # Other time-outs of the scanner's own clients: it looks again.
    for _ in range(3):
        pathlib.Path(report).unlink(missing_ok=True)
        told = run("testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--add-ca", authority.trusted, "--jsonfile", report,
                   "-p", "-s", "-f", "-P", "-S", "-h", "-U", f"https://localhost:{port}", timeout=400)
        findings = json.load(open(report))
        if not any("connect problem" in f["finding"] and not missed(f) for f in findings):
            break
    check(len(findings) > 100, f"testssl.sh looked at {len(findings)} things")
    # GOST needs an engine of the scanner's own OpenSSL; the authority has neither a responder nor a DNS.
    unjudged = ("engine_problem", "OCSP_stapling", "DNS_CAArecord")
    if any(missed(f) for f in findings):
        print("note  testssl.sh could not try session tickets itself", flush=True)
    found = [f"{f['id']} {f['severity']} {f['finding']}" for f in findings
             if f["severity"] not in ("OK", "INFO") and not f["id"].startswith(unjudged) and not missed(f)]
    check(not found, f"testssl.sh finds nothing: {found}")
    check("NOT ok" not in told.stdout, "and calls nothing NOT ok")


def main():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        settings(folder, authority)
        plain_port = free_port()
        pairs = authority.issue("first", "localhost") + authority.issue("rsa", "localhost", rsa=True) + authority.issue("second", "other.test")
        with Portal(extra=pairs + ["--redirect", f"127.0.0.1:{plain_port}"]) as portal:
            port = int(portal.public.rsplit(":", 1)[1])
            names_and_keys(port, authority)
            sessions(port, authority, portal)
            ends(port, authority)
            redirect(port, plain_port, authority)
            reload_under_load(port, authority, portal)
            scanners(port, authority, folder)
    finish()


main()
