"""What all servers must answer, and the check before any of them is measured."""
import http.client
import pathlib
import random
import ssl
import subprocess

from .errors import WrongAnswer

PAGE = b"x" * 1024
UPLOAD = b"u" * (1 << 20)
FILES = {"100k": 100 * 1024, "10m": 10 * 1024 * 1024}
# Fields that each server makes by itself, or that say how this one connection goes on.
OWN_FIELDS = {
    "date", "content-length", "content-type", "connection", "keep-alive", "server", "etag", "last-modified",
    "accept-ranges", "transfer-encoding",
}


def make(folder):
    """Writes the files, and certificates for P-256 and RSA-2048."""
    folder = pathlib.Path(folder)
    folder.chmod(0o755)
    (folder / "files").mkdir()
    (folder / "page.html").write_bytes(PAGE)
    for name, size in FILES.items():
        (folder / "files" / name).write_bytes(random.Random(size).randbytes(size))
    for name, kind in {"p256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}.items():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"], check=True, capture_output=True)


def connect(port, tls):
    """A client without doubts about certificates: they are our own."""
    if not tls:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # Who would do with less than the others is not to be measured beside them.
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)


def ask(server, method, path, body=None):
    """Status, fields in order, content."""
    client = connect(server.port, server.tls)
    try:
        client.request(method, path, body=body)
        answer = client.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise WrongAnswer(f"{method} {path}: {error!r}") from error
    finally:
        client.close()


def expected(kind, folder):
    """The content of an answer."""
    if kind == "page":
        return PAGE
    if kind == "upload":
        return f"{len(UPLOAD)}\n".encode()
    return (pathlib.Path(folder) / "files" / kind).read_bytes()


def check(server, kind, folder, fields=()):
    """Raises `WrongAnswer` unless the answer is right in status, content and fields; returns the head's size in bytes."""
    path = server.peer.path(kind)
    method, body = ("POST", UPLOAD) if kind == "upload" else ("GET", None)
    status, got, content = ask(server, method, path, body)
    if status != 200:
        raise WrongAnswer(f"{method} {path}: status {status}")
    want = expected(kind, folder)
    if content != want:
        place = next((i for i, (a, b) in enumerate(zip(content, want)) if a != b), min(len(content), len(want)))
        raise WrongAnswer(f"{method} {path}: {len(content)} bytes of content for {len(want)}, different from byte {place}")
    if kind == "page" and server.peer.has_fields:
        sent = {(name.lower(), value) for name, value in got}
        absent = [name for name, value in fields if (name.lower(), value) not in sent]
        if absent:
            raise WrongAnswer(f"{method} {path}: without {', '.join(absent)}")
    return len("HTTP/1.1 200 OK\r\n\r\n") + sum(len(name) + len(value) + 4 for name, value in got)


def shared_fields(server):
    """What the product's page says beside its content: every other server is told to say the same."""
    status, fields, _ = ask(server, "GET", server.peer.path("page"))
    if status != 200:
        raise WrongAnswer(f"GET {server.peer.path('page')}: status {status}")
    return [(name, value) for name, value in fields if name.lower() not in OWN_FIELDS]
