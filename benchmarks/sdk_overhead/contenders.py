"""Who is compared."""

from benchmarks.sdk_overhead.contender import Contender, Watched, library, sink
from benchmarks.sdk_overhead.otlp_peers import OTLP_PEERS, RAW
from benchmarks.sdk_overhead.own_protocol_peers import OWN_PROTOCOL_PEERS
from benchmarks.sdk_overhead.workload import MODEL, VERSION, predict

__all__ = ["CONTENDERS"]


def bare() -> Watched:
    return Watched(predict)


def barograph() -> Watched:
    module = library("barograph")
    module.configure(endpoint=sink())
    watched = module.observe(model=MODEL, version=VERSION)(predict)
    return Watched(watched, lambda: module.force_flush(60))


def barograph_off() -> Watched:
    module = library("barograph")
    module.configure(enabled=False)
    return Watched(module.observe(model=MODEL, version=VERSION)(predict))


CONTENDERS = [
    Contender("bare call", None, bare, bare),
    RAW,
    Contender("Barograph", None, barograph, barograph_off),
    *OTLP_PEERS,
    *OWN_PROTOCOL_PEERS,
]
