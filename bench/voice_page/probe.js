/** Inside the page: when sound passes the ends of its audio path, on the wall clock, in milliseconds. */
import { voice } from '/web/main.js';

const THRESHOLD = 0.02;
const QUIET_MS = 100;

/** What was seen: each a list of times. */
export const seen = { captured: [], sent: [], received: [], played: [], interrupted: [], silenced: [] };

const recording = [];
let recorder;

/** Measures the microphone and the speaker, which must be open. */
export async function attach() {
  watchSent();
  watchReceived();
  const microphone = await stamp(voice.microphone.analyser);
  microphone.port.onmessage = ({ data }) => 'began' in data && seen.captured.push(data.began);
  recorder = await stamp(voice.speaker.output);
  recorder.port.onmessage = ({ data }) => {
    if ('samples' in data) recording.push(data.samples);
    if ('began' in data) seen.played.push(data.began);
    if ('ended' in data) seen.silenced.push(data.ended);
  };
}

export function record(on) {
  recorder.port.postMessage({ record: on });
}

/** What was recorded, as PCM16 in base64. */
export async function recorded() {
  const whole = Int16Array.from(recording.flatMap((samples) => [...samples]), (sample) => Math.round(sample * 32767));
  const reader = new FileReader();
  reader.readAsDataURL(new Blob([whole]));
  await new Promise((resolve) => (reader.onload = resolve));
  return reader.result.split(',')[1];
}

/** Asks for an answer, as a typed message would. */
export function ask() {
  voice.client.createResponse();
}

/** @param {AudioNode} node */
async function stamp(node) {
  const source = await (await fetch('/bench/stamper.js')).blob(); // worklets are fetched past whoever serves us
  await node.context.audioWorklet.addModule(URL.createObjectURL(source));
  const stamper = new AudioWorkletNode(node.context, 'bench-stamper', { processorOptions: { threshold: THRESHOLD } });
  node.connect(stamper).connect(new GainNode(node.context, { gain: 0 })).connect(node.context.destination);
  return stamper;
}

/** Notes when a chunk that breaks a silence is handed to the WebSocket. */
function watchSent() {
  const send = WebSocket.prototype.send;
  let quietSince = 0;
  WebSocket.prototype.send = function watched(data) {
    send.call(this, data);
    const now = Date.now();
    const loud = typeof data !== 'string' && new Int16Array(data).some((it) => Math.abs(it) > THRESHOLD * 32767);
    if (loud && now - quietSince > QUIET_MS) seen.sent.push(now);
    if (loud) quietSince = now;
  };
}

/** Notes when an answer's first sound arrives, and when the other side hears the visitor. */
function watchReceived() {
  const { client } = voice;
  let answered = '';
  client.addEventListener('audio', ({ detail: { itemId } }) => {
    if (itemId !== answered) seen.received.push(Date.now());
    answered = itemId;
  });
  client.addEventListener('output_audio_buffer.started', () => seen.received.push(Date.now())); // of a call
  client.addEventListener('input_audio_buffer.speech_started', () => seen.interrupted.push(Date.now()));
}
