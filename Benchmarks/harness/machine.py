"""The machine: tools, cores, descriptors, and what a reader must know about it."""
import os
import pathlib
import platform
import re
import resource
import shutil
import subprocess

from .errors import Missing

# Each tool with the Debian package that brings it.
TOOLS = {
    "wrk": "wrk", "h2load": "nghttp2-client", "nginx": "nginx-light", "h2o": "h2o", "go": "golang-go", "cc": "gcc",
    "strip": "binutils", "strace": "strace", "valgrind": "valgrind", "openssl": "openssl", "git": "git",
}
SERVER_CORE, CLIENT_CORE = 0, 1


def find(tool):
    """The path of a tool; servers often stand outside the PATH of people."""
    path = shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Missing(f"missing: {tool}; install it with: apt-get install {TOOLS.get(tool, tool)}")
    return path


def require_tools(install):
    """Names everything that is missing at once, or installs it."""
    absent = []
    for tool in TOOLS:
        try:
            find(tool)
        except Missing:
            absent.append(TOOLS[tool])
    if not pathlib.Path("/usr/include/openssl/ssl.h").exists():
        absent.append("libssl-dev")
    if absent and install:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *absent], check=True)
        return require_tools(install=False)
    if absent:
        raise Missing("missing: " + " ".join(absent) + "\ninstall with: apt-get install " + " ".join(absent))
    if shutil.which("swift") is None:
        raise Missing("missing: Swift 6.3 or later (https://www.swift.org/install); put swift on the PATH")


def raise_descriptors():
    """As many open connections as the system lets us have; servers inherit it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < 12_000:
        raise Missing(f"missing: 12 000 open files; the hard limit is {hard} (ulimit -Hn)")


def on_core(core):
    """For Popen's preexec_fn: keeps the process on one core; None leaves it free."""
    if core is None or core >= (os.cpu_count() or 1):
        return None
    return lambda: os.sched_setaffinity(0, {core})


def _first_line(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def describe():
    """Lines about the machine and the versions measured."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    commit = subprocess.run(
        ["git", "-C", str(pathlib.Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=10"],
        capture_output=True, text=True).stdout.strip()
    return [
        f"{os.cpu_count()} cores ({model.group(1).strip() if model else platform.machine()}), Linux {platform.release()}",
        f"commit {commit or 'unknown'}; {_first_line(['swift', '--version'])}",
        f"{_first_line([find('nginx'), '-v'])}; {_first_line([find('h2o'), '-v'])}; {_first_line(['go', 'version'])}; "
        "SwiftNIO 2.101.2; Hummingbird 2.28.1; FlyingFox 0.27.1",
        f"wrk {re.split(' ', _first_line([find('wrk'), '-v']))[1]}; {_first_line([find('h2load'), '--version'])}; "
        f"{_first_line(['openssl', 'version'])}",
    ]


def load_average():
    """Runnable processes over the last minute."""
    return os.getloadavg()[0]
