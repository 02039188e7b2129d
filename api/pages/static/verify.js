// The page's own check of its receipts: what the visitor pinned, what each receipt establishes, what it does not.
//
// Everything is made with textContent from bytes that were verified, or from this page's table of texts. The pinned policy lives
// in this browser's localStorage, by ledger; nothing is sent anywhere.

import {able, parsePolicy, ReceiptError, verifyReceipt} from "./receipt.js";
import {readRecord} from "./record.js";

const panel = document.getElementById("verification");
const part = (id) => document.getElementById(id);
const ledger = panel.dataset.ledger, language = panel.dataset.language, place = `kpledger-policy-${ledger}`;
const words = new Map([...part("words").children].map((item) => [item.dataset.key, item.textContent]));

const say = (key, values = {}) => words.get(key).replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
const moment = (ms) => new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {dateStyle: "long", timeStyle: "short", timeZone: "UTC"}).format(ms) + " UTC";

function make(name, text, className) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

// --- the pinned policy

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(place));
    return typeof found?.text === "string" && Number.isFinite(found.at) ? found : null;
  } catch { return null; }
}
let pinned = kept();

function showPinned() {
  const told = part("policy-of-node").textContent;
  part("pinned").textContent = pinned ? say("js_pinned", {time: moment(pinned.at)}) : say("js_pinned_none");
  part("pinned").className = "";
  if (pinned) part("policy").value = pinned.text;
  if (pinned && meaning(pinned.text) !== meaning(told)) {
    part("pinned").append(" ", make("strong", say("js_pinned_other")));
    part("pinned").className = "wrong";
  }
}

// What of a policy matters: addresses and the log line's node may differ from node to node, keys and quorum may not.
const meaning = (text) => text.split("\n").map((line) => line.match(/\S+/g) ?? [])
  .filter(([word]) => ["witness", "group", "quorum"].includes(word))
  .map((items) => (items[0] === "witness" ? items.slice(0, 3) : items).join(" ")).sort().join("\n");

async function pin(text) {
  try { await parsePolicy(text); } catch (error) {
    part("pinned").textContent = say("js_pinned_bad", {detail: error.message});
    part("pinned").className = "wrong";
    return;
  }
  pinned = {text, at: Date.now()};
  try { localStorage.setItem(place, JSON.stringify(pinned)); } catch { /* kept for this page only */ }
  showPinned();
}

// --- the check

async function checkOne(block) {
  const wanted = block.dataset.receipt, found = await verifyReceipt(block.textContent, pinned.text);
  if (found.id !== wanted) throw new ReceiptError("other-record", found.id);
  let record;
  try { record = await readRecord(found.record, Uint8Array.from(ledger.match(/../g), (pair) => parseInt(pair, 16))); } catch (error) {
    throw new ReceiptError("unreadable-record", error.message);
  }
  if (!record.signed) throw new ReceiptError("bad-signature", record.key);
  return {...found, ...record, record: found.record, differs: differences(found.id, record.fields)};
}

// Cells of the page that state a figure of this record: their digits are held against the record's.
const digits = (text) => text.replace(/[^0-9]/g, "");
function differences(id, fields) {
  const cells = [...document.querySelectorAll(`[data-of="${CSS.escape(id)}"]`)];
  return cells.filter((cell) => digits(cell.textContent) !== digits(fields[cell.dataset.field] ?? "-"))
    .map((cell) => ({field: cell.dataset.field, shown: cell.textContent.trim(), said: fields[cell.dataset.field] ?? "\u2013"}));
}

function result(block, found, error) {
  const good = found && !found.differs.length, box = make("section", undefined, `sheet result ${good ? "good" : "bad"}`);
  const heading = make("h3", block.closest("details").querySelector("summary").textContent.trim());
  heading.append(": ", make("strong", say(good ? "js_receipt_good" : "js_receipt_bad")));
  heading.id = `result-${block.dataset.receipt.slice(0, 12)}`;
  box.setAttribute("aria-labelledby", heading.id);
  box.append(heading);
  if (error) {
    box.append(make("p", say(`js_kind_${error.kind}`)), make("p", error.message, "note"));
    return box;
  }
  const shows = make("ul");
  shows.append(
    make("li", say("js_shows_record", {id: found.id, index: found.index, origin: found.origin, size: found.size})),
    make("li", say("js_shows_signers", {signers: found.witnesses.join(", "), time: found.newest === null ? "\u2013" : moment(Number(found.newest) * 1000)})),
    make("li", say("js_shows_author", {author: found.author, key: found.key})),
    ...(found.differs.length ? found.differs.map((one) => make("li", say("js_differs", one), "wrong")) : [make("li", say("js_shows_same"))]),
  );
  const not = make("ul");
  not.append(...["js_not_now", "js_not_key", "js_not_true"].map((key) => make("li", say(key))));
  box.append(make("h4", say("js_shows")), shows, make("h4", say("js_shows_not")), not, contents(found.fields));
  return box;
}

function contents(fields) {
  const folded = make("details"), table = make("table"), head = make("thead"), body = make("tbody"), row = make("tr");
  for (const key of ["js_field", "js_value"]) { const cell = make("th", say(key)); cell.scope = "col"; row.append(cell); }
  head.append(row);
  for (const [name, value] of Object.entries(fields)) {
    const line = make("tr"), first = make("th", name);
    first.scope = "row";
    line.append(first, make("td", value));
    body.append(line);
  }
  table.append(head, body);
  folded.append(make("summary", say("js_says")), table);
  return folded;
}

async function checkAll() {
  const blocks = [...panel.querySelectorAll("[data-receipt]")], results = part("results");
  results.replaceChildren();
  if (!pinned) { part("verdict").textContent = say("js_pinned_none"); part("verdict").className = "wrong"; return; }
  part("verdict").textContent = say("js_checking");
  let count = 0;
  for (const block of blocks) {
    let found = null, error = null;
    try { found = await checkOne(block); } catch (trouble) {
      if (!(trouble instanceof ReceiptError)) throw trouble;
      error = trouble;
    }
    if (found && !found.differs.length) count++;
    results.append(result(block, found, error));
  }
  const good = count === blocks.length && count > 0;
  part("verdict").textContent = say("js_good", {count, all: blocks.length}) + (good ? "" : ` ${say("js_bad")}`);
  part("verdict").className = good ? "right" : "wrong";
}

// --- the page

if (await able()) {
  part("checking").hidden = false;
  showPinned();
  part("pin").addEventListener("submit", (event) => { event.preventDefault(); void pin(part("policy").value); });
  part("take").addEventListener("click", () => void pin(part("policy-of-node").textContent));
  part("policy-file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file && file.size <= 256 * 1024) await pin(part("policy").value = await file.text());
  });
  part("forget").addEventListener("click", () => {
    pinned = null;
    try { localStorage.removeItem(place); } catch { /* was not kept */ }
    part("policy").value = "";
    showPinned();
  });
  part("check").addEventListener("click", () => void checkAll());
} else {
  panel.insertBefore(make("p", say("js_able_no").replaceAll("`", ""), "notice-box"), part("checking"));
}
panel.dataset.ready = "true";
