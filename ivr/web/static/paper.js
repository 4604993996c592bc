// The form for a contact: kept every few seconds while it is typed, sealed in the browser while the program is away.
import { enhance } from "./categories.js";
import * as seal from "./seal.js";

const SAVE_MS = 2000; // after the last letter; the longest that a dying browser takes with it
const AGAIN_MS = 3000;
const HEADERS = { "HX-Request": "true" };

export class Paper {
  constructor(form) {
    this.form = form;
    this.name = form.dataset.contact;
    this.dirty = false;
    this.stopped = !form.dataset.draft;
    this.saving = null;
    this.ready = this.begin();
    form.addEventListener("input", () => this.changed());
    form.addEventListener("submit", (event) => this.submitted(event));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        form.requestSubmit(form.querySelector("[data-close]"));
      }
    });
  }

  async begin() {
    const field = this.form.querySelector(".categories");
    const show = field ? enhance(field) : () => {};
    this.key = await seal.safe(this.form.dataset.key ?? "");
    const before = await seal.open(this.key, this.name);
    if (before === null) return;
    if (this.written() === before) return seal.drop(this.name);
    this.fill(new URLSearchParams(before));
    show();
    this.say("restored");
    this.changed();
  }

  written() {
    const told = new URLSearchParams(new FormData(this.form));
    for (const name of ["form_token", "seen", "deed"]) told.delete(name);
    return told.toString();
  }

  fill(told) {
    const left = new Map();
    for (const field of this.form.elements) {
      if (!field.name || ["form_token", "seen", "deed"].includes(field.name)) continue;
      const values = told.getAll(field.name);
      if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
      else {
        const at = left.get(field.name) ?? 0;
        field.value = values[at] ?? "";
        left.set(field.name, at + 1);
      }
    }
  }

  changed() {
    this.dirty = true;
    seal.keep(this.key, this.name, this.written());
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => this.save(), SAVE_MS);
    this.since ??= Date.now();
    if (Date.now() - this.since > 2 * SAVE_MS) this.save(); // somebody types without a pause
  }

  /** True when the program has everything. */
  async save() {
    await this.ready;
    clearTimeout(this.timer);
    if (this.saving) await this.saving;
    if (!this.dirty || this.stopped) return !this.dirty;
    this.saving = this.send();
    const done = await this.saving;
    this.saving = null;
    return done;
  }

  async send() {
    this.dirty = false;
    this.since = undefined;
    this.say("saving");
    const status = await this.post();
    if (status === 200) {
      if (!this.dirty) seal.drop(this.name);
      this.say("saved");
      return true;
    }
    this.dirty = true;
    if (status === 409 || status === 403 || status === 404) {
      this.stopped = true;
      this.say("stale");
    } else {
      this.say(status === 401 ? "out" : "kept");
      this.timer = setTimeout(() => this.save(), AGAIN_MS);
    }
    return false;
  }

  async post() {
    try {
      const answer = await fetch(this.form.dataset.draft, { method: "POST", body: new URLSearchParams(new FormData(this.form)), headers: HEADERS });
      if (answer.ok) this.form.elements.seen.value = (await answer.json()).seen;
      return answer.status;
    } catch {
      return 0;
    }
  }

  async submitted(event) {
    if (this.letGo || this.stopped) return this.done();
    event.preventDefault();
    const by = event.submitter;
    await this.ready;
    if (!(await this.save()) && !this.stopped) return; // it is kept here; the page says so
    this.letGo = true;
    this.form.requestSubmit(by);
  }

  /** What is sent with the form need not stay here, unless it does not arrive: then `begin` finds it again. */
  done() {
    clearTimeout(this.timer);
  }

  say(what) {
    for (const one of this.form.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== what;
  }
}

export function papers() {
  const form = document.getElementById("paper");
  return form ? new Paper(form) : null;
}

if (!document.querySelector(".desk")) papers();
