"""What a threshold means for a day's films, in natural numbers and plain words."""

from __future__ import annotations

import math

TINY = 0.01  # films a day; below, a number says nothing to anybody
NEARLY_ALL = 0.95
HARDLY_ANY = 1e-5
RARE = 0.3  # of the alarms are right; below, one in so many
PARTS = (2, 3, 4, 5, 10)  # into which people divide


def sentence(*, films: int, prevalence: float, sensitivity: float, specificity: float) -> str:
    """Say what comes of a day's films at a threshold.

    Args:
        films: A day, at least 1.
        prevalence: Share of them with a pneumothorax, in [0, 1].
        sensitivity: At the threshold, in [0, 1].
        specificity: At the threshold, in [0, 1].

    Examples:
        >>> print(sentence(films=100, prevalence=0.05, sensitivity=0.92, specificity=0.87))
        Of 100 films a day, 5 have a pneumothorax: 4.6 found, 0.4 missed, 12 false alarms; about 1 alarm in 4 is right.
        >>> print(sentence(films=100, prevalence=0.05, sensitivity=0, specificity=1))
        Of 100 films a day, 5 have a pneumothorax: none found, 5 missed, no false alarms; there are no alarms.
    """
    ill = films * prevalence
    found, missed, false = ill * sensitivity, ill * (1 - sensitivity), films * (1 - prevalence) * (1 - specificity)
    day = f"Of {films:,} film{'' if films == 1 else 's'} a day"
    verb = "has" if number(ill) in ("none", "1") else "have"
    alarms = number(false, nothing="no")
    rest = _shown(ill) - _shown(found)  # so that what is read adds up
    left = missed if rest < TINY or missed < TINY else rest
    return (
        f"{day}, {number(ill)} {verb} a pneumothorax: {number(found)} found, {number(left)} missed, "
        f"{alarms} false alarm{'' if alarms == '1' else 's'}; {right_words(found, false)}."
    )


def number(value: float, *, nothing: str = "none") -> str:
    """Write a mean number of films as people say it.

    Args:
        value: From 0.
        nothing: What is said of 0.

    Examples:
        >>> [number(value) for value in (0, 0.004, 0.04, 0.44, 4.96, 9.96, 1234.4)]
        ['none', 'almost none', '0.04', '0.4', '5', '10', '1,234']
    """
    if value == 0:
        return nothing
    if value < TINY:
        return f"almost {nothing}"
    if value < 0.0995:
        return f"{value:.2f}".rstrip("0")
    if value < 9.95:
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:,.0f}"


def _shown(value: float) -> float:
    """Return a mean number of films as it is read: what `number` rounds it to."""
    return round(value, 2 if value < 0.0995 else 1 if value < 9.95 else 0)


def right_words(found: float, false: float) -> str:
    """Say how many of the alarms are right.

    Args:
        found: Right alarms, from 0.
        false: False alarms, from 0.

    Examples:
        >>> right_words(4.6, 12), right_words(9, 1), right_words(1, 1299)
        ('about 1 alarm in 4 is right', 'about 9 alarms in 10 are right', 'about 1 alarm in 1,300 is right')
        >>> right_words(3, 0), right_words(0, 3), right_words(0, 0), right_words(99, 1)
        ('every alarm is right', 'no alarm is right', 'there are no alarms', 'nearly every alarm is right')
    """
    alarms = found + false
    if not alarms:
        return "there are no alarms"
    if not found or not false:
        return "every alarm is right" if found else "no alarm is right"
    share = found / alarms
    if share > NEARLY_ALL:
        return "nearly every alarm is right"
    if share < HARDLY_ANY:
        return "hardly any alarm is right"
    if share < RARE:
        return f"about 1 alarm in {_rounded(alarms / found):,} is right"
    whole = min(PARTS, key=lambda parts: (round(_off(share, parts), 6), parts))
    right = round(share * whole)
    return f"about {right} alarm{'s' if right > 1 else ''} in {whole} {'are' if right > 1 else 'is'} right"


def _off(share: float, parts: int) -> float:
    """Return how far a share is from the nearest number of parts that is neither none nor all."""
    return abs(share - min(max(round(share * parts), 1), parts - 1) / parts)


def _rounded(value: float) -> int:
    """Return a whole number, above 20 with two digits that count."""
    if value < 20.5:
        return round(value)
    unit = 10 ** (math.floor(math.log10(value)) - 1)
    return round(value / unit) * unit
