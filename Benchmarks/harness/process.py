"""A server that runs, and what it costs."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from . import machine
from .errors import Invalid

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port():
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def _stat(pid):
    return re.sub(r"^.*\) ", "", pathlib.Path(f"/proc/{pid}/stat").read_text(), flags=re.S).split()


class Running:
    """A started server with all of its processes."""

    def __init__(self, peer, launch, command, core):
        self.peer, self.port, self.tls = peer, launch.port, launch.tls
        self.log = pathlib.Path(launch.folder) / f"{peer.key}-{launch.port}.log"
        self.started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=machine.on_core(core))

    def wait_until_accepting(self, seconds=20, step=0.02):
        """Returns the seconds from the start to the first accepted connection."""
        while time.monotonic() - self.started < seconds:
            if self.process.poll() is not None:
                break
            if accepts(self.port):
                return time.monotonic() - self.started
            time.sleep(step)
        words = self.log.read_text(errors="replace")[-400:]
        self.stop()
        raise Invalid(f"does not start: {words.strip()}")

    def pids(self):
        """The process and all of its descendants."""
        parents = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    parents.setdefault(int(_stat(name)[1]), []).append(int(name))
                except OSError:
                    pass
        found, rest = [], [self.process.pid]
        while rest:
            found.append(rest.pop())
            rest += parents.get(found[-1], [])
        return found

    def cpu_seconds(self):
        """User and system time of all processes, ended threads included, to the nanosecond."""
        if self.process.poll() is not None:
            raise Invalid("the server died")
        # The kernel's clock of another process: include/linux/posix-timers.h, MAKE_PROCESS_CPUCLOCK with CPUCLOCK_SCHED.
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in self.pids())

    def system_seconds(self):
        """The part spent in the kernel, by the clock's ticks."""
        return sum(int(_stat(pid)[12]) for pid in self.pids()) / TICKS

    def memory_bytes(self):
        """Resident memory of all processes; pages that they share count in each."""
        return sum(int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids()) * PAGE

    def forget_peak(self):
        """Begins a new peak (proc(5), clear_refs)."""
        for pid in self.pids():
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak_bytes(self):
        """The most resident memory since then."""
        return sum(
            int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) * 1024
            for pid in self.pids())

    def stop(self):
        """Asks, then insists."""
        for number in [signal.SIGTERM, signal.SIGKILL]:
            if self.process.poll() is not None:
                return
            self.process.send_signal(number)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                continue
