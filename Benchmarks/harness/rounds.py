"""Runs a case: checks every server, then measures them in turns."""
import sys

from . import content, load, peers
from .errors import Invalid, WrongAnswer
from .results import Results


def say(words):
    """Progress, on the error stream."""
    print(words, file=sys.stderr, flush=True)


def run(stage, case, rounds, seconds, only=()):
    """All rounds of a case; servers that answer wrongly are left out, with the reason."""
    results = Results(case)
    chosen = [key for key in case.peers if not only or key in only]
    if case.prepare:
        results.notes.append(case.prepare(stage))
    say(f"{case.key}: checking {', '.join(chosen)}")
    servers = {key: server for key in chosen if (server := _admit(stage, case, key, results))}
    try:
        for number in range(min(rounds, case.most_rounds)):
            # The order turns each round, so that a noisy minute does not always meet the same server.
            order = list(servers)
            shift = number % max(len(order), 1)
            for key in order[shift:] + order[:shift]:
                _measure(stage, case, results, number, key, servers, seconds)
        for key, server in servers.items():
            if server is not None:
                _confirm(stage, case, key, server, results)
    finally:
        stage.stop_all()
    return results


def _admit(stage, case, key, results):
    """A checked server; False when it may not be measured. Cases that start servers themselves get None from here on."""
    try:
        server = stage.start(key, case.tls)
        results.heads[key] = content.check(server, case.kind, stage.folder, stage.fields)
    except (Invalid, WrongAnswer) as error:
        say(f"  {key} is not measured: {error}")
        results.reject(key, f"wrong answer, not measured: {error}" if isinstance(error, WrongAnswer) else str(error))
        return False
    if case.starts_itself or case.is_fresh:
        stage.stop(server)
        return _Later()
    if case.kind != "upload" and not case.is_fresh:
        _warm(stage, case, server)
    return server


class _Later:
    """In place of a server that each round starts anew."""


def _warm(stage, case, server):
    """Caches and connection tables are filled before the first round counts."""
    try:
        load.wrk(stage, server, server.peer.path(case.kind), 8, 1)
    except Invalid as error:
        say(f"  {server.peer.key} while warming: {error}")


def _measure(stage, case, results, number, key, servers, seconds):
    try:
        if case.starts_itself:
            sample = case.measure(stage, key)
        elif case.is_fresh:
            with stage.run(key, tls=case.tls) as server:
                sample = case.measure(stage, server, seconds)
        else:
            sample = case.measure(stage, servers[key], seconds)
    except (Invalid, WrongAnswer, OSError) as error:
        say(f"  round {number + 1} {key}: no figure: {error}")
        results.reject(key, str(error))
        return
    results.add(number, key, sample)
    words = ", ".join(f"{name} {value:,.2f}" if not isinstance(value, str) else value for name, value in sample.items())
    say(f"  round {number + 1} {key}: {words}")


def _confirm(stage, case, key, server, results):
    """A server that no longer answers rightly has no figures."""
    if isinstance(server, _Later):
        return
    try:
        content.check(server, case.kind, stage.folder, stage.fields)
    except WrongAnswer as error:
        say(f"  {key} after the rounds: {error}")
        for samples in results.rounds:
            samples.pop(key, None)
        results.reject(key, f"wrong answer after the rounds: {error}")


def check_heads(results):
    """Servers whose page has a head of another size class than the product's: not the same bytes."""
    own = results.heads.get(peers.PRODUCT)
    if own is None or results.case.kind != "page":
        return []
    return [
        key for key, size in results.heads.items()
        if peers.ALL[key].has_fields and not 0.75 * own <= size <= 1.25 * own
    ]
