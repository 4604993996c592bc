/** Whether microphone and headphones work: three seconds of oneself, played back. */

import { VOICE } from "./call.js";

const LISTEN_MS = 3000;

/** @param {AudioContext} context @returns {Promise<number>} the loudest moment, 0 to 1 */
export async function echo(context) {
  const sound = await context.decodeAudioData(await recorded());
  const source = new AudioBufferSourceNode(context, { buffer: sound });
  source.connect(context.destination);
  source.start();
  await new Promise((done) => source.addEventListener("ended", done));
  return sound.getChannelData(0).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

async function recorded() {
  const voice = await navigator.mediaDevices.getUserMedia(VOICE);
  const recorder = new MediaRecorder(voice);
  const parts = [];
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  const stopped = new Promise((done) => recorder.addEventListener("stop", done));
  recorder.start();
  setTimeout(() => recorder.stop(), LISTEN_MS);
  await stopped;
  voice.getTracks().forEach((track) => track.stop());
  return new Blob(parts).arrayBuffer();
}
