/** One call: what the switch says of it, the sound of both, and what can be done. */

import { Meter } from "./meter.js";

/** Candidates come at once on the way to the switch; a dead network interface must not keep a child waiting. */
const GATHERING_MS = 500;
const KEY = { transportType: "RFC2833", duration: 120, interToneGap: 80 };
export const VOICE = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true }, video: false };

/** @param {string | undefined} told the switch's name for the call: hl-1795281282.7 @returns {string} 1795281282-000007, as the record has it */
function contactId(told) {
  const found = /(\d+)\.(\d+)$/.exec(told ?? "");
  return found ? `${found[1]}-${found[2].padStart(6, "0")}` : "";
}

export class Call {
  /**
   * @param {any} session JsSIP's RTCSession
   * @param {any} request JsSIP's IncomingRequest
   * @param {AudioContext} context
   * @param {(call: Call) => void} changed
   */
  constructor(session, request, context, changed) {
    this.session = session;
    this.context = context;
    this.state = "ringing";
    this.muted = false;
    /** What phones show as well: language and topic, never a number. */
    this.shown = session.remote_identity.display_name ?? "";
    this.contactId = contactId(request.getHeader("X-Contact-Id"));
    this.danger = this.shown.includes("DANGER");
    this.meters = { here: null, there: null };
    this.player = new Audio();
    this.listen(changed);
  }

  /** @param {(call: Call) => void} changed */
  listen(changed) {
    const become = (state) => () => {
      this.state = state;
      changed(this);
    };
    this.session.on("icecandidate", (event) => {
      this.gathering ??= setTimeout(event.ready, GATHERING_MS);
    });
    this.session.on("peerconnection", (event) => {
      event.peerconnection.addEventListener("track", (got) => this.hear(got.streams[0] ?? new MediaStream([got.track])));
    });
    this.session.on("confirmed", become("talking"));
    this.session.on("hold", (event) => event.originator === "local" && become("held")());
    this.session.on("unhold", (event) => event.originator === "local" && become("talking")());
    this.session.on("ended", () => this.over(become("over")));
    this.session.on("failed", () => this.over(become("over")));
  }

  async answer() {
    if (this.state !== "ringing") return;
    this.state = "answering";
    try {
      this.voice = await navigator.mediaDevices.getUserMedia(VOICE);
    } catch (error) {
      this.state = "ringing"; // the ring goes on, and somebody else may take it
      throw error;
    }
    if (this.state === "over") return this.release();
    this.meters.here = new Meter(this.context, this.voice);
    this.session.answer({ mediaStream: this.voice, pcConfig: { iceServers: [], rtcpMuxPolicy: "require" } });
  }

  /** @param {MediaStream} stream */
  hear(stream) {
    this.player.srcObject = stream;
    this.player.play().catch(() => {});
    this.meters.there?.stop();
    this.meters.there = new Meter(this.context, stream);
  }

  hangUp() {
    if (!this.session.isEnded()) this.session.terminate(this.state === "ringing" ? { status_code: 480 } : undefined);
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    if (muted) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
  }

  /** @param {boolean} held @returns {boolean} whether it can be done now */
  hold(held) {
    return held ? this.session.hold() : this.session.unhold();
  }

  /** @param {string} keys */
  press(keys) {
    this.session.sendDTMF(keys, KEY);
  }

  /** After the connection was lost the switch must be told where this page is now, or it could not tell us the end. */
  refresh() {
    if (this.session.isEstablished()) this.session.renegotiate({});
  }

  /** @param {() => void} tell */
  over(tell) {
    clearTimeout(this.gathering);
    this.release();
    tell();
  }

  release() {
    this.meters.here?.stop();
    this.meters.there?.stop();
    this.player.srcObject = null;
    this.voice?.getTracks().forEach((track) => track.stop());
  }
}
