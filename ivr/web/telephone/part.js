/** The telephone's part of a page: shows what the telephone tells, and passes on what is pressed. */

import { setVolume, volume } from "./ring.js";

const METER_MS = 100;
const LOOK_MS = 3000;
/** Below this nobody would understand a word. */
const HEARD = 0.02;

export class Part {
  /** @param {import("./telephone.js").Telephone} telephone @param {HTMLElement} section */
  constructor(telephone, section) {
    this.telephone = telephone;
    this.section = section;
    const deeds = {
      answer: () => telephone.answer(),
      hangup: () => telephone.hangUp(),
      mute: () => telephone.mute(!telephone.call?.muted),
      hold: () => telephone.hold(telephone.call?.state !== "held"),
      allow: () => telephone.allow().catch(() => this.deaf()),
      test: () => this.test(),
      hand: () => this.ask({ deed: "hand" }),
      back: () => this.ask({ deed: "back" }),
      out: () => this.ask({ deed: "out" }),
    };
    for (const button of section.querySelectorAll("[data-deed]")) button.addEventListener("click", deeds[button.dataset.deed]);
    for (const button of section.querySelectorAll("[data-key]")) button.addEventListener("click", () => telephone.press(button.dataset.key));
    section.querySelector("form").addEventListener("submit", (event) => this.submit(event));
    this.part("others").addEventListener("toggle", (event) => event.target.open && this.showOthers());
    this.part("volume").value = volume();
    this.part("volume").addEventListener("change", (event) => setVolume(event.target.valueAsNumber));
    document.addEventListener("telephone", (event) => this.show(event.detail));
    document.addEventListener("telephone-deaf", () => this.deaf());
    setInterval(() => this.meter(), METER_MS);
    setInterval(() => this.look(), LOOK_MS);
  }

  /** @param {string} name @returns {any} */
  part(name) {
    return this.section.querySelector(`[data-part=${name}]`);
  }

  show({ connection, call }) {
    const state = call?.state === "talking" && this.asking ? "asking" : (call?.state ?? connection);
    if (!call) {
      this.asking = "";
      this.part("rings").hidden = this.part("out").hidden = true;
    }
    this.section.dataset.state = state;
    this.section.classList.toggle("danger", Boolean(call?.danger));
    for (const each of this.section.querySelectorAll("[data-when]")) each.hidden = !each.dataset.when.split(" ").includes(state);
    this.part("shown").textContent = call?.shown ?? "";
    this.pressed("mute", Boolean(call?.muted));
    this.pressed("hold", state === "held");
    if (state !== "here") this.part("deaf").hidden = true;
    this.part("failed").hidden = true;
  }

  pressed(deed, is) {
    this.section.querySelector(`[data-deed=${deed}]`).setAttribute("aria-pressed", String(is));
  }

  deaf() {
    this.part("deaf").hidden = false;
  }

  meter() {
    const levels = this.telephone.levels();
    this.part("here").value = levels.here;
    this.part("there").value = levels.there;
  }

  async test() {
    this.tested("speaks");
    try {
      this.tested((await this.telephone.test()) > HEARD ? "heard" : "unheard");
    } catch {
      this.tested("unheard");
    }
  }

  tested(what) {
    for (const each of this.section.querySelectorAll("[data-test]")) each.hidden = each.dataset.test !== what;
  }

  /** Who else is in the call, and whether somebody is asked: the switch knows, after a reload too. */
  async look() {
    if (!this.telephone.call || this.telephone.call.state === "ringing") return;
    const told = await fetch("/telephone/call", { cache: "no-store" });
    if (told.ok) this.know(await told.json());
  }

  know({ heard, asking, rings }) {
    const list = this.part("heard");
    const who = (by) => (by === "outside" ? list.dataset.outside : by);
    list.replaceChildren(
      ...heard.map(({ by, mode }) => Object.assign(document.createElement("li"), { textContent: `${who(by)} ${list.dataset[mode]}` })),
    );
    this.part("rings").hidden = !rings;
    this.part("out").hidden = !rings && !heard.some(({ by }) => by === "outside");
    if (asking !== this.asking) {
      this.asking = asking;
      this.telephone.tell();
    }
  }

  async showOthers() {
    const select = this.section.querySelector("select");
    const told = await fetch("/telephone/others", { cache: "no-store" });
    const { others, outside } = told.ok ? await told.json() : { others: [], outside: false };
    this.part("number").hidden = !outside;
    select.replaceChildren(...others.map(({ extension, name }) => new Option(name, extension)));
    if (!others.length) select.append(new Option(select.dataset.nobody, ""));
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    this.ask({ deed: event.submitter?.value ?? "ask", to: form.get("to") ?? "", number: form.get("number") ?? "" });
    this.section.querySelector("#telephone-number").value = ""; // it stays nowhere
  }

  /** @param {Record<string, string>} what */
  async ask(what) {
    const done = await fetch("/telephone/handover", {
      method: "POST",
      body: new URLSearchParams(what),
      headers: { "X-Form-Token": this.section.dataset.token, Accept: "application/json" },
    });
    if (done.ok) await this.look();
    this.part("failed").hidden = done.ok;
  }
}
