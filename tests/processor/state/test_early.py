"""Facts that came before their prediction: in order, bounded and each once."""

from barograph_processor.state.early import EarlyFacts, Fact


def _fact(number: int, name: str, response: str | None = None) -> Fact:
    return Fact("label", name, None, None, number, 1.0, None, None, response=response)


def test_facts_of_a_prediction_come_out_in_order_and_once() -> None:
    early = EarlyFacts(capacity=10)
    for number in range(6):
        early.add(_fact(number, "ab"[number % 2]))
    assert early.awaits(("x", "b"))
    assert [fact.time_ns for fact in early.take(("b", "x", "b", "a"))] == [1, 3, 5, 0, 2, 4]
    assert (len(early), early.awaits(("a", "b")), early.take(("a",))) == (0, False, [])


def test_the_oldest_go_first_by_all_of_their_names() -> None:
    early = EarlyFacts(capacity=3)
    evicted = [early.add(_fact(number, f"span{number}", "answer")) for number in range(5)]
    assert evicted == [0, 0, 0, 1, 1]
    assert not early.awaits(("span0", "span1"))
    assert [fact.time_ns for fact in early.take(("answer",))] == [2, 3, 4]
    assert not early.awaits(("span2", "span3", "span4"))


def test_state_and_load_keep_the_order() -> None:
    early = EarlyFacts(capacity=10)
    for number in range(6):
        early.add(_fact(number, "a", "answer" if number % 2 else None))
    again = EarlyFacts(capacity=10)
    again.load(early.state())
    assert again.take(("answer", "a")) == early.take(("answer", "a"))
