// A prompt is read into the microphone of the browser: seen as it comes in, heard again, and then sent by the form that
// takes a file. What may be used of it is the site's to say, as of any file.
const MORE_S = 3; // silence at both ends is cut off there
const PLAIN = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
const TOP = 0.99;
let running = null;

class Recording {
  constructor(box) {
    this.box = box;
    this.chunks = [];
    this.length = 0;
    this.clipped = 0;
  }

  async begin() {
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: PLAIN });
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule(new URL("./record_worklet.js", import.meta.url));
    const source = this.context.createMediaStreamSource(this.stream);
    this.node = new AudioWorkletNode(this.context, "take", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    this.node.port.onmessage = ({ data }) => this.take(data);
    this.stream.getAudioTracks()[0].addEventListener("ended", () => this.end());
    source.connect(this.node);
    await this.context.resume();
  }

  take(samples) {
    if (this.over) return;
    this.chunks.push(samples);
    this.length += samples.length;
    const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.clipped += samples.reduce((sum, value) => sum + (Math.abs(value) >= TOP), 0);
    const seconds = this.length / this.context.sampleRate;
    part(this.box, "level").value = peak;
    part(this.box, "seconds").textContent = seconds.toFixed(1);
    part(this.box, "loud").hidden = !this.clipped;
    if (seconds >= Number(this.box.dataset.longest) + MORE_S) this.end();
  }

  end() {
    if (this.over) return;
    this.over = true;
    running = null;
    this.stream.getTracks().forEach((track) => track.stop());
    const file = new File([wav(this.chunks, this.length, this.context.sampleRate)], "take.wav", { type: "audio/wav" });
    this.context.close();
    const files = new DataTransfer();
    files.items.add(file);
    this.box.closest("form").querySelector("input[type=file]").files = files.files;
    const audio = part(this.box, "audio");
    URL.revokeObjectURL(audio.src);
    audio.src = URL.createObjectURL(file);
    show(this.box, "recorded");
    this.box.closest("form").querySelector("[data-send]").focus();
  }
}

function part(box, name) {
  return box.querySelector(`[data-part=${name}]`);
}

function show(box, state) {
  for (const each of box.querySelectorAll("[data-when]")) each.hidden = !each.dataset.when.split(" ").includes(state);
}

// One channel of 16 bits, as RIFF has it.
function wav(chunks, length, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * length));
  const text = (at, letters) => [...letters].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * length, true);
  let at = 44;
  for (const chunk of chunks) for (const value of chunk) {
    view.setInt16(at, Math.round(32767 * Math.max(-1, Math.min(1, value))), true);
    at += 2;
  }
  return view.buffer;
}

async function begin(box) {
  running?.end();
  const recording = new Recording(box);
  running = recording;
  try {
    await recording.begin();
    show(box, "recording");
    part(box, "stop").focus();
  } catch {
    running = null;
    recording.stream?.getTracks().forEach((track) => track.stop());
    show(box, "refused");
  }
}

if (navigator.mediaDevices?.getUserMedia && globalThis.AudioWorkletNode) {
  for (const box of document.querySelectorAll("[data-recorder]")) {
    box.hidden = false;
    show(box, "before");
    for (const button of box.querySelectorAll("[data-part=record]")) button.addEventListener("click", () => begin(box));
    part(box, "stop").addEventListener("click", () => running?.end());
  }
}
// What is too large is told before it is sent; the site refuses it all the same.
for (const input of document.querySelectorAll("[data-most]")) {
  input.addEventListener("change", () => {
    input.setCustomValidity(input.files[0]?.size > Number(input.dataset.most) ? input.dataset.told : "");
    input.reportValidity();
  });
}
addEventListener("pagehide", () => running?.end());
