// What makes the pages quicker. Without it every page still works, by its links and forms.

const $ = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const announce = (text) => { $("#announce").textContent = text; };

// Times, as the clock on the wall shows them

const styles = {
  day: { dateStyle: "medium" },
  time: { timeStyle: "short" },
  instant: { dateStyle: "medium", timeStyle: "short" },
};

// the page's language as it is spoken where the visitor is
const { lang } = document.documentElement;
const locale = navigator.languages.find((it) => it.split("-")[0] === lang) ?? lang;

function localizeTimes(within) {
  for (const time of all("time[data-time]", within)) {
    const format = new Intl.DateTimeFormat(locale, styles[time.dataset.time]);
    time.textContent = format.format(new Date(time.dateTime));
  }
}

// What was just said is not said again when the page is loaded anew

function forgetNote() {
  const url = new URL(location.href);
  if (url.searchParams.has("note")) {
    url.searchParams.delete("note");
    history.replaceState(history.state, "", url);
  }
}

// Countdowns, by a clock that nobody can set

const WARN_MS = 120_000;
let ticking;

function countDown(within) {
  clearInterval(ticking);
  const shown = $("[data-left]", within);
  if (!shown) return;
  const left = Number(shown.dataset.left);
  const end = performance.now() + left;
  let hasWarned = left <= WARN_MS;
  const tick = () => {
    const ms = Math.max(0, end - performance.now());
    const seconds = Math.ceil(ms / 1000);
    $("[data-clock]", shown).textContent =
      `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    shown.classList.toggle("late", ms <= WARN_MS);
    if (!hasWarned && ms <= WARN_MS) {
      hasWarned = true;
      announce(shown.dataset.warning);
    }
    if (ms === 0) {
      clearInterval(ticking);
      announce(shown.dataset.over);
      // the exchange has two seconds to notice
      refreshSoon(1500);
    }
  };
  tick();
  ticking = setInterval(tick, 250);
}

// A device that sleeps stops that clock, and may lose its line without a word

const SLEPT_MS = 2000;
const aside = () => Date.now() - performance.now();
let awake = aside();

setInterval(() => {
  const hasSlept = aside() - awake > SLEPT_MS;
  awake = aside();
  if (!hasSlept) return;
  hush();
  catchUp();
}, 1000);

// Parts of the page, fetched anew

const PAUSE_MAX_MS = 60_000;
let refreshing;
let waiting;
let failures = 0;
// what is said of the next refresh, whoever asked for it
let toSay;
// how often "Show more" was asked for
let pagesBelow = 0;
// when what is shown was rendered
let { rendered } = document.body.dataset;

function refreshSoon(least = 0) {
  clearTimeout(waiting);
  // not everybody at once
  waiting = setTimeout(catchUp, least + Math.random() * 300);
}

// Makes the page true and keeps it so; as long as that fails, it is tried again, later each time.
async function catchUp() {
  const isFresh = await refresh();
  // what happens from now on is heard of even where the past isn't known
  listen();
  if (isFresh && !live) failures = 0;
  if (isFresh === false) tryAgain();
}

function tryAgain() {
  failures += 1;
  const pause = Math.min(500 * 2 ** failures, PAUSE_MAX_MS);
  refreshSoon(pause / 2 + Math.random() * pause / 2);
}

/** Whether it worked; nothing, where there is nothing to refresh, or another refresh came first. */
async function refresh() {
  if (!$("[data-part]")) return undefined;
  refreshing?.abort();
  refreshing = new AbortController();
  const { signal } = refreshing;
  try {
    const page = await fetchPage(location.href, signal);
    if (!page || !await appendMore(page, signal)) return false;
    // what somebody is clicking on stays where it is until they have
    await pressed;
    if (signal.aborted) return undefined;
    // what was sent is answered by another page
    if ($("[data-part] form[data-sent]")) return undefined;
    for (const part of all("[data-part]")) {
      const fresh = $(`[data-part="${part.dataset.part}"]`, page);
      if (fresh) swap(part, fresh);
    }
    rendered = page.body.dataset.rendered;
    prepare(document);
    toSay?.();
    toSay = undefined;
    return true;
  } catch {
    return signal.aborted ? undefined : false;
  } finally {
    if (refreshing?.signal === signal) refreshing = undefined;
  }
}

// Appends what "Show more" has appended; whether that worked.
async function appendMore(page, signal) {
  for (let appended = 0; appended < pagesBelow; appended += 1) {
    const link = $("[data-more]", page);
    if (!link) break;
    const next = await fetchPage(link.href, signal);
    if (!next) return false;
    $("[data-list]", page).append(...all("[data-list] > li", next));
    link.closest(".more").replaceChildren(...all("[data-more]", next));
  }
  return true;
}

async function fetchPage(url, signal) {
  const response = await fetch(url, { signal });
  if (response.redirected || response.status === 404) {
    // it isn't this visitor's any more, or isn't there
    location.reload();
    return undefined;
  }
  if (!response.ok) return undefined;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

let pressed;

document.addEventListener("pointerdown", () => {
  let release;
  pressed = new Promise((resolve) => { release = resolve; });
  const end = () => {
    for (const kind of ["pointerup", "pointercancel"]) removeEventListener(kind, end, true);
    // the click comes first
    setTimeout(release);
  };
  for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, end, true);
}, true);

// What tells one element from others of its part
const told = (it) => [it.tagName, it.name, it.value, it.href, it.textContent].join("\n");

// What somebody chose, and the field that they were in, also while the page doesn't show it
const chosen = new Map();
let lostField;

// who has done something since is where they want to be
for (const kind of ["keydown", "pointerdown"]) {
  addEventListener(kind, () => { lostField = undefined; }, true);
}

function swap(part, fresh) {
  for (const { name, value } of all("input[type=radio]:checked", part)) chosen.set(name, value);
  for (const input of all("input[type=radio]", fresh)) {
    if (chosen.get(input.name) === input.value) input.checked = true;
  }
  const open = all("details", part).map((details) => details.open);
  all("details", fresh).forEach((details, index) => { details.open ||= open[index] ?? false; });
  const badge = (within) => $(".badge", within)?.textContent.trim();
  if (fresh.matches("[data-live-part]") && !fresh.matches("section") && badge(part) !== badge(fresh)) {
    const word = $(".state-word", fresh) ?? $(".prose", fresh);
    announce(word?.textContent ?? badge(fresh));
  }
  const [at, content] = [document.activeElement, $("#content")];
  const isHere = part.contains(at);
  const wanted = isHere ? told(at) : lostField;
  part.replaceWith(document.adoptNode(fresh));
  if (!wanted || !(isHere || at === content)) return;
  // a button that comes back later is not to be pressed by a key that was meant for the page
  const same = all(isHere ? "a, button, input, summary" : "input", fresh)
    .find((it) => told(it) === wanted);
  (same ?? content).focus({ preventScroll: true });
  lostField = same ? undefined : wanted;
}

// What nobody tells of is asked for, less often each time

const ASK_MS = 2000;
let asked = 0;

function settle(within) {
  const isUnsettled = $("[data-unsettled]", within) !== null;
  if (isUnsettled) refreshSoon(Math.min(ASK_MS * 2 ** asked, PAUSE_MAX_MS));
  asked = isUnsettled ? asked + 1 : 0;
}

// Changes, as they happen

let live;
let liveFor = "";
const LIVE_MAX = 60;
const ORDERS_MAX = 20;

function listen() {
  const ids = (kind) => all(`[data-live-${kind}]`)
    .map((it) => `${kind}=${it.getAttribute(`data-live-${kind}`)}`);
  const wanted = [...new Set([...ids("order").slice(0, ORDERS_MAX), ...ids("ticket")])].slice(0, LIVE_MAX).join("&");
  if (live && liveFor === wanted && live.readyState !== EventSource.CLOSED) return;
  hush();
  if (!wanted || document.hidden) return;
  liveFor = wanted;
  live = new EventSource(`/live?${wanted}&since=${rendered}`);
  live.addEventListener("open", () => { failures = 0; });
  live.addEventListener("ticket", ({ data }) => changedTicket(JSON.parse(data)));
  live.addEventListener("order", ({ data }) => changedOrder(JSON.parse(data)));
  live.addEventListener("payment", () => refreshSoon());
  live.addEventListener("reload", () => refreshSoon());
  live.addEventListener("error", ({ target }) => {
    // a lost line the browser mends by itself; after an answer other than 200 it gives up
    if (target === live && target.readyState === EventSource.CLOSED) tryAgain();
  });
}

function hush() {
  live?.close();
  live = undefined;
}

function changedTicket({ id, version, state }) {
  for (const shown of all(`[data-live-ticket="${CSS.escape(id)}"]`)) {
    if (Number(shown.dataset.version) >= version) continue;
    if (shown.matches("[data-live-part]")) {
      refreshSoon();
      continue;
    }
    const fresh = $(`template[data-state="${CSS.escape(state)}"]`)?.content.firstElementChild;
    if (!fresh) continue;
    shown.className = fresh.className;
    shown.replaceChildren(...fresh.cloneNode(true).childNodes);
    shown.dataset.version = version;
  }
}

function changedOrder({ id, version }) {
  const shown = $(`[data-live-order="${CSS.escape(id)}"]`);
  if (shown && Number(shown.dataset.version) < version) refreshSoon();
}

// Search as one types

let typing;

function sayFound() {
  const [found, empty] = [all("[data-list] > li").length, $(".empty")];
  announce(empty?.textContent ?? `${found}${$("[data-more]") ? "+" : ""} · ${$("#results").textContent}`);
}

function searchLive(form) {
  let searched;
  const search = () => {
    const fields = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...fields]) {
      if (!value.trim() || (name === "sort" && value === "newest")) fields.delete(name);
    }
    const query = fields.toString();
    // who leaves the field has searched for this already
    if (query === searched) return;
    searched = query;
    history.replaceState(null, "", query ? `/?${query}` : "/");
    pagesBelow = 0;
    for (const link of all("a[hreflang]")) {
      link.search = new URLSearchParams({ to: link.lang, return_to: `/${location.search}` });
    }
    toSay = sayFound;
    catchUp();
  };
  const soon = (ms) => {
    clearTimeout(typing);
    typing = setTimeout(search, ms);
  };
  form.addEventListener("input", () => soon(200));
  form.addEventListener("change", () => soon(0));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    searched = undefined;
    soon(0);
  });
}

// The next page, below this one

async function more(link) {
  link.setAttribute("aria-disabled", "true");
  // one that is under way knows nothing of this page
  if (refreshing) refreshSoon(1000);
  refreshing?.abort();
  try {
    const page = await fetchPage(link.href);
    if (!page) throw new Error(link.href);
    const items = all("[data-list] > li", page);
    pagesBelow += 1;
    $("[data-list]").append(...items);
    $(".more").replaceChildren(...all("[data-more]", page));
    $("a", items[0])?.focus({ preventScroll: true });
    prepare(document);
  } catch {
    location.assign(link.href);
  }
}

// Forms: what is wrong is said at the field, and what was sent isn't sent twice

function judge(field) {
  const fault = $(`#${field.name}-error`);
  const value = field.value.trim();
  const isShort = value.length > 0 && value.length < field.minLength;
  const isFine = field.checkValidity() && !isShort && !(field.required && !value);
  fault.textContent = isFine ? "" : field.dataset.rule;
  field.toggleAttribute("aria-invalid", !isFine);
  if (!isFine) field.setAttribute("aria-invalid", "true");
  return isFine;
}

function check(form) {
  form.noValidate = true;
  const fields = all("[data-rule]", form);
  for (const field of fields) {
    field.addEventListener("blur", () => { if (field.value) judge(field); });
    field.addEventListener("input", () => {
      if (field.hasAttribute("aria-invalid")) judge(field);
    });
  }
  form.addEventListener("submit", (event) => {
    const wrong = fields.filter((field) => !judge(field));
    if (!wrong.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wrong[0].focus();
  });
}

const ANSWERED_WITHIN_MS = 20_000;

function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    // nobody tells the page that its visitor has stopped waiting
    setTimeout(allowAgain, ANSWERED_WITHIN_MS);
    for (const button of all("button", form)) button.setAttribute("aria-disabled", "true");
  });
}

function allowAgain() {
  const sent = all("form[data-sent]");
  for (const form of sent) {
    delete form.dataset.sent;
    for (const button of all("button", form)) button.removeAttribute("aria-disabled");
  }
  // meanwhile nothing was refreshed
  if (sent.length) catchUp();
}

// Everything together

function prepare(within) {
  localizeTimes(within);
  settle(within);
  countDown(within);
  listen();
  for (const form of all("form:not([data-ready])", within)) {
    form.dataset.ready = "";
    if (form.matches("[data-check]")) check(form);
    if (form.matches("[data-once]")) sendOnce(form);
    if (form.matches("[data-search]")) searchLive(form);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-more]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    if (!link.hasAttribute("aria-disabled")) more(link);
  }
  const menu = $("details.menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") allowAgain();
  const menu = $("details.menu[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  $("summary", menu).focus();
});

const HIDDEN_MAX_MS = 30_000;
let hidden;

document.addEventListener("visibilitychange", () => {
  clearTimeout(hidden);
  if (document.hidden) hidden = setTimeout(hush, HIDDEN_MAX_MS);
  else catchUp();
});

addEventListener("pagehide", hush);
addEventListener("pageshow", (event) => {
  allowAgain();
  if (event.persisted) catchUp();
});

forgetNote();
prepare(document);
