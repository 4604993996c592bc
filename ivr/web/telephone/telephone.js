/**
 * The telephone in the page. Other scripts listen on the document: `telephone` tells everything ({connection, call});
 * `telephone:ringing`, `telephone:talking` and `telephone:ended` tell {contactId, shown, danger} once each.
 */

import { Call } from "./call.js";
import { echo } from "./echo.js";
import { line } from "./line.js";
import { Notice } from "./notice.js";
import { Part } from "./part.js";
import { Ring, setVolume } from "./ring.js";

export class Telephone {
  constructor() {
    this.connection = "away";
    /** @type {Call | null} */
    this.call = null;
    this.context = new AudioContext();
    this.ring = new Ring(this.context);
    this.notice = new Notice();
    this.noticeWords = document.querySelector("[data-ringing]")?.dataset.ringing ?? "☎";
    addEventListener("pagehide", () => this.leave());
    addEventListener("beforeunload", (event) => this.call && this.call.state !== "ringing" && event.preventDefault());
    addEventListener("pointerdown", () => this.context.resume());
    addEventListener("keydown", (event) => this.onKey(event));
  }

  async start() {
    const told = await fetch("/telephone/account", { cache: "no-store" });
    if (!told.ok) return this.become("refused");
    this.line = line((await told.json()).user);
    this.line.on("registered", () => this.registered());
    this.line.on("unregistered", () => this.become("away"));
    this.line.on("registrationFailed", () => this.become("away"));
    this.line.on("disconnected", () => this.become("away"));
    this.line.on("newRTCSession", (event) => this.rings(event));
    this.line.start();
  }

  registered() {
    if (this.connection !== "here") this.call?.refresh();
    this.become("here");
  }

  /** @param {any} event */
  rings(event) {
    if (event.originator !== "remote") return;
    if (this.call) return event.session.terminate({ status_code: 486 });
    this.call = new Call(event.session, event.request, this.context, (call) => this.changed(call));
    this.ring.start(this.call.danger);
    this.notice.show(this.noticeWords);
    this.tell();
    this.announce("ringing", this.call);
  }

  /** @param {string} what @param {Call} call */
  announce(what, call) {
    const { contactId, shown, danger } = call;
    document.dispatchEvent(new CustomEvent(`telephone:${what}`, { detail: { contactId, shown, danger } }));
  }

  /** @param {Call} call */
  changed(call) {
    this.ring.stop();
    this.notice.hide();
    if (call.state === "over") this.call = null;
    this.tell();
    if (call.state === "talking" && !call.met) this.announce("talking", call);
    if (call.state === "over") this.announce("ended", call);
    call.met ||= call.state === "talking";
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    this.context.resume();
    const busy = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, button, a");
    if (event.key === "Enter" && !event.repeat && !busy) this.answer();
  }

  async answer() {
    try {
      await this.call?.answer();
      this.ring.stop();
    } catch {
      document.dispatchEvent(new CustomEvent("telephone-deaf"));
    }
  }

  /** Asks once for what the browser asks about, so that nothing is asked while a child waits. */
  async allow() {
    const voice = await navigator.mediaDevices.getUserMedia({ audio: true });
    voice.getTracks().forEach((track) => track.stop());
    await globalThis.Notification?.requestPermission();
  }

  hangUp() {
    this.call?.hangUp();
  }

  /** In a call nothing is said: the site sees that the page is gone, and the child goes back to the front of the queue. */
  leave() {
    if (this.call?.state === "ringing") this.call.hangUp();
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.call?.mute(muted);
    this.tell();
  }

  /** @param {boolean} held */
  hold(held) {
    this.call?.hold(held);
  }

  /** @param {string} keys */
  press(keys) {
    this.call?.press(keys);
  }

  /** @param {number} chosen */
  volume(chosen) {
    setVolume(chosen);
  }

  /** @returns {Promise<number>} */
  test() {
    return echo(this.context);
  }

  /** @returns {{here: number, there: number}} */
  levels() {
    const meters = this.call?.meters;
    return { here: meters?.here?.level() ?? 0, there: meters?.there?.level() ?? 0 };
  }

  /** @param {string} connection */
  become(connection) {
    this.connection = connection;
    this.tell();
  }

  tell() {
    const call = this.call && { state: this.call.state, shown: this.call.shown, danger: this.call.danger, muted: this.call.muted };
    document.dispatchEvent(new CustomEvent("telephone", { detail: { connection: this.connection, call } }));
  }
}

globalThis.telephone = new Telephone();
new Part(globalThis.telephone, document.getElementById("telephone"));
globalThis.telephone.start();
