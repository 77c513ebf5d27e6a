"""The page shows what the API holds, and what matters first."""

import re

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.end_to_end.page.conftest import OpenPage
from tests.end_to_end.page.models import Traffic, new_registry, serve

pytestmark = pytest.mark.components

MODEL = "/#/model?name=flight-delay&version=2013.1"
WORDS = {
    "silent_degradation": "Silent degradation",
    "degraded": "Degraded",
    "drifting": "Drifting",
    "watch": "Watch",
    "blind": "Blind",
    "healthy": "Healthy",
}


def plain(text: str) -> str:
    """Return text without the marks that isolate names."""
    return re.sub("[\u2068\u2069]", "", text)


def test_the_first_line_says_which_model_since_when_and_that_latency_did_not_show_it(
    stories_url: str, open_page: OpenPage
) -> None:
    page = open_page(stories_url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("worse answers")
    first = plain(page.get_by_role("heading", level=1).inner_text())
    assert first.startswith("flight-delay 2013.1 has been giving worse answers since 7 Jan 2013")
    assert "most of all for carrier = UA" in first
    assert "latency, errors and traffic do not show it" in first
    assert "So has credit-risk 7." in first
    assert page.title() == "2 in trouble · Barograph"


def test_every_model_is_there_with_its_state_those_in_trouble_first(
    stories_url: str, open_page: OpenPage
) -> None:
    models = httpx.get(f"{stories_url}/api/models").json()["models"]
    page = open_page(stories_url)
    cards = page.get_by_role("region", name="Models").get_by_role("listitem")
    expect(cards).to_have_count(len(models))
    shown = [card.get_attribute("data-state") for card in cards.all()]
    assert shown == sorted(shown, key=lambda state: list(WORDS).index(str(state)))
    for model in models:
        card = cards.filter(has=page.get_by_role("link", name=model["name"]))
        expect(card).to_contain_text(WORDS[model["state"]])
        expect(card).to_contain_text(f"{model['predictions']:,} predictions")


def test_open_alarms_are_there_as_sentences(stories_url: str, open_page: OpenPage) -> None:
    alarms = httpx.get(f"{stories_url}/api/alarms").json()["alarms"]
    page = open_page(stories_url)
    shown = page.get_by_role("complementary").get_by_role("link")
    expect(shown).to_have_count(len(alarms))
    assert {link.inner_text() for link in shown.all()} == {alarm["sentence"] for alarm in alarms}


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_a_card_ends_its_sentence(stories_url: str, open_page: OpenPage, width: int) -> None:
    page = open_page(stories_url, viewport={"width": width, "height": 900})
    card = page.get_by_role("listitem").filter(
        has=page.get_by_role("link", name="flight-delay 2013.1", exact=True)
    )
    reason = card.locator(".reason")
    expect(reason).to_contain_text("elsewhere.")
    assert reason.evaluate("one => one.scrollHeight <= one.clientHeight")


def test_quality_stands_above_latency_and_errors_with_what_they_were(
    stories_url: str, open_page: OpenPage
) -> None:
    page = open_page(stories_url)
    card = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="flight-delay"))
    rows = card.locator(".gap-row")
    expect(rows).to_have_count(3)
    tops = [row.bounding_box() for row in rows.all()]
    assert [r.get_attribute("class") for r in rows.all()] == [
        "gap-row quality",
        "gap-row latency",
        "gap-row errors",
    ]
    assert [top["y"] for top in tops if top] == sorted(top["y"] for top in tops if top)
    assert len({round(top["x"]) for top in tops if top}) == 1
    # For those who do not see the lines, the same in a sentence.
    said = card.locator(".gap > p").text_content() or ""
    assert re.search(r"accuracy [\d.]+\s% was [\d.]+\s%; latency p95 [\d.]+ ?\s?ms", said), said


def test_a_model_without_labels_says_so_instead_of_a_line(
    stories_url: str, open_page: OpenPage
) -> None:
    page = open_page(stories_url)
    card = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="churn"))
    expect(card).to_contain_text("No label has arrived yet, so quality is not known")
    expect(card.locator(".gap-row.quality")).to_contain_text("unknown")
    # Nor does its own page draw what nobody knows.
    card.get_by_role("link").click()
    main = page.get_by_role("region", name="Quality next to latency, errors and traffic")
    expect(main.locator(".js-plotly-plot")).to_contain_text("Quality: not known, no label has come")
    labels = page.get_by_role("region", name="Labels: how soon they come")
    expect(labels).to_contain_text("No label has come yet")
    expect(labels.locator(".js-plotly-plot")).to_have_count(0)


def test_where_labels_are_late_the_card_says_what_scores_promise(open_page: OpenPage) -> None:
    registry = new_registry()
    traffic = Traffic(registry, "late")
    traffic.send(5000)
    traffic.send(1000, labels=False)
    with serve(registry) as url:
        row = open_page(url).locator(".gap-row.quality")
        expect(row).to_contain_text(re.compile(r"≈ [89]\d\.\d.%.?estimated, was [89]\d"))


def test_no_estimate_stands_on_the_card_for_what_labels_have_proven(open_page: OpenPage) -> None:
    """Where the latest ones have no figure, as of a regression, an older one stands there."""
    registry = new_registry()
    traffic = Traffic(registry, "late")
    traffic.send(5000)
    traffic.send(1000, labels=False)

    def harmed(route: Route) -> None:
        overview = route.fetch().json()
        overview["models"][0]["quality"] |= {"early": True, "latest": None}
        route.fulfill(json=overview)

    with serve(registry) as url:
        page = open_page(url)
        page.route("**/api/page/overview*", harmed)
        row = page.locator(".gap-row.quality")
        page.reload()
        expect(row).to_contain_text(re.compile(r"[89]\d\.\d.%.?on "))
        expect(row).not_to_contain_text("estimated")


def test_a_model_leads_to_its_page_and_back(stories_url: str, open_page: OpenPage) -> None:
    page = open_page(stories_url)
    page.get_by_role("link", name="flight-delay 2013.1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("flight-delay 2013.1")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.go_back()
    expect(page.get_by_role("region", name="Models")).to_be_visible()


def drawn(page: Page) -> list[dict[str, object]]:
    """Return name and last value of what the figure draws."""
    page.wait_for_selector(".figure:not(.small, .course) .main-svg")
    found: list[dict[str, object]] = page.eval_on_selector(
        ".figure:not(.small, .course) .js-plotly-plot",
        "plot => plot.data.filter(t => t.name)"
        ".map(t => ({name: t.name, axis: t.yaxis, n: t.y.length, last: t.y.at(-1)}))",
    )
    return found


def test_a_models_page_draws_what_the_api_holds(stories_url: str, open_page: OpenPage) -> None:
    history = httpx.get(f"{stories_url}/api/models/flight-delay/2013.1").json()["history"]
    last = history[-1]["signals"]
    page = open_page(stories_url + MODEL)
    lines = {str(line["name"]): line for line in drawn(page)}
    assert lines.pop("so far")["n"] == 1
    promised = lines.pop("promised by scores")
    assert promised["last"] == pytest.approx(last["estimated"]["accuracy"]["value"], rel=1e-4)
    assert set(lines) == {"accuracy", "p50", "p95", "errors", "traffic"}
    assert len({line["axis"] for line in lines.values()}) == 4
    assert all(line["n"] == len(history) for line in lines.values())
    assert lines["accuracy"]["last"] == pytest.approx(
        last["performance"]["accuracy"]["value"], rel=1e-4
    )
    assert lines["p95"]["last"] == pytest.approx(1000 * last["latency"]["p95_s"], rel=1e-4)


def test_the_alarms_onset_is_marked(stories_url: str, open_page: OpenPage) -> None:
    alarms = httpx.get(f"{stories_url}/api/alarms").json()["alarms"]
    risk = next(a for a in alarms if a["model"] == "flight-delay" and a["signal"] == "risk")
    page = open_page(stories_url + MODEL)
    drawn(page)
    starts = page.eval_on_selector(
        ".figure:not(.small, .course) .js-plotly-plot",
        "plot => plot.layout.shapes.filter(s => s.type === 'rect')"
        ".map(s => new Date(s.x0).toISOString())",
    )
    assert starts == [risk["since"]]


def test_another_figure_of_quality_can_be_chosen(stories_url: str, open_page: OpenPage) -> None:
    page = open_page(stories_url + MODEL)
    drawn(page)
    page.get_by_label("Quality by").select_option("auc")
    figure = page.locator(".figure:not(.small, .course) .js-plotly-plot")
    expect(figure).to_contain_text("area under the ROC curve")
    assert "area under the ROC curve" in {line["name"] for line in drawn(page)}


def test_features_are_shown_over_their_reference(stories_url: str, open_page: OpenPage) -> None:
    page = open_page(stories_url + MODEL)
    grid = page.get_by_role("region", name="Features now and in the reference")
    cards = grid.locator(".distribution")
    expect(cards.first.get_by_role("heading", name="departure delay")).to_be_visible()
    drawn = cards.first.locator("path.now").get_attribute("d") or ""
    assert drawn.count("L") == 2 * 20 - 1
    carrier = cards.filter(has=page.get_by_role("heading", name="carrier", exact=True))
    expect(carrier.locator("li")).to_have_count(4)
    expect(carrier.locator("li").first).to_contain_text("→")


def test_what_came_after_and_the_scores_word_are_shown(
    stories_url: str, open_page: OpenPage
) -> None:
    page = open_page(stories_url + MODEL)
    after = page.get_by_role("region", name="What came after")
    expect(after.get_by_role("row", name="Calibration error")).to_contain_text("%")
    scores = page.get_by_role("region", name="Do scores keep their word?")
    expect(scores.locator(".main-svg").first).to_be_visible()
    expect(scores.locator(".legend")).to_contain_text("reference")
    expect(scores.locator(".legend")).not_to_contain_text("trace")


def test_drift_lists_every_stream_with_the_alarm_first(
    stories_url: str, open_page: OpenPage
) -> None:
    page = open_page(stories_url + MODEL)
    rows = page.get_by_role("table", name="Drift by feature").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("departure delay")
    expect(rows.nth(1)).to_contain_text("alarm")
    last = httpx.get(f"{stories_url}/api/models/flight-delay/2013.1").json()["history"][-1]
    streams = sum(
        len(last["signals"].get(signal, {}))
        for signal in ("input.drift", "prediction.drift", "confidence.drift")
    )
    expect(rows).to_have_count(streams + 1)


def test_the_failing_slice_is_named_first(stories_url: str, open_page: OpenPage) -> None:
    page = open_page(stories_url + MODEL)
    rows = page.get_by_role("table", name="The slices that do worst").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("carrier = UA")
    expect(rows.nth(1)).to_contain_text("alarm")


def test_an_alarms_page_says_all_of_it(stories_url: str, open_page: OpenPage) -> None:
    alarms = httpx.get(f"{stories_url}/api/alarms").json()["alarms"]
    risk = next(a for a in alarms if a["model"] == "flight-delay" and a["signal"] == "risk")
    page = open_page(stories_url)
    page.get_by_role("link", name=risk["sentence"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(risk["sentence"])
    expect(page.get_by_text(risk["advice"])).to_be_visible()
    expect(page.get_by_text("what the alarm budget asks for")).to_be_visible()
    page.get_by_text("The latest windows in figures").press("Enter")
    expect(page.get_by_role("group", name="Latest windows").get_by_role("row")).to_have_count(26)
    links = page.locator(".traces a[href^=http]")
    assert [link.get_attribute("href") for link in links.all()] == risk["trace_links"]
    # Without a store of traces there is what the processor itself knows.
    became = page.get_by_role("link", name=f"What became of {risk['trace_ids'][0]}")
    (known,) = page.request.get(became.evaluate("a => a.href")).json()["predictions"]
    assert (known["trace_id"], known["right"]) == (risk["trace_ids"][0], False)


def test_beside_its_model_an_alarm_does_not_say_its_name_again(
    stories_url: str, open_page: OpenPage
) -> None:
    page = open_page(stories_url + MODEL)
    alarms = page.get_by_role("region", name="Open alarms").get_by_role("link")
    expect(alarms.nth(1)).to_have_text(re.compile("^Too many predictions are wrong since"))


def test_a_card_shows_the_last_window_that_its_alarm_speaks_of(
    stories_url: str, open_page: OpenPage
) -> None:
    """Not the handful of labels since, which nobody has judged."""
    models = httpx.get(f"{stories_url}/api/page/overview").json()["models"]
    flights = next(model for model in models if model["name"] == "flight-delay")
    last = flights["trend"]["quality"][-1]
    assert flights["quality"]["latest"]["value"] != pytest.approx(last, abs=0.02)
    shown = open_page(stories_url).locator(".gap-row.quality b").first
    expect(shown).to_contain_text("%")
    assert float(shown.inner_text().split()[0]) == pytest.approx(100 * last, abs=0.051)


@pytest.mark.parametrize("place", ["/#/model?name=nobody&version=1", "/#/alarm?id=none"])
def test_what_is_not_there_leads_back(
    stories_url: str, open_page: OpenPage, complaints: list[str], place: str
) -> None:
    page = open_page(stories_url + place)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such thing here")
    page.get_by_role("link", name="All models").click()
    expect(page.get_by_role("region", name="Models")).to_be_visible()
    assert all("404" in complaint for complaint in complaints)
    complaints.clear()
