/** How loud one way of a call is, so that somebody sees that they are heard. */

const SAMPLES = 1024;
const QUIETEST_DB = -60;

export class Meter {
  /** @param {AudioContext} context @param {MediaStream} stream */
  constructor(context, stream) {
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = SAMPLES;
    this.source = context.createMediaStreamSource(stream);
    this.source.connect(this.analyser);
    this.samples = new Float32Array(SAMPLES);
  }

  /** @returns {number} 0 for silence, 1 for as loud as can be */
  level() {
    this.analyser.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, sample) => sum + sample * sample, 0) / SAMPLES;
    const decibels = 10 * Math.log10(power || 1e-12);
    return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DB));
  }

  stop() {
    this.source.disconnect();
  }
}
