"""Rounds of runs in random order, and ratios formed inside a round: what disturbs the machine disturbs all alike."""

import random
import statistics
from collections.abc import Callable

from subjects import Subject


def rounds(count: int, subjects: list[Subject], measure: Callable[[Subject], float]) -> dict[str, list[float]]:
    """`measure` of every subject, `count` times; the values of a round stand at the same place."""
    values: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for _ in range(count):
        for subject in random.sample(subjects, len(subjects)):
            values[subject.name].append(measure(subject))
    return values


def ratio(values: dict[str, list[float]], of: Subject, to: Subject) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(values[of.name], values[to.name], strict=True))


def table(title: str, values: dict[str, list[float]], base: Subject, unit: str, digits: int = 0) -> None:
    """Prints median, spread and ratio to `base` of each subject."""
    print(f"\n{title}")
    for name, list_ in values.items():
        ratios = [a / b for a, b in zip(list_, values[base.name], strict=True)]
        print(
            f"  {name:16} {statistics.median(list_):10.{digits}f} {unit:6}"
            f" ({min(list_):.{digits}f} to {max(list_):.{digits}f})"
            f"  {statistics.median(ratios):6.2f} × {base.name} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def verdict(what: str, value: float, unit: str, must: float, hoped: float | None, is_low_good: bool) -> None:
    """Prints a figure beside what it must reach and what was hoped for."""
    reached = value <= must if is_low_good else value >= must
    sign = "≤" if is_low_good else "≥"
    aim = "" if hoped is None else f", hoped {hoped:g}"
    print(f"  {'reached' if reached else 'MISSED '} {what}: {value:.3g} {unit}(must {sign} {must:g}{aim})")
