// The desk lives: parts of the page as the server draws them, from /desk/stream; and what cannot be reached is said.
import { papers } from "./paper.js";

const SILENCE_MS = 10_000; // three beats of the stream
const desk = document.querySelector(".desk");
const part = (name) => document.getElementById(`part-${name}`);
const trouble = (id, is) => (document.getElementById(id).hidden = !is);
let paper = papers();
let heard = Date.now();
let drawn = {};
let newest = {};
let over = false;
let turn = 0;
let locked = !document.getElementById("locked").hidden;
let stream;

tick();
setInterval(tick, 1000);
connect();

function connect() {
  stream = new EventSource("/desk/stream");
  stream.addEventListener("desk", (event) => { alive(); unlocked(); show(JSON.parse(event.data)); });
  stream.addEventListener("locked", () => { alive(); lock(); });
  stream.addEventListener("beat", alive);
  stream.addEventListener("over", () => { over = true; stream.close(); trouble("signed-out", true); trouble("locked", false); empty(); });
  stream.addEventListener("error", async () => {
    if (stream.readyState !== EventSource.CLOSED || over) return;
    stream.close(); // an answer that is no stream: the program starts, or nobody is signed in any more
    setTimeout(connect, 2000);
  });
}

// Nobody has touched the page for long: what can be read goes, the telephone stays.
function lock() {
  if (locked) return;
  locked = true;
  trouble("locked", true);
  empty();
}

// What was being typed is with the program, or sealed here.
function empty() {
  turn++;
  drawn = {};
  newest = {};
  for (const place of [part("side"), part("glance"), document.getElementById("middle")]) place.replaceChildren();
  desk.dataset.stage = desk.dataset.contact = "";
  const left = paper;
  paper = null;
  left?.save();
}

function unlocked() {
  if (!locked) return;
  locked = false;
  trouble("locked", false);
  document.getElementById("locked").querySelector("form").reset();
}

document.querySelector("[data-unlock]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "manual" }).catch(() => null);
  for (const each of form.querySelectorAll("[data-failed]")) each.hidden = each.dataset.failed !== { 422: "old", 429: "wait" }[answer?.status];
  if (answer?.status !== 204) return;
  stream.close();
  connect();
});

function alive() {
  heard = Date.now();
  trouble("away-program", false);
}

function show(told) {
  trouble("away-database", !told.database);
  trouble("away-switch", told.database && !told.switch);
  if (told.database) newest = told.parts;
  for (const [name, html] of Object.entries(told.parts)) {
    if (told.database && drawn[name] !== html) redraw(name, html);
  }
  const was = `${desk.dataset.stage} ${desk.dataset.contact}`;
  desk.dataset.stage = told.stage;
  desk.dataset.contact = told.contact;
  if (told.database && was !== `${told.stage} ${told.contact}`) change(told);
  tick();
}

// What a hand is on stays under it: the element with the same name and value has the focus again.
function redraw(name, html) {
  const place = part(name);
  if (!place) return;
  const at = place.contains(document.activeElement) ? document.activeElement : null;
  const opened = [...place.querySelectorAll("details")].map((each) => each.open);
  place.innerHTML = html;
  drawn[name] = html;
  place.querySelectorAll("details").forEach((each, n) => (each.open ||= Boolean(opened[n])));
  if (at?.name) place.querySelector(`[name="${CSS.escape(at.name)}"][value="${CSS.escape(at.value)}"]`)?.focus();
}

async function change(told) {
  document.dispatchEvent(new CustomEvent("desk:stage", { detail: { stage: told.stage } }));
  const now = ++turn;
  const open = paper?.form.dataset.contact ?? "";
  if (told.stage === "ringing" || (told.stage === "quiet" && open)) return; // what is being typed stays in its place
  await paper?.save();
  const answer = await fetch("/desk/paper", { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || now !== turn) return;
  document.getElementById("middle").innerHTML = await answer.text();
  if (newest.answers) redraw("answers", newest.answers); // it may have come while the middle was fetched
  paper = papers();
  tick();
  if (told.stage === "talking") document.getElementById("summary")?.focus({ preventScroll: true });
}

// Buttons that leave the page where it is: presence, help, questions of silent talk.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-stay], .switch")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "manual" }).catch(() => null);
  const failed = form.querySelector("[data-failed]");
  if (failed) failed.hidden = answer?.type === "opaqueredirect";
});

document.addEventListener("visibilitychange", () => { if (document.hidden) paper?.save(); });

function tick() {
  for (const each of document.querySelectorAll("time[data-since]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(each.dataset.since)) / 1000));
    each.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
  if (!over && Date.now() - heard > SILENCE_MS) trouble("away-program", true);
}
