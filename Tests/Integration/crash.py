"""kill -9 under concurrent submissions: nothing acknowledged may be lost or doubled.

Usage: crash.py [rounds] — each round starts the portal on the same data folder, lets clients submit with keys of their own,
kills the program at a random moment, and at the end every acknowledged key must name exactly one dossier with its papers.
"""
import base64
import http.client
import json
import pathlib
import random
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Browser"))
from stage import ROOT, Portal, binary  # noqa: E402

CLIENTS = 8


def body_of(portal):
    answer = http.client.HTTPConnection(urllib.parse.urlparse(portal.public).netloc, timeout=10)
    answer.request("GET", "/api/v1/procedures/1.001193/example")
    return json.loads(answer.getresponse().read())


def submit_forever(portal, name, seed, template, acknowledged, lock, stop):
    """Submits with fresh keys, and now and then with an old one; remembers what was answered 201."""
    chance = random.Random(seed)
    address = urllib.parse.urlparse(portal.public).netloc
    connection = http.client.HTTPConnection(address, timeout=10)
    mine = []
    number = 0
    while not stop.is_set():
        if mine and chance.random() < 0.2:
            key, content = chance.choice(mine)
        else:
            number += 1
            key = f"{name}-{number}"
            document = dict(template)
            paper = b"%PDF-1.4\n% " + key.encode() + b"\n"
            document["attachments"] = [{"requirement": "giay-to-3", "name": "giay.pdf", "content": base64.b64encode(paper).decode()}]
            content = json.dumps(document)
            mine.append((key, content))
        try:
            connection.request("POST", "/api/v1/dossiers", content, {
                "Authorization": "Bearer " + portal.facts["partnerKey"], "Idempotency-Key": key, "Content-Type": "application/json"})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            return
        if answer.status == 201:
            code = json.loads(data)["code"]
            with lock:
                if acknowledged.setdefault(key, code) != code:
                    raise SystemExit(f"{key} was answered {acknowledged[key]} and then {code}")


def everything(portal):
    """Every submission the portal knows, page by page."""
    connection = http.client.HTTPConnection(urllib.parse.urlparse(portal.public).netloc, timeout=30)
    rows, after = [], ""
    while True:
        connection.request("GET", f"/api/v1/dossiers?limit=500&after={after}", headers={"Authorization": "Bearer " + portal.facts["partnerKey"]})
        page = json.loads(connection.getresponse().read())
        rows += page["items"]
        if not page.get("next"):
            return rows
        after = page["next"]


def judge(rows, acknowledged):
    """What is wrong with what is kept."""
    wrong = []
    by_key = {}
    for row in rows:
        by_key.setdefault(row["idempotencyKey"], []).append(row)
    for key, code in acknowledged.items():
        found = by_key.get(key, [])
        if len(found) != 1 or found[0]["code"] != code:
            wrong.append(f"{key}: acknowledged as {code}, kept as {[r['code'] for r in found]}")
        elif len(found[0]["attachments"]) != 1:
            wrong.append(f"{key}: its paper is not named")
    doubled = [key for key, found in by_key.items() if len(found) > 1]
    wrong += [f"{key}: kept {len(by_key[key])} times" for key in doubled]
    codes = [row["code"] for row in rows]
    if len(set(codes)) != len(codes):
        wrong.append("a code was given twice")
    return wrong


def self_test():
    """The judge finds a lost, a doubled and a renamed dossier."""
    row = {"code": "c1", "idempotencyKey": "k", "attachments": [{}]}
    assert judge([row], {"k": "c1"}) == []
    assert judge([], {"k": "c1"})
    assert judge([row, dict(row, code="c2")], {"k": "c1"})
    assert judge([row], {"k": "c2"})
    assert judge([dict(row, attachments=[])], {"k": "c1"})


def main():
    self_test()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    chance = random.Random(20261124)
    portal = Portal()
    acknowledged, lock = {}, threading.Lock()
    template = None
    for number in range(rounds):
        portal.start()
        template = template or body_of(portal)
        stop = threading.Event()
        clients = [
            threading.Thread(target=submit_forever, args=(portal, f"r{number}c{i}", number * 100 + i, template, acknowledged, lock, stop))
            for i in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(chance.uniform(0.05, 0.6))
        portal.process.kill()
        portal.process.wait()
        stop.set()
        for client in clients:
            client.join(20)
    verified = subprocess.run([binary("motcua"), "verify", "--data", portal.data], capture_output=True, text=True, cwd=ROOT)
    portal.start()
    rows = everything(portal)
    wrong = judge(rows, acknowledged)
    portal.stop()
    print(f"{rounds} rounds of kill -9, {CLIENTS} clients: {len(acknowledged)} acknowledged, {len(rows)} kept, {len(wrong)} wrong")
    print("verify:", verified.stdout.strip().splitlines()[-1] if verified.stdout else verified.stderr)
    for line in wrong[:20]:
        print("WRONG", line)
    if wrong or verified.returncode != 0 or len(acknowledged) < rounds:
        sys.exit(1)


if __name__ == "__main__":
    main()
