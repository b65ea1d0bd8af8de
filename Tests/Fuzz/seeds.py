"""Small beginnings for each fuzz target, taken from the tables: seeds.py FOLDER."""
import json
import pathlib
import sys

TABLES = pathlib.Path(__file__).parent.parent / "HTTPWireTests" / "Tables"
LONGEST = 255


def rows(name):
    return json.loads((TABLES / f"{name}.json").read_text())


def octets(pieces):
    if isinstance(pieces, str):
        return pieces.encode("latin-1")
    parts = [piece if isinstance(piece, str) else piece[0] * piece[1] for piece in pieces]
    return "".join(parts).encode("latin-1")


def bodies(*names):
    # The first byte says where the rest is cut.
    return [b"\x07" + octets(row["bytes"]) for name in names for row in rows(name)]


def values(name, key):
    return [row[key].encode() for row in rows(name) if row[key] is not None]


PART = b'--b\r\nContent-Disposition: form-data; name="a"'
SEEDS = {
    "head": bodies("accepted-heads", "refused-heads"),
    "chunked": bodies("accepted-bodies", "refused-bodies"),
    "proxy": bodies("proxy-headers"),
    "multipart": [
        b"\x09" + PART + b"\r\n\r\nx\r\n--b--\r\n",
        b"\x30" + PART + b'; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--b\r\n' + PART[5:] + b"\r\n\r\n\r\n--b--",
        b"\x02" + PART + b"\r\n\r\n\r\n--c\r\n--b--",
        b"\x03--b--",
    ],
    "urlencoded": values("urlencoded", "text"),
    "path": [value[1:] for value in values("paths", "path")],
    "cookie": [line.encode() for row in rows("cookies") for line in row["lines"]],
    "range": [b"\x26" + value for value in values("ranges", "value")],
    "date": values("dates", "text"),
    "forwarded": values("forwarded", "value"),
    "accept": values("accept-encoding", "value"),
    "tags": [value.encode() for row in rows("preconditions") for _, value in row["fields"]]
    + values("if-range", "value"),
}

for target, seeds in SEEDS.items():
    folder = pathlib.Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(sorted(set(seeds))):
        if len(seed) <= LONGEST:
            (folder / f"{number:03}").write_bytes(seed)
