"""Builds what is measured and what measures."""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
OUT = HERE / ".build"
SWIFT_SERVERS = ["ServeMotcua", "ServeNIO", "ServeHummingbird", "ServeFlyingFox"]


def binary(name):
    """Where a built program stands."""
    return OUT / "release" / name if name in SWIFT_SERVERS else OUT / name


def everything():
    """Servers in Swift and Go, and the TLS client."""
    run(["swift", "build", "-c", "release", "--static-swift-stdlib", "--package-path", HERE])
    run(["go", "build", "-o", binary("serve-go"), HERE / "Peers/serve.go"])
    run(["cc", "-O2", "-o", binary("tls-connections"), HERE / "tools/tls-connections.c", "-lssl", "-lcrypto", "-lpthread"])


def stripped(path, folder):
    """A copy without debug information: valgrind would read it for minutes."""
    copy = pathlib.Path(folder) / (path.name + "-stripped")
    shutil.copy(path, copy)
    run(["strip", copy])
    return copy


def run(command):
    """Shows the tool's words on the error stream; the table stands alone on the output."""
    subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr)
