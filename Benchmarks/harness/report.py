"""Results as Markdown."""
from . import peers
from .peers import PRODUCT


def _number(figure, value):
    return figure.format.format(value * figure.scale if figure.scale != 1 else value)


def _spread(figure, spread):
    if spread is None:
        return "—"
    middle, least, most = (_number(figure, value) for value in (spread.median, spread.least, spread.most))
    return middle if least == most else f"{middle} ({least}–{most})"


def _cell(results, key, figure):
    values = results.values(key, figure.key)
    if values and isinstance(values[0], str):
        return values[-1]
    return _spread(figure, results.spread(key, figure.key))


def _ratio(spread):
    if spread is None:
        return "—"
    if f"{spread.least:.2f}" == f"{spread.most:.2f}":
        return f"{spread.median:.2f}"
    return f"{spread.median:.2f} ({spread.least:.2f}–{spread.most:.2f})"


def _row(results, key):
    case = results.case
    if not results.values(key, case.figures[0].key):
        reason = " ".join(results.invalid[key][0].split()).replace("|", "/")
        return f"| {peers.ALL[key].name} | no figure: {reason[:160]} |" + " |" * len(case.figures)
    cells = [_cell(results, key, figure) for figure in case.figures]
    ratio = "1" if key == PRODUCT else _ratio(results.ratio(case.ratio, key))
    return f"| {peers.ALL[key].name} | " + " | ".join([*cells, ratio]) + " |"


def _about(verdict, case):
    """The budget in words."""
    budget = verdict.budget
    figure = next(figure for figure in case.figures if figure.key == budget.figure)
    sign = "≥" if budget.is_least else "≤"
    who = "" if budget.subject == PRODUCT else f"{peers.ALL[budget.subject].name}: "
    if budget.peer:
        return f"{who}{figure.heading} {sign} {budget.limit:.2f} × {peers.ALL[budget.peer].name}", _ratio(verdict.reached)
    reached = "—" if verdict.reached is None else _spread(figure, verdict.reached)
    return f"{who}{figure.heading} {sign} {_number(figure, budget.limit)}", reached


def table(results, seconds):
    """One case: its servers, then its budgets."""
    case = results.case
    ratio = next(figure.heading for figure in case.figures if figure.key == case.ratio)
    lines = [f"### `{case.key}`: {case.title}", ""]
    lines += [note + "\n" for note in results.notes]
    count = max([len(results.values(key, case.figures[0].key)) for key in case.peers], default=0)
    measured = f"Median of {count} round{'s' if count != 1 else ''}"
    lines += [measured + (f" of {seconds} s" if not case.fixed_seconds else "") + ", least and most in brackets.", ""]
    headings = [figure.heading for figure in case.figures] + [f"Một Cửa ÷ this, {ratio}, paired"]
    lines += ["| server | " + " | ".join(headings) + " |", "|---" * (len(headings) + 1) + "|"]
    # Who was not asked for has neither samples nor reasons.
    asked = [key for key in case.peers if key in results.invalid or any(key in samples for samples in results.rounds)]
    lines += [_row(results, key) for key in asked]
    for verdict in results.verdicts():
        words, reached = _about(verdict, case)
        lines += ["", f"- **{verdict.word}**: {words}; reached {reached}"]
    troubled = {key: reasons for key, reasons in results.invalid.items() if results.values(key, case.figures[0].key)}
    for key, reasons in troubled.items():
        lines += ["", f"- {peers.ALL[key].name}: {len(reasons)} round(s) gave no figure ({reasons[0][:120]})"]
    return "\n".join(lines) + "\n"


def summary(all_results):
    """Every budget in one table."""
    lines = ["### Budgets", "", "| case | budget | reached | |", "|---|---|---|---|"]
    for results in all_results:
        for verdict in results.verdicts():
            words, reached = _about(verdict, results.case)
            lines.append(f"| `{results.case.key}` | {words} | {reached} | {verdict.word} |")
    return "\n".join(lines) + "\n"


def differences(all_results):
    """What is not the same between servers: the heads' sizes."""
    heads = {}
    for results in all_results:
        if results.case.kind == "page" and not results.case.tls:
            heads.update(results.heads)
    if not heads:
        return ""
    sizes = "; ".join(f"{peers.ALL[key].name} {size}" for key, size in heads.items())
    return f"Bytes of the page's head (content {1024}): {sizes}.\n"
