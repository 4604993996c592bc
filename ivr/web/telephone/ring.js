/** The ring: two soft notes that rise; in danger three, quicker and higher. Never a shock in a headset. */

const CALM = { notes: [392, 523], every_s: 3, note_s: 0.45 };
const DANGER = { notes: [523, 659, 784], every_s: 1.6, note_s: 0.25 };
const VOLUME = "telephone-volume";

export class Ring {
  /** @param {AudioContext} context */
  constructor(context) {
    this.context = context;
    this.timer = 0;
  }

  /** @param {boolean} danger */
  start(danger) {
    this.stop();
    const tune = danger ? DANGER : CALM;
    const play = () => tune.notes.forEach((hertz, place) => this.note(hertz, place * tune.note_s, tune.note_s));
    play();
    this.timer = setInterval(play, tune.every_s * 1000);
  }

  stop() {
    clearInterval(this.timer);
  }

  /** @param {number} hertz @param {number} after_s @param {number} for_s */
  note(hertz, after_s, for_s) {
    const at = this.context.currentTime + after_s;
    const tone = new OscillatorNode(this.context, { frequency: hertz });
    const loud = new GainNode(this.context, { gain: 0 });
    loud.gain.setValueAtTime(0, at);
    loud.gain.linearRampToValueAtTime(volume(), at + for_s / 3);
    loud.gain.linearRampToValueAtTime(0, at + for_s);
    tone.connect(loud).connect(this.context.destination);
    tone.start(at);
    tone.stop(at + for_s);
  }
}

/** @returns {number} 0 to 1, remembered in this browser */
export function volume() {
  const kept = Number(localStorage.getItem(VOLUME) ?? "0.3");
  return kept >= 0 && kept <= 1 ? kept : 0.3;
}

/** @param {number} chosen 0 to 1 */
export function setVolume(chosen) {
  localStorage.setItem(VOLUME, String(chosen));
}
