/** Shows the view that the address names, and keeps it fresh. */

import { alarmPage } from "./alarm.js";
import { NotFound, Unanswered } from "./api.js";
import { el, say } from "./dom.js";
import { modelPage } from "./model.js";
import { overview } from "./overview.js";
import { poll } from "./poll.js";
import { reviewPage } from "./review.js";
import { here } from "./route.js";
import { capital } from "./words.js";

const main = document.getElementById("main");
const banner = document.getElementById("banner");
const pulse = document.getElementById("pulse");
const announcer = document.getElementById("announcer");

let stop = () => {};

function open() {
  const { view, query } = here();
  const page = choose(view, query);
  const loading = el("h1", { class: "loading" }, "Asking the processor…");
  let shown = false;
  let news = "";
  stop();
  main.replaceChildren(loading);
  warn("");

  stop = poll(
    async (signal) => {
      const about = await page.refresh(signal);
      if (main.firstChild !== page.root) main.replaceChildren(page.root);
      if (shown && about.news !== news) say(announcer, about.news);
      shown = true;
      news = about.news;
      document.title = `${about.title} · Barograph`;
      warn(about.ready === false ? "The journal is being replayed after a restart: what is shown is still catching up." : "");
    },
    { success: () => beat(true), failure: (error) => fail(error, shown) },
  );
}

function choose(view, query) {
  if (view === "model") return modelPage(query.get("name") ?? "", query.get("version") ?? "");
  if (view === "review") return reviewPage();
  if (view === "alarm") return alarmPage(query.get("id") ?? "");
  return overview();
}

function fail(error, shown) {
  // Who says that there is no such thing is there.
  beat(error instanceof NotFound);
  if (error instanceof NotFound) {
    main.replaceChildren(
      el(
        "section",
        { class: "empty" },
        el("h1", {}, "There is no such thing here"),
        el("p", { dir: "auto" }, `${capital(error.message)}.`),
        el("p", {}, el("a", { href: "#/" }, "All models")),
      ),
    );
    warn("");
    return;
  }
  if (!(error instanceof Unanswered)) {
    // Nothing that asking again would mend, and nothing that an answer may hide.
    stop();
    console.error(error);
    warn("This page made a mistake and has stopped. Reload it; if that does not help, please report what the browser's console says.");
    return;
  }
  const stale = shown ? " What is shown is from before." : "";
  warn(`The processor does not answer.${stale} Trying again.`);
  if (!shown) main.replaceChildren(el("h1", { class: "loading" }, "Nothing to show until it answers."));
}

function warn(text) {
  say(banner, text);
  banner.hidden = text === "";
}

function beat(alive) {
  const clock = new Date().toLocaleTimeString("en-GB");
  if (alive) say(pulse, `live · ${clock}`);
  else if (pulse.classList.contains("alive")) say(pulse, `away since ${clock}`);
  else if (pulse.textContent === "") say(pulse, "away");
  pulse.classList.toggle("alive", alive);
  main.classList.toggle("stale", !alive);
}

addEventListener("hashchange", () => {
  open();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
open();
