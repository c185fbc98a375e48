"""In which order the members of a gateway are asked.

A document stays where its text has been read before: of those that can answer, the one with the highest
hash of document and name is asked (rendezvous hashing: D. Thaler, C. Ravishankar, "Using name-based
mappings to increase hit rates", IEEE/ACM Transactions on Networking 6, 1998). When one goes away only its
own documents move, and they return with it; all servers with the same names choose alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable

from ..backends.affinity import affinity_name
from ..routing import Price, Routing
from ..types import ChatRequest, Request
from .member import Member


def in_order(members: Iterable[Member], request: Request) -> list[Member]:
    """Those that may be asked, the best one first."""
    routing = _routing_of(request)
    allowed = [each for each in members if allows(each.name, request) and _affordable(each.price, routing)]
    position = _position(routing, request)
    places = {name: place for place, name in enumerate(routing.order)}

    def rank(member: Member) -> tuple[object, ...]:
        health = member.health
        place = places.get(member.name, len(places))
        return health.away, bool(health.refusal), place, member.backup, member.full, position(member)

    return sorted(allowed, key=rank)


def allows(name: str, request: Request) -> bool:
    """Whether a request lets an upstream of this name answer."""
    routing = _routing_of(request)
    return (not routing.only or name in routing.only) and name not in routing.ignore


def _routing_of(request: Request) -> Routing:
    return (request.routing if isinstance(request, ChatRequest) else None) or Routing()


def _affordable(price: Price | None, routing: Routing) -> bool:
    most = routing.max_price
    return most is None or price is None or _within(price, most)


def _within(price: Price, most: Price) -> bool:
    pairs = ((price.prompt, most.prompt), (price.completion, most.completion), (price.request, most.request))
    return all(bound is None or (own or 0.0) <= bound for own, bound in pairs)


def _position(routing: Routing, request: Request) -> Callable[[Member], float]:
    """What members are sorted by, the least first. One that nothing is known of is tried."""
    if routing.sort == "price":
        return lambda member: _cost(member.price)
    if routing.sort == "latency":
        return lambda member: member.first_seconds or 0.0
    if routing.sort == "throughput":
        return lambda member: -(member.tokens_per_second or float("inf"))
    name = json.dumps(affinity_name(request)).encode()
    key = hashlib.blake2b(name, digest_size=16).digest()
    return lambda member: -_score(key, member.name)


def _cost(price: Price | None) -> float:
    """Of a request with as many tokens in its prompt as in its answer; what counts is the order."""
    prices = () if price is None else (price.prompt, price.completion, price.request)
    return sum(each or 0.0 for each in prices)


def _score(key: bytes, name: str) -> float:
    return int.from_bytes(hashlib.blake2b(name.encode(), key=key, digest_size=8).digest(), "big")
