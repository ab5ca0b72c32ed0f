/* The explorer of pairs and refused edits. */
import { ask, get, make, readAddress, say, setAddress, tell } from "/page/page.js";

const PAGE = 50;
const FILTERS = ["state", "category", "reason", "result", "sort", "text"];
const RESULTS = ["group_score", "not group_score", "text_score", "not text_score", "image_score", "not image_score"];
const SORTS = { name: "byName", gain: "byGain", loss: "byLoss", area: "byArea" };
const known = { rows: [], total: 0, number: 0, hasMask: false, cut: 50, query: "" };

export function startPairs(about) {
  known.about = about;
  fill("result", [["", say("all")], ...RESULTS.map((name) => [name, say(name)])]);
  fill("sort", Object.entries(SORTS).map(([name, key]) => [name, say(key)]));
  known.query = "";
  if (known.isStarted) return;
  known.isStarted = true;
  for (const name of FILTERS) get(name).addEventListener(name === "text" ? "input" : "change", () => change(name));
  get("filters").addEventListener("submit", (event) => event.preventDefault());
  get("back").addEventListener("click", () => turn(-1));
  get("next").addEventListener("click", () => turn(1));
}

function fill(id, options, value = get(id).value) {
  get(id).replaceChildren(...options.map(([key, text]) => make("option", { value: key, textContent: text })));
  get(id).value = options.some(([key]) => key === value) ? value : options[0][0];
}

function readFilters() {
  const address = readAddress();
  return Object.fromEntries(FILTERS.map((name) => [name, address.get(name) ?? ""]));
}

function change(name) {
  const values = { view: "pairs", ...Object.fromEntries(FILTERS.map((one) => [one, get(one).value])) };
  if (values.sort === "name") values.sort = "";
  if (name === "state") Object.assign(values, { category: "", reason: "", result: "", sort: "", state: values.state === "accepted" ? "" : values.state });
  if (values.state === "accepted") values.state = "";
  setAddress(values, name === "text");
  showPairs();
}

function turn(pages) {
  const address = readAddress();
  const first = Math.max(0, Number(address.get("first") ?? 0) + pages * PAGE);
  setAddress({ ...Object.fromEntries(address), first: first ? String(first) : "", pair: "" });
  showPairs();
}

export async function showPairs() {
  if (!known.about) return;
  const number = ++known.number;
  const filters = readFilters(), first = Number(readAddress().get("first") ?? 0) || 0;
  const query = new URLSearchParams({ ...filters, state: filters.state || "accepted", sort: filters.sort || "name", first, number: PAGE });
  tell(null);
  try {
    if (String(query) !== known.query) {
      const found = await ask(`/pairs?${query}`);
      if (number !== known.number) return;
      known.query = String(query);
      known.rows = found.pairs;
      known.total = found.total;
      known.first = first;
      showFilters(filters, found);
      showList();
    }
    const wanted = readAddress().get("pair") || known.rows[0]?.edit_id;
    await showPair(wanted, number);
  } catch (error) {
    if (number === known.number) tell(error);
  }
}

function showFilters(filters, found) {
  const withCount = (counts) => [["", say("all")], ...Object.entries(counts).map(([name, count]) => [name, `${name} (${count.toLocaleString()})`])];
  fill("state", ["accepted", "refused"].map((name) => [name, say(name, { n: found.counts[name].toLocaleString() })]), filters.state || "accepted");
  fill("category", withCount(found.categories), filters.category);
  fill("reason", withCount(found.reasons), filters.reason);
  get("result").value = filters.result;
  get("sort").value = filters.sort || "name";
  if (document.activeElement !== get("text")) get("text").value = filters.text;
  const isRefused = filters.state === "refused";
  get("reason-field").hidden = !isRefused;
  get("result-field").hidden = get("sort-field").hidden = isRefused;
}

function showList() {
  const { rows, total, first } = known;
  get("pair-count").textContent = known.about.pairs ? (total ? say("pairCount", { n: total.toLocaleString() }) : say("none")) : say("noPairs");
  get("pair-list").replaceChildren(...rows.map((row) => make("li", {}, make("button", { type: "button", id: `row-${row.edit_id}`, onclick: () => choose(row.edit_id) },
    row.edited_path ? make("img", { src: `/pair/${encodeURIComponent(row.edit_id)}/edited`, alt: "", loading: "lazy", decoding: "async", width: 48, height: 48 }) : make("span", { className: "blank" }),
    make("span", { className: "who" }, row.category, make("small", { textContent: row.reason ?? row.edit_id })),
    row.scores?.tuned ? make("span", { className: row.scores.tuned.group_score ? "better" : "worse", textContent: row.scores.tuned.group_score ? "✓" : "✗", data: { "aria-label": say(row.scores.tuned.group_score ? "right" : "wrong"), role: "img" } }) : null))));
  get("page-number").textContent = total ? say("page", { a: first + 1, b: first + rows.length, n: total.toLocaleString() }) : "";
  get("back").disabled = !first;
  get("next").disabled = first + rows.length >= total;
}

function choose(editId) {
  setAddress({ ...Object.fromEntries(readAddress()), pair: editId });
  showPairs();
}

async function showPair(editId, number) {
  if (!editId) return get("pair").replaceChildren();
  const row = await ask(`/pair/${encodeURIComponent(editId)}`);
  if (number !== known.number) return;
  for (const button of get("pair-list").querySelectorAll("[aria-current]")) button.removeAttribute("aria-current");
  const button = get(`row-${editId}`);
  if (button) {
    button.setAttribute("aria-current", "true");
    button.scrollIntoView({ block: "nearest" });
  }
  get("pair").replaceChildren(
    make("h2", { textContent: row.category }),
    row.reason ? make("p", { className: "reason", textContent: row.detail || row.reason }) : "", explainReason(row.reason),
    ...makePictures(row), makeCaptions(row),
    make("div", { className: "tables" }, ...makeScores(row), makeMeasured(row)),
    row.scores ? make("p", { className: "note", textContent: say("heldOut") }) : row.reason ? "" : make("p", { className: "note", textContent: say("notTested") }),
    make("p", { className: "id", textContent: [row.edit_id, row.credit].filter(Boolean).join(" · ") }));
  setCut(known.cut);
}

/* Reasons are short, made for counting: "mask: not_chosen", "quality: max_residual". */
function explainReason(reason) {
  const [stage, what] = (reason ?? "").split(": ");
  const why = say(`why_${what}`);
  if (stage === "mask" && why !== `why_${what}`) return make("p", { className: "note", textContent: why });
  const score = what?.replace(/^(min|max)_/, ""), meaning = known.about.run.meanings?.[score];
  return stage === "quality" && meaning ? make("p", { className: "note", textContent: `${score}: ${meaning}`, lang: "en" }) : "";
}

function makePictures(row) {
  const { original, edited, mask } = row.pictures;
  if (!original) return [make("p", { className: "note", textContent: say("noPicture") })];
  const pictures = make("div", { className: "compare", id: "compare" });
  const photo = make("img", { src: original, alt: `${say("original")}: ${row.captions?.original ?? row.category}` });
  photo.addEventListener("load", () => pictures.classList.toggle("small", photo.naturalWidth < 200));
  pictures.append(photo);
  if (!edited) return [pictures, make("p", { className: "note", textContent: say("noPicture") })];
  pictures.append(make("img", { className: "edited", src: edited, alt: `${say("edited")}: ${row.captions?.negated ?? row.category}` }));
  if (mask) pictures.append(makeMask(mask));
  pictures.append(make("span", { className: "line" }), make("span", { className: "tag left", textContent: say("original") }), make("span", { className: "tag right", textContent: say("edited") }));
  const slider = make("input", { type: "range", id: "cut", min: 0, max: 100, value: known.cut, oninput: () => setCut(Number(slider.value)), data: { "aria-label": say("slider") } });
  pictures.addEventListener("pointermove", (event) => {
    const box = pictures.getBoundingClientRect();
    if (event.buttons || event.pointerType === "mouse") setCut(Math.round(100 * (event.clientX - box.left) / box.width));
  });
  const box = make("input", { type: "checkbox", id: "show-mask", checked: known.hasMask, onchange: () => setMask(box.checked) });
  return [pictures, make("div", { className: "tools" }, slider, mask ? make("label", {}, box, say("mask")) : null)];
}

function makeMask(address) {
  const overlay = make("span", { className: "mask", id: "mask", hidden: !known.hasMask });
  overlay.style.maskImage = `url("${encodeURI(decodeURI(address))}")`;
  return overlay;
}

function setCut(percent) {
  known.cut = Math.max(0, Math.min(100, percent));
  get("compare")?.style.setProperty("--cut", `${known.cut}%`);
  if (get("cut")) get("cut").value = known.cut;
}

function setMask(isShown) {
  known.hasMask = isShown;
  if (get("mask")) get("mask").hidden = !isShown;
  if (get("show-mask")) get("show-mask").checked = isShown;
}

function makeCaptions(row) {
  const list = make("dl", { className: "captions", lang: "en" });
  for (const [kind, key] of [["original", "captionOriginal"], ["without", "captionWithout"], ["negated", "captionNegated"]]) {
    if (row.captions?.[kind]) list.append(make("dt", { textContent: say(key) }), make("dd", { textContent: row.captions[kind] }));
  }
  return list;
}

function makeScores(row) {
  return ["base", "tuned"].filter((model) => row.scores?.[model]).map((model) => {
    const score = row.scores[model];
    const line = (photo) => {
      const [plain, negated] = [score[`cos_${photo}_present`], score[`cos_${photo}_negated`]];
      return make("tr", {}, make("th", { scope: "row", textContent: say(photo) }),
        make("td", { className: `n${plain > negated ? " high" : ""}`, textContent: plain.toFixed(3) }), make("td", { className: `n${negated > plain ? " high" : ""}`, textContent: negated.toFixed(3) }));
    };
    const verdict = [["scoreText", "text_score"], ["scoreImage", "image_score"], ["scoreGroup", "group_score"]].flatMap(([key, name]) =>
      [make("span", { className: score[name] ? "better" : "worse", textContent: `${say(key)} ${say(score[name] ? "right" : "wrong")}` }), " · "]).slice(0, -1);
    return make("div", {}, make("table", {}, make("caption", { textContent: say("four", { model: say(model) }) }),
      make("thead", {}, make("tr", {}, make("th", { scope: "col", textContent: say("photoOf") }), make("th", { scope: "col", textContent: say("plain") }), make("th", { scope: "col", textContent: say("negated") }))),
      make("tbody", {}, line("original"), line("edited"))), make("p", { className: "note" }, ...verdict));
  });
}

function makeMeasured(row) {
  const rows = Object.entries(row.measured ?? {}).filter(([, value]) => value !== null).map(([name, value]) => [say(name), value.toFixed(3), known.about.run.meanings?.[name]]);
  if (row.area_fraction) rows.push([say("area"), `${(100 * row.area_fraction).toFixed(1)} %`]);
  if (!rows.length) return null;
  return make("table", {}, make("caption", { textContent: say("measured") }),
    make("tbody", {}, ...rows.map(([name, value, meaning]) => make("tr", {}, make("th", { scope: "row" }, name, meaning ? make("small", { textContent: meaning, lang: "en" }) : null), make("td", { className: "n", textContent: value })))));
}

export function pressPairKey(event) {
  const place = known.rows.findIndex((row) => get(`row-${row.edit_id}`)?.hasAttribute("aria-current"));
  const isRange = event.target.matches("input[type=range]");
  if (event.key === "j" || event.key === "k") {
    const next = known.rows[place + (event.key === "j" ? 1 : -1)];
    if (next) choose(next.edit_id);
    else if (event.key === "j" && !get("next").disabled) turn(1);
  } else if (event.key === "m") setMask(!known.hasMask);
  else if (event.key === "ArrowLeft" && !isRange) setCut(known.cut - 5);
  else if (event.key === "ArrowRight" && !isRange) setCut(known.cut + 5);
  else return;
  event.preventDefault();
}
