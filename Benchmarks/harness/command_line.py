"""What Benchmarks/run understands."""
import argparse
import datetime
import json
import pathlib
import signal
import sys

from . import build, cases, machine, peers, report, rounds
from .errors import Missing


def arguments():
    """The flags."""
    parser = argparse.ArgumentParser(prog="Benchmarks/run", description=__doc__)
    parser.add_argument("--list", action="store_true", help="names the cases and how long each takes")
    parser.add_argument("--case", action="append", default=[], metavar="NAME", help="a case, or the beginning of several and a star; repeatable; all without")
    parser.add_argument("--only", action="append", default=[], metavar="PEER", help="measures these servers alone")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each case (5)")
    parser.add_argument("--seconds", type=int, default=2, help="length of a measurement (2)")
    parser.add_argument("--unpinned", action="store_true", help="two loops or workers, no cores assigned; otherwise the server has one core and one loop, the client another core")
    parser.add_argument("--install", action="store_true", help="installs missing tools with apt-get")
    parser.add_argument("--no-build", action="store_true", help="measures what was built before")
    parser.add_argument("--output", default=str(build.OUT / "benchmarks.md"), help="the Markdown file; samples go beside it as JSON")
    return parser.parse_args()


def estimate(case, count, seconds, only=()):
    """Seconds that a case takes, about."""
    servers = len([key for key in case.peers if not only or key in only])
    each = case.fixed_seconds + (0.1 + seconds) * case.times * (not case.starts_itself and not case.is_fresh)
    return servers * (min(count, case.most_rounds) * each + 1.2)


def show_list(options):
    """The cases."""
    chosen = cases.named(options.case)
    for case in chosen:
        took = estimate(case, options.rounds, options.seconds, options.only)
        print(f"{case.key:18} {took:4.0f} s  {case.title}\n{'':26}{' '.join(case.peers)}")
    total = sum(estimate(case, options.rounds, options.seconds, options.only) for case in chosen)
    print(f"about {total / 60:.0f} minutes in all with {options.rounds} rounds of {options.seconds} s, beside building")


def main():
    """Returns the exit status: 0 when every server that should be measured was."""
    options = arguments()
    if options.list:
        show_list(options)
        return 0
    unknown = [key for key in options.only if key not in peers.ALL]
    if unknown:
        raise SystemExit(f"no server {unknown[0]}; there are {' '.join(peers.ALL)}")
    chosen = cases.named(options.case)
    # So that servers are ended and folders removed.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        machine.require_tools(options.install)
        machine.raise_descriptors()
        if not options.no_build:
            build.everything()
        done, words = measure(options, chosen)
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    print(words)
    output = pathlib.Path(options.output)
    output.write_text(words)
    samples = [{"case": one.case.key, "rounds": one.rounds, "invalid": one.invalid} for one in done]
    output.with_suffix(".json").write_text(json.dumps(samples, indent=1, ensure_ascii=False))
    return 1 if any(one.invalid or rounds.check_heads(one) for one in done) else 0


def measure(options, chosen):
    """The results and their tables."""
    done = []
    before = machine.load_average()
    with peers.Stage(is_pinned=not options.unpinned) as stage:
        stage.learn_fields()
        for case in chosen:
            done.append(rounds.run(stage, case, options.rounds, options.seconds, options.only))
            for key in rounds.check_heads(done[-1]):
                rounds.say(f"  {key}: its head has another size: {done[-1].heads[key]} bytes")
    where = (
        "two loops or workers, no cores assigned" if options.unpinned
        else "the server on core 0 with one loop or worker, the client on core 1")
    command = "Benchmarks/run " + " ".join(sys.argv[1:])
    lines = [
        f"`{command.strip()}` on {datetime.date.today()}: {where}; load average before {before:.1f}.", "",
        *(f"- {line}" for line in machine.describe()), "", report.differences(done),
        *(report.table(one, options.seconds) for one in done), report.summary(done),
    ]
    return done, "\n".join(lines)
