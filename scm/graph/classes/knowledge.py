"""What is known beside the data about the direction of edges, added to a class of DAGs."""

from collections.abc import Iterable, Mapping, Sequence

from scm.graph.checks import Edge, read_edges, refuse_unknown
from scm.graph.classes.meek import Arrows, Skeleton, close


def read_knowledge(
    nodes: Sequence[str],
    skeleton: Skeleton,
    edges: Iterable[Edge],
    forbidden: Iterable[Edge],
    tiers: Mapping[str, float] | None,
) -> Arrows:
    """The arrows asked for, each with where it comes from.

    `edges` are arrows that must be there. A forbidden arrow, and one from a later tier to an
    earlier one, says nothing of a pair that is not joined, and turns the edge of one that is.
    """
    told: Arrows = dict.fromkeys(read_edges("orient", "->", edges), "told")
    never = read_edges("orient(forbidden)", "->", forbidden)
    tier = dict(tiers or {})
    refuse_unknown("orient", (name for edge in told for name in edge), nodes)
    refuse_unknown("orient(forbidden)", (name for edge in never for name in edge), nodes)
    refuse_unknown("orient(tiers)", tier, nodes)
    for tail, head in never:
        if (tail, head) in skeleton.joined:
            told.setdefault((head, tail), f"{tail} -> {head} is forbidden")
    for a, b in skeleton.edges:
        if a in tier and b in tier and tier[a] != tier[b]:
            first, then = (a, b) if tier[a] < tier[b] else (b, a)
            told.setdefault((first, then), f"tier {tier[first]} is before tier {tier[then]}")
    return told


def tell(skeleton: Skeleton, arrows: Arrows, told: Mapping[Edge, str]) -> Arrows:
    """The closure of `arrows` and of what is told; all contradictions are reported together.

    Of a class whose arrows are closed under Meek's rules an open edge may be told either way, so
    that edges told one at a time contradict exactly when one is already turned the other way.
    """
    wrong: list[str] = []
    for (tail, head), source in told.items():
        if (tail, head) not in skeleton.joined:
            wrong.append(f"{tail} -> {head} ({source}): they are joined in no member")
        elif (head, tail) in arrows:
            reason = arrows[head, tail]
            wrong.append(f"{tail} -> {head} ({source}) contradicts {head} -> {tail} ({reason})")
        else:
            arrows = close(skeleton, arrows, {(tail, head): source})
    if wrong:
        raise ValueError(f"orient: no member of the class fits: {'; '.join(wrong)}")
    return arrows
