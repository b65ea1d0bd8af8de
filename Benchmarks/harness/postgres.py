"""PostgreSQL with pgbench beside the portal: the same disk, the same clients, and a commit that waits for its flush."""
import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile


def folder_of_programs():
    """Where Debian keeps initdb and the others; None when PostgreSQL is not installed."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return os.path.dirname(found[-1]) if found else None


class Postgres:
    """A server of its own in `folder`, with fsync and synchronous_commit on as they come, run by who need not be root."""

    def __init__(self, folder):
        self.programs = folder_of_programs()
        self.data = os.path.join(folder, "postgres")
        # A socket's path must be short.
        self.socket = tempfile.mkdtemp(prefix="pg-")
        os.mkdir(self.data, 0o700)
        self.user = None
        if os.geteuid() == 0:
            self.user = pwd.getpwnam("postgres")
            for path in (self.data, self.socket):
                os.chown(path, self.user.pw_uid, self.user.pw_gid)
            # The way to the data, for this user.
            os.chmod(folder, 0o711)
        self._run("initdb", "-A", "trust", "-U", "bench", "-D", self.data)
        options = f"-c listen_addresses='' -c unix_socket_directories={self.socket} -c max_connections=200"
        self._run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.data, "log"), "-o", options, "start")
        self._run("pgbench", "-i", "-q", "-s", "10", *self._where())

    def transactions(self, clients, seconds):
        """pgbench's simple update (one update, one select, one insert), prepared; transactions a second."""
        threads = min(clients, 2)
        out = self._run(
            "pgbench", "-N", "-M", "prepared", "-n", "-c", clients, "-j", threads, "-T", seconds, *self._where())
        return float(re.search(r"tps = ([\d.]+)", out).group(1))

    def stop(self):
        """Ends it."""
        self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")
        shutil.rmtree(self.socket, ignore_errors=True)

    def _where(self):
        return ["-h", self.socket, "-U", "bench", "postgres"]

    def _run(self, program, *arguments):
        command = [os.path.join(self.programs, program), *map(str, arguments)]
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        done = subprocess.run(command, capture_output=program == "pgbench", text=True, cwd="/",
                              stdout=None if program == "pgbench" else subprocess.DEVNULL, **who)
        if done.returncode != 0:
            raise SystemExit(f"{program}: {done.stderr or 'failed'}")
        return done.stdout or ""
