"""Samples of a case, paired by round, and the verdict on each budget."""
import dataclasses
import statistics

from .peers import PRODUCT


@dataclasses.dataclass(frozen=True)
class Spread:
    """A median with what lay around it."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(values):
        """None without values."""
        return Spread(statistics.median(values), min(values), max(values)) if values else None


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A budget and what was reached; `reached` is None when there is no figure."""

    budget: object
    reached: Spread | None

    @property
    def word(self):
        """pass, behind or nothing known."""
        if self.reached is None:
            return "no figure"
        is_met = (
            self.reached.median >= self.budget.limit if self.budget.is_least else self.reached.median <= self.budget.limit)
        return "pass" if is_met else "behind"


class Results:
    """What the rounds of one case gave."""

    def __init__(self, case):
        self.case = case
        self.rounds = []
        # Why a server has no figure: by peer, a list of reasons.
        self.invalid = {}
        self.notes = []
        # Bytes of the head of the checked answer, by peer.
        self.heads = {}

    def add(self, number, key, sample):
        """Keeps one server's figures of one round."""
        while len(self.rounds) <= number:
            self.rounds.append({})
        self.rounds[number][key] = sample

    def reject(self, key, reason):
        """Keeps why a run gave no figure."""
        self.invalid.setdefault(key, []).append(reason)

    def values(self, key, figure):
        """One value a round that has it."""
        return [samples[key][figure] for samples in self.rounds if figure in samples.get(key, {})]

    def spread(self, key, figure):
        """Median, least and most."""
        return Spread.of(self.values(key, figure))

    def ratio(self, figure, peer, subject=PRODUCT):
        """The subject's figure over the peer's in the same round."""
        pairs = [
            samples[subject][figure] / samples[peer][figure] for samples in self.rounds
            if figure in samples.get(subject, {}) and samples.get(peer, {}).get(figure)
        ]
        return Spread.of(pairs)

    def verdicts(self):
        """Each budget of the case with what was reached."""
        return [
            Verdict(
                budget, self.ratio(budget.figure, budget.peer, budget.subject) if budget.peer
                else self.spread(budget.subject, budget.figure))
            for budget in self.case.budgets
        ]
