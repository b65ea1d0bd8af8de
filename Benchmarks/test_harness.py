#!/usr/bin/env python3
"""The harness's own tests: python3 Benchmarks/test_harness.py. They need no server but their own."""
import http.server
import pathlib
import sys
import tempfile
import threading
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from harness import cases, content, load, measures, peers, report, results  # noqa: E402
from harness.errors import Invalid, WrongAnswer  # noqa: E402

WRK = """Running 2s test @ http://127.0.0.1:1/page
  Latency Distribution
     50%  312.00us
     99%    1.25ms
  261234 requests in 2.10s, 300.00MB read
Requests/sec: 124000.00
"""
H2LOAD = """requests: 20 total, 20 started, 20 done, {succeeded} succeeded, {failed} failed, 0 errored, 0 timeout
status codes: {good} 2xx, 0 3xx, 0 4xx, 0 5xx
"""


class Answering(http.server.BaseHTTPRequestHandler):
    """Says what the test has planted."""

    planted = (200, [], b"")

    def do_GET(self):
        status, fields, body = self.planted
        self.send_response(status)
        for name, value in [*fields, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class WrongAnswers(unittest.TestCase):
    """No server is measured while it answers wrongly."""

    def setUp(self):
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Answering)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.running = types.SimpleNamespace(port=self.server.server_port, tls=None, peer=peers.ALL["go"])

    def tearDown(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def check(self, planted):
        Answering.planted = planted
        return content.check(self.running, "page", "", [("X-Frame", "none")])

    def test_right_answer_passes(self):
        self.assertGreater(self.check((200, [("X-Frame", "none")], content.PAGE)), 30)

    def test_other_byte(self):
        with self.assertRaisesRegex(WrongAnswer, "different from byte 1023"):
            self.check((200, [("X-Frame", "none")], content.PAGE[:-1] + b"y"))

    def test_short(self):
        with self.assertRaisesRegex(WrongAnswer, "1000 bytes"):
            self.check((200, [("X-Frame", "none")], content.PAGE[:1000]))

    def test_status(self):
        with self.assertRaisesRegex(WrongAnswer, "status 404"):
            self.check((404, [("X-Frame", "none")], content.PAGE))

    def test_absent_field(self):
        with self.assertRaisesRegex(WrongAnswer, "without X-Frame"):
            self.check((200, [], content.PAGE))

    def test_nobody_there(self):
        self.running.port = 1
        with self.assertRaises(WrongAnswer):
            self.check((200, [], content.PAGE))


class ClientWords(unittest.TestCase):
    """Runs with errors are no figures."""

    def test_wrk(self):
        done = load.parse_wrk(WRK)
        self.assertEqual((done.count, done.seconds, done.p99), (261234, 2.1, 1250))

    def test_wrk_errors(self):
        for words in ["Socket errors: connect 0, read 3, write 0, timeout 0", "Non-2xx or 3xx responses: 5"]:
            with self.assertRaisesRegex(Invalid, words.split(":")[0]):
                load.parse_wrk(WRK + "  " + words + "\n")

    def test_wrk_without_answers(self):
        with self.assertRaises(Invalid):
            load.parse_wrk("  0 requests in 2.00s, 0.00B read\n")

    def test_h2load(self):
        log = "".join(f"{1_000_000 + i * 1000}\t200\t{i + 1}\n" for i in range(100))
        done = load.parse_h2load(H2LOAD.format(succeeded=20, failed=0, good=20), log, 20)
        self.assertEqual((done.count, done.p99), (20, 100))
        for words in [(19, 1, 19), (20, 0, 19), (19, 0, 19)]:
            with self.assertRaises(Invalid):
                load.parse_h2load(H2LOAD.format(succeeded=words[0], failed=words[1], good=words[2]), log, 20)

    def test_strace(self):
        text = "100.00    0.1    4    20000    1 sendto\n  0.00    0.0    4    100      epoll_wait\n100.00  0.1  4  20100  1 total\n"
        self.assertEqual(measures.parse_strace(text), {"sendto": 20000, "epoll_wait": 100})


class Verdicts(unittest.TestCase):
    """Ratios are paired by round, and budgets compared with their medians."""

    def results(self, own, peer):
        case = next(case for case in cases.ALL if case.key == "keep-alive-1000")
        found = results.Results(case)
        for number, (mine, theirs) in enumerate(zip(own, peer)):
            for key, cpu in [("motcua", mine), ("nginx", theirs)]:
                if cpu:
                    found.add(number, key, {"rate": 1, "cpu": cpu, "system": 1})
        return found

    def test_paired(self):
        # A noisy second round hits both: the ratio does not see it.
        found = self.results([9, 18, 9.5], [10, 20, 10])
        self.assertEqual(round(found.ratio("cpu", "nginx").median, 2), 0.9)
        self.assertEqual(found.verdicts()[0].word, "pass")

    def test_behind(self):
        found = self.results([11, 12, 9], [10, 10, 10])
        self.assertEqual(found.verdicts()[0].word, "behind")
        self.assertIn("**behind**", report.table(found, 2))

    def test_no_figure(self):
        found = self.results([None, None], [10, 10])
        found.reject("motcua", "wrong answer")
        self.assertEqual(found.verdicts()[0].word, "no figure")
        self.assertIn("no figure: wrong answer", report.table(found, 2))

    def test_budgets_name_what_exists(self):
        for case in cases.ALL:
            for budget in case.budgets:
                self.assertIn(budget.figure, [figure.key for figure in case.figures])
                self.assertIn(budget.peer or budget.subject, case.peers)
            self.assertIn(case.ratio, [figure.key for figure in case.figures])
            self.assertTrue(set(case.peers) <= set(peers.ALL))


class Content(unittest.TestCase):
    """The same bytes every time: the product names a file by them."""

    def test_kept_file(self):
        with tempfile.TemporaryDirectory() as folder:
            content.make(folder)
            import hashlib
            digest = hashlib.sha256((pathlib.Path(folder) / "files/100k").read_bytes()).hexdigest()
        self.assertEqual(peers.ALL["motcua"].path("100k"), "/static/100k." + digest[:12])


unittest.main()
