"""Power cuts under concurrent submissions: only what was flushed, and only names whose folder was flushed, survive.

kill -9 alone cannot find a missing flush, because the system keeps what was written. Here a library between the program and the
system keeps on a medium of its own what was flushed (powercut.c); after each kill the data folder is made anew from it.
Usage: powercut.py [rounds]. Before, three flushes are forgotten on purpose, and each must be noticed.
"""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from crash import CLIENTS, body_of, everything, judge, submit_forever  # noqa: E402
from stage import ROOT, Portal, binary  # noqa: E402


def library(folder):
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        raise SystemExit("missing: a C compiler (cc or clang)")
    path = os.path.join(folder, "powercut.so")
    source = pathlib.Path(__file__).with_suffix(".c")
    subprocess.run([compiler, "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", path, str(source)], check=True)
    return path


def name_of(status):
    return str(status.st_ino)


def put_on_medium(folder, medium):
    """Everything below `folder` is on the medium: what the program finds at its start."""
    lines = []
    for entry in os.scandir(folder):
        kind = "d" if entry.is_dir() else "f"
        lines.append(f"{entry.inode()} {kind} {entry.name}\n")
        if kind == "d":
            put_on_medium(entry.path, medium)
        else:
            shutil.copyfile(entry.path, os.path.join(medium, str(entry.inode())))
    pathlib.Path(medium, name_of(os.stat(folder))).write_text("".join(lines))


def read_from_medium(inode, medium, target):
    """Makes `target` from the medium: a file whose content was never flushed is empty."""
    os.makedirs(target, mode=0o700)
    names = pathlib.Path(medium, inode)
    for line in names.read_text().splitlines() if names.exists() else []:
        number, kind, name = line.split(" ", 2)
        path, content = os.path.join(target, name), os.path.join(medium, number)
        if kind == "d":
            read_from_medium(number, medium, path)
        elif os.path.exists(content):
            shutil.copyfile(content, path)
        else:
            open(path, "wb").close()
        if kind == "f":
            os.chmod(path, 0o600)


def cut(data, preload, acknowledged, seed, forget=None):
    """One round: serve, submit, cut the power; `data` is then what the medium kept."""
    medium = tempfile.mkdtemp(prefix="motcua-medium-")
    put_on_medium(data, medium)
    root = name_of(os.stat(data))
    settings = {"LD_PRELOAD": preload, "POWER_DATA": data, "POWER_MEDIUM": medium}
    if forget:
        settings["POWER_FORGET"] = forget
    os.environ.update(settings)
    portal = Portal(data=data)
    try:
        portal.start()
    finally:
        for name in settings:
            del os.environ[name]
    stop, lock, template = threading.Event(), threading.Lock(), body_of(portal)
    clients = [threading.Thread(target=submit_forever, args=(portal, f"p{seed}c{i}", seed * 100 + i, template, acknowledged, lock, stop))
               for i in range(CLIENTS)]
    for client in clients:
        client.start()
    # Not before somebody was promised something.
    deadline = time.monotonic() + 30
    while not acknowledged and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0.1, 0.6))
    portal.process.kill()
    portal.process.wait()
    stop.set()
    for client in clients:
        client.join(20)
    shutil.rmtree(data)
    read_from_medium(root, medium, data)
    shutil.rmtree(medium)


def verify(data):
    return subprocess.run([binary("motcua"), "verify", "--data", data], capture_output=True, text=True, cwd=ROOT)


def kept(data):
    portal = Portal(data=data).start()
    rows = everything(portal)
    portal.stop()
    return rows


def notices(preload, forget):
    """Whether a program that forgets these flushes would be found out."""
    data, acknowledged = tempfile.mkdtemp(prefix="motcua-"), {}
    try:
        cut(data, preload, acknowledged, 1, forget)
        return verify(data).returncode != 0 or bool(judge(kept(data), acknowledged))
    finally:
        shutil.rmtree(data, ignore_errors=True)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        preload = library(folder)
        for forget in ["papers", "names", "log"]:
            if not notices(preload, forget):
                wrong.append(f"a program that does not flush {forget} would not be noticed")
        data, acknowledged = tempfile.mkdtemp(prefix="motcua-"), {}
        for number in range(rounds):
            cut(data, preload, acknowledged, number + 1)
            verified = verify(data)
            if verified.returncode != 0:
                wrong.append(f"round {number + 1}: {verified.stdout}{verified.stderr}")
        rows = kept(data)
        wrong += judge(rows, acknowledged)
        shutil.rmtree(data, ignore_errors=True)
    print(f"{rounds} power cuts, {CLIENTS} clients: {len(acknowledged)} acknowledged, {len(rows)} kept, {len(wrong)} wrong; three planted losses tried")
    for line in wrong[:20]:
        print("WRONG", line)
    if wrong or len(acknowledged) < rounds:
        sys.exit(1)


main()
