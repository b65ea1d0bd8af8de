"""The servers and how each is started."""
import dataclasses
import hashlib
import pathlib
import random
import tempfile

from . import build, configurations, content, machine, process

PRODUCT = "motcua"


@dataclasses.dataclass(frozen=True)
class Launch:
    """What a server is told."""

    port: int
    loops: int
    folder: str
    # Pairs of name and value that every page carries.
    fields: tuple = ()
    # Certificate and key, or None.
    tls: tuple | None = None
    # Whether the server must be one process, for valgrind.
    is_single: bool = False


def _swift(name):
    def command(launch):
        fields = pathlib.Path(launch.folder) / "fields"
        fields.write_text("".join(f"{name}: {value}\n" for name, value in launch.fields))
        return [build.binary(name), launch.port, launch.loops, launch.folder, fields, *(launch.tls or ())]
    return command


def _nginx(launch):
    return [machine.find("nginx"), "-c", configurations.nginx(launch), "-p", launch.folder, "-e", "stderr"]


def _h2o(launch):
    return [machine.find("h2o"), "-m", "worker", "-c", configurations.h2o(launch)]


@dataclasses.dataclass(frozen=True)
class Peer:
    """A server under a name, with the addresses of its answers."""

    key: str
    name: str
    command: object
    # Pairs of an answer's kind and its address, where that is not the common one.
    paths: tuple = ()
    # Whether its pages carry the shared fields.
    has_fields: bool = True

    def path(self, kind):
        """The address of an answer."""
        common = {"page": "/page", "upload": "/upload", "100k": "/files/100k", "10m": "/files/10m"}
        return dict(self.paths).get(kind, common[kind])


def _kept_file():
    """The product names its static files by their content."""
    size = content.FILES["100k"]
    return "/static/100k." + hashlib.sha256(random.Random(size).randbytes(size)).digest()[:6].hex()


ALL = {
    peer.key: peer
    for peer in [
        Peer(PRODUCT, "Một Cửa", _swift("ServeMotcua"), (("100k", _kept_file()),)),
        Peer("motcua-later", "Một Cửa, handler as a task", _swift("ServeMotcua"), (("page", "/later"),)),
        Peer("motcua-sendfile", "Một Cửa, open file", _swift("ServeMotcua")),
        Peer("nginx", "nginx `return 200`", _nginx),
        Peer("nginx-bare", "nginx `return 200`, its own fields alone", _nginx, (("page", "/bare"),), has_fields=False),
        Peer("nginx-file", "nginx file", _nginx, (("page", "/page.html"),)),
        Peer("h2o", "h2o file", _h2o, (("page", "/page.html"),)),
        Peer("go", "Go net/http", _swift("serve-go")),
        Peer("nio", "SwiftNIO, raw", _swift("ServeNIO")),
        Peer("hummingbird", "Hummingbird", _swift("ServeHummingbird")),
        Peer("flyingfox", "FlyingFox", _swift("ServeFlyingFox")),
    ]
}


class Stage:
    """A folder with content, and the servers that are started on it."""

    def __init__(self, is_pinned):
        self._temporary = tempfile.TemporaryDirectory(prefix="motcua-bench-")
        self.folder = self._temporary.name
        self.is_pinned = is_pinned
        self.loops = 1 if is_pinned else 2
        self.client_core = machine.CLIENT_CORE if is_pinned else None
        self.fields = ()
        self._running = []
        content.make(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop_all()
        self._temporary.cleanup()

    def learn_fields(self):
        """Asks the product for the fields that all pages shall carry."""
        with self.run(PRODUCT) as server:
            self.fields = tuple(content.shared_fields(server))

    def launch(self, tls=None, is_single=False):
        """What the next server is told; `tls` names a certificate."""
        files = (f"{self.folder}/{tls}.pem", f"{self.folder}/{tls}.key") if tls else None
        return Launch(process.free_port(), self.loops, self.folder, self.fields, files, is_single)

    def start(self, key, tls=None, wrapper=(), is_single=False, seconds=20, step=0.02):
        """Starts a server, perhaps inside another program, and waits until it accepts."""
        peer, launch = ALL[key], self.launch(tls, is_single)
        command = peer.command(launch)
        if wrapper and isinstance(command[0], pathlib.Path):
            command[0] = build.stripped(command[0], self.folder)
        server = process.Running(peer, launch, [*wrapper, *command], machine.SERVER_CORE if self.is_pinned else None)
        self._running.append(server)
        server.start_seconds = server.wait_until_accepting(seconds, step)
        return server

    def run(self, key, **options):
        """The same for a `with` statement."""
        return _Using(self, self.start(key, **options))

    def stop(self, server):
        """Ends one server."""
        server.stop()
        self._running.remove(server)

    def stop_all(self):
        """Ends what runs."""
        for server in list(self._running):
            self.stop(server)


class _Using:
    def __init__(self, stage, server):
        self.stage, self.server = stage, server

    def __enter__(self):
        return self.server

    def __exit__(self, *_):
        self.stage.stop(self.server)
