/* The page: its address is its state, so a copied address shows the same. Text from outside is only ever set as text. */
import { WORDS } from "/page/words.js";
import { startPairs, showPairs, pressPairKey } from "/page/pairs.js";

const PAGE = 20;
const FOREIGN = /(?!\p{Script=Latin})\p{L}/u;
export const get = (id) => document.getElementById(id);
const search = { photo: null, shown: 0, number: 0, about: null, isWaiting: false, timer: 0 };
let language = "en";
try { language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"); } catch { /* storage is off */ }
if (!(language in WORDS)) language = "en";

export function say(key, values = {}) {
  return (WORDS[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function make(tag, properties = {}, ...children) {
  const { data = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(data)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export async function ask(path, body) {
  const request = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  const reply = await fetch(path, request);
  const found = await reply.json();
  if (!reply.ok) throw new Error(found.error?.message ?? reply.statusText);
  return found;
}

export function tell(error) {
  get("error").textContent = error ? say("failedCall", { why: error.message }) : "";
}

export function readAddress() {
  return new URLSearchParams(location.search);
}

export function setAddress(values, replace = false) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  const address = query.size ? `/?${query}` : "/";
  if (replace) history.replaceState(null, "", address);
  else if (address !== location.pathname + location.search) history.pushState(null, "", address);
}

function speak() {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  get("q").placeholder = say("placeholder");
  get("language").textContent = language === "en" ? "中文" : "English";
  get("language").lang = language === "en" ? "zh" : "en";
}

async function showIndex() {
  let pause = 10000;
  try {
    const { index } = await ask("/healthz");
    const parts = [index.is_running && index.done < index.total ? say("indexing", { done: index.done.toLocaleString(), total: index.total.toLocaleString() }) : say("photos", { n: index.photos.toLocaleString() })];
    if (index.failed) parts.push(say("failed", { n: index.failed.toLocaleString() }));
    const text = [...parts, index.warning].filter(Boolean).join(" · ");
    if (get("index").textContent !== text) get("index").textContent = text;
    if (search.isWaiting && !get("search").hidden) await runSearch();
    pause = index.is_running || search.isWaiting ? 1500 : 30000;
  } catch { /* the server is away: it is asked again */ }
  clearTimeout(search.timer); // whoever asked last waits alone
  search.timer = setTimeout(showIndex, pause);
}

/* ---- search ---- */

function showExamples() {
  get("example-list").replaceChildren(...search.about.examples.map((example) =>
    make("button", { type: "button", textContent: example, lang: "en", onclick: () => { search.photo = null; setAddress({ q: example }); show(); } })));
}

async function runSearch(more = false) {
  const number = ++search.number;
  search.isWaiting = false;
  const address = readAddress();
  const q = address.get("q") ?? "", like = address.get("like");
  tell(null);
  if (!more) search.shown = 0;
  if (!q && !like && !search.photo) {
    get("columns").replaceChildren();
    for (const id of ["asked", "count", "search-note"]) get(id).replaceChildren();
    get("more").hidden = true;
    return;
  }
  const models = search.about.models.map((model) => model.id);
  const body = { q, first: search.shown, k: PAGE };
  if (search.photo) body.image = search.photo;
  if (like) body.like = Number(like);
  get("columns").setAttribute("aria-busy", "true");
  try {
    const replies = await Promise.all(models.map((model) => ask("/search", { ...body, model })));
    if (number !== search.number) return;
    if (!more) showAsked(replies, models);
    showHits(replies, models, more);
    search.shown += PAGE;
    get("more").hidden = replies[0].total <= search.shown;
  } catch (error) {
    if (number === search.number) tell(error);
  } finally {
    if (number === search.number) get("columns").removeAttribute("aria-busy");
  }
}

function showAsked(replies, models) {
  const [{ text, excluded, hits }] = replies;
  // The first photos may come between the models' answers.
  const { total, index } = replies.find((reply) => !reply.total) ?? replies[0];
  search.isWaiting = !total && index.is_running;
  const byPhoto = search.photo || readAddress().get("like");
  const start = excluded.length ? (text ? say("without", { text }) : byPhoto ? `${say("byPhoto")},` : say("withoutOnly"))
    : text ? say("looking", { text }) : say("byPhoto");
  if (total) get("asked").replaceChildren(start, ...excluded.flatMap((word) => [" ", make("mark", { textContent: word, lang: "en" })]));
  else get("asked").replaceChildren(sayEmpty(index));
  const counts = replies.map((reply) => reply.excluded_in_first);
  const isCounted = excluded.length && counts.every((count) => count !== null);
  get("count").replaceChildren();
  if (isCounted) {
    const fewest = Math.min(...counts), most = Math.max(...counts);
    get("count").append(say("count", { k: replies[0].first_counted }));
    models.forEach((model, place) => {
      const kind = fewest === most ? "" : counts[place] === fewest ? "better" : "worse";
      get("count").append(place ? ", " : "", make("b", { className: kind, textContent: `${say(model)} ${counts[place]}` }));
    });
  }
  const hasLabels = hits.some((hit) => hit.shows !== null);
  const notes = [isCounted ? say("tuneNote") : excluded.length && !hasLabels && hits.length ? say("noLabels") : ""];
  if (FOREIGN.test(text)) notes.unshift(say("english"));
  get("search-note").textContent = notes.join(" ").trim();
}

function sayEmpty({ is_running, done, total }) {
  if (!is_running) return say("notFound");
  return total ? say("building", { done: done.toLocaleString(), total: total.toLocaleString() }) : say("listing");
}

function showHits(replies, models, more) {
  if (!more) {
    get("columns").replaceChildren(...models.map((model) => make("section", { className: "column", data: { "aria-label": say(model) } },
      make("h2", {}, say(model), " ", make("small", { textContent: say(`${model}About`) })), make("ul", { className: "hits", id: `hits-${model}` }))));
  }
  replies.forEach((reply, place) => {
    get(`hits-${models[place]}`).append(...reply.hits.map((hit) => make("li", {}, makeHit(hit))));
  });
}

function makeHit(hit) {
  const shows = hit.shows ?? [];
  const top = 100 - hit.percentile;
  const marks = shows.length ? make("span", { className: "badge", textContent: shows.join(", "), lang: "en" })
    : hit.may_show.length ? make("span", { className: "badge maybe", textContent: say("mayShow", { words: hit.may_show.join(", ") }), lang: "en" }) : null;
  const label = [hit.captions[0] ?? hit.name, shows.length ? say("shows", { words: shows.join(", ") }) : ""].filter(Boolean).join("; ");
  return make("button", { type: "button", className: `hit${shows.length ? " shows" : ""}${hit.width < 160 ? " small" : ""}`, title: hit.name, onclick: () => openPhoto(hit), data: { "aria-label": label } },
    make("img", { src: `/thumbnail/${hit.id}`, alt: "", loading: "lazy", decoding: "async", width: 160, height: 160 }),
    marks, make("span", { className: "foot", textContent: say("percentile", { p: top < 1 ? top.toPrecision(1) : top.toFixed(0) }) }));
}

function openPhoto(hit) {
  get("shown-photo").src = hit.is_here ? `/photo/${hit.id}` : `/thumbnail/${hit.id}`;
  get("shown-photo").alt = hit.captions[0] ?? hit.name;
  get("shown-photo").onerror = () => { get("shown-photo").onerror = null; get("shown-photo").src = `/thumbnail/${hit.id}`; get("shown-facts").textContent = say("isGone"); };
  get("shown-name").textContent = hit.name;
  get("shown-caption").textContent = hit.captions.join(" ");
  const facts = [say("facts", { score: hit.score.toFixed(3), percentile: hit.percentile.toFixed(hit.percentile < 99.9 ? 1 : 4) }), hit.credit];
  if (!hit.is_here) facts.push(say("isGone"));
  get("shown-facts").textContent = facts.filter(Boolean).join(". ");
  get("similar").onclick = () => { get("shown").close(); search.photo = null; setAddress({ like: String(hit.id) }); show(); };
  get("shown").showModal();
}

async function readPhoto(file) {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, 1024 / Math.max(image.width, image.height));
  if (scale === 1 && file.size < 4e6) {
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(file);
    });
  }
  const canvas = make("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
}

/* ---- the whole ---- */

export function show() {
  const isPairs = readAddress().get("view") === "pairs";
  get("search").hidden = isPairs;
  get("pairs").hidden = !isPairs;
  for (const [id, isHere] of [["to-search", !isPairs], ["to-pairs", isPairs]]) {
    if (isHere) get(id).setAttribute("aria-current", "page");
    else get(id).removeAttribute("aria-current");
  }
  document.title = `unscene: ${isPairs ? say("pairs") : readAddress().get("q") || say("search")}`;
  if (isPairs) return showPairs();
  get("q").value = readAddress().get("q") ?? "";
  return runSearch();
}

function follow(event, address) {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  search.photo = null;
  setAddress(address);
  show();
}

async function start() {
  speak();
  get("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    setAddress({ q: get("q").value.trim(), like: search.photo ? "" : readAddress().get("like") && get("q").value.trim() === (readAddress().get("q") ?? "") ? readAddress().get("like") : "" });
    show();
  });
  get("q").addEventListener("input", () => { if (!get("q").value) search.photo = null; });
  get("file").addEventListener("change", async () => {
    const [file] = get("file").files;
    if (!file) return;
    try {
      search.photo = await readPhoto(file);
      setAddress({ q: get("q").value.trim() });
      await show();
    } catch {
      tell(new Error(say("photoTooLarge")));
    }
    get("file").value = "";
  });
  get("more").addEventListener("click", () => runSearch(true));
  get("to-search").addEventListener("click", (event) => follow(event, {}));
  get("to-pairs").addEventListener("click", (event) => follow(event, { view: "pairs" }));
  get("language").addEventListener("click", () => {
    language = language === "en" ? "zh" : "en";
    try { localStorage.setItem("language", language); } catch { /* storage is off */ }
    speak();
    startPairs(search.about);
    showIndex();
    const typed = get("q").value;
    show();
    get("q").value = typed;
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not([type=range]):not([type=checkbox]), select, textarea");
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping || get("shown").open) return;
    if (event.key === "/") {
      event.preventDefault();
      if (get("search").hidden) { setAddress({}); show(); }
      get("q").focus();
    } else if (!get("pairs").hidden) pressPairKey(event);
  });
  window.addEventListener("popstate", () => { search.photo = null; show(); });
  try {
    search.about = await ask("/about");
    showExamples();
    startPairs(search.about);
    await show();
  } catch (error) {
    tell(error);
  }
  showIndex();
}

start();
