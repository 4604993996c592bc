// Hands what the microphone hears to the page, an eighth of a second at a time.
class Take extends AudioWorkletProcessor {
  constructor() {
    super();
    this.held = new Float32Array(Math.ceil(sampleRate / 8));
    this.at = 0;
  }

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    for (const value of samples) {
      this.held[this.at++] = value;
      if (this.at === this.held.length) {
        this.port.postMessage(this.held.slice());
        this.at = 0;
      }
    }
    return true;
  }
}
registerProcessor("take", Take);
