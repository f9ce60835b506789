/** The microphone: permission, device, mute, and PCM16 chunks from the capture worklet. */
import { keepRunning, openAudioContext } from './audio-context.js';
import { openCapture } from './capture.js';
import { level } from './pcm.js';

/** Why there is no microphone. `reason` is the name of the browser's own error, such as `NotAllowedError`. */
export class MicrophoneUnavailable extends Error {
  /** @param {string} reason @param {string} message */
  constructor(reason, message) {
    super(message);
    this.name = 'MicrophoneUnavailable';
    this.reason = reason;
  }
}

/**
 * A microphone as PCM16 chunks of 24 kHz.
 *
 * Events: `chunk` (detail `Int16Array`, valid only until the listener returns), `ended` (the device went
 * away), `silenced` (detail boolean: the system muted it under us), `paused` (detail boolean: the audio
 * context).
 */
export class Microphone extends EventTarget {
  /** What the browser does to the sound; read when it opens. */
  processing = { noiseSuppression: true, autoGainControl: true, echoCancellation: true };
  #chunkMs;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {AudioWorkletNode | null} */
  #worklet = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  #muted = false;
  #level = 0;
  #chunks = 0;
  #dropped = 0;

  /** @param {{chunkMs?: number}} [options] */
  constructor({ chunkMs = 20 } = {}) {
    super();
    this.#chunkMs = chunkMs;
  }

  get open() {
    return this.#stream !== null;
  }

  /** For a waveform; null while closed. */
  get analyser() {
    return this.#analyser;
  }

  /** Loudness of the last chunk, 0 to 1. */
  get level() {
    return this.#level;
  }

  /** What it hears, for a call; null while closed. A clone of it is muted by itself. */
  get track() {
    return this.#stream?.getAudioTracks()[0] ?? null;
  }

  /** The device in use, '' while closed. */
  get deviceId() {
    return this.#stream?.getAudioTracks()[0]?.getSettings().deviceId ?? '';
  }

  get muted() {
    return this.#muted;
  }

  /**
   * A muted microphone goes on sending chunks, of silence: the other side's clock and turn detection go on.
   */
  set muted(muted) {
    this.#muted = muted;
    this.#applyMute();
  }

  /**
   * Asks for the microphone and starts the chunks. Waits for the visitor's permission.
   *
   * @param {string} [deviceId] '' is the system's choice
   * @throws {MicrophoneUnavailable}
   */
  async start(deviceId = '') {
    this.close();
    const stream = await requestMicrophone(deviceId, this.processing);
    try {
      await this.#connect(stream);
    } catch (error) {
      stopTracks(stream);
      this.close();
      throw new MicrophoneUnavailable('AudioError', String(error));
    }
  }

  close() {
    this.#worklet?.port.postMessage('stop');
    this.#source?.disconnect();
    if (this.#stream !== null) stopTracks(this.#stream);
    this.#context?.close().catch(() => {}); // closed already
    this.#context = this.#stream = this.#worklet = this.#source = this.#analyser = null;
    this.#level = 0;
  }

  /** Counters since the page was opened. */
  stats() {
    return {
      open: this.open,
      muted: this.#muted,
      contextState: this.#context?.state ?? 'closed',
      sampleRate: this.#context?.sampleRate ?? 0,
      capturedChunks: this.#chunks,
      capturedMs: this.#chunks * this.#chunkMs,
      droppedChunks: this.#dropped,
      inputLatencyMs: 1000 * (this.#stream?.getAudioTracks()[0]?.getSettings().latency ?? 0),
    };
  }

  /** @param {MediaStream} stream */
  async #connect(stream) {
    const { context, source } = openSource(stream);
    this.#context = context;
    this.#stream = stream;
    this.#source = source;
    keepRunning(context, (paused) => this.dispatchEvent(new CustomEvent('paused', { detail: paused })));
    this.#worklet = await openCapture(context, this.#chunkMs, (captured) => this.#receive(captured));
    this.#analyser = new AnalyserNode(context, { fftSize: 1024 });
    source.connect(this.#analyser);
    source.connect(this.#worklet);
    this.#watchTrack(stream.getAudioTracks()[0]);
    this.#applyMute();
  }

  /** @param {MediaStreamTrack} track */
  #watchTrack(track) {
    track.addEventListener('ended', () => {
      if (this.#stream?.getAudioTracks()[0] === track) this.dispatchEvent(new Event('ended'));
    });
    const tell = () => this.dispatchEvent(new CustomEvent('silenced', { detail: track.muted }));
    track.addEventListener('mute', tell);
    track.addEventListener('unmute', tell);
  }

  /** @param {import('./capture.js').Captured} captured */
  #receive({ samples, dropped }) {
    this.#chunks += 1;
    this.#dropped = dropped;
    this.#level = level(samples);
    this.dispatchEvent(new CustomEvent('chunk', { detail: samples }));
  }

  #applyMute() {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !this.#muted;
  }
}

/** @param {string} deviceId @param {Microphone['processing']} processing @returns {Promise<MediaStream>} */
async function requestMicrophone(deviceId, processing) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new MicrophoneUnavailable(
      'InsecureContext',
      'Browsers give a microphone to https and localhost pages only.',
    );
  }
  /** @type {MediaTrackConstraints} */
  const audio = {
    channelCount: 1,
    ...processing,
    // Also of what this page plays; browsers that do not know the word take it as "yes".
    echoCancellation: processing.echoCancellation && 'all',
  };
  if (deviceId !== '') audio.deviceId = { exact: deviceId };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    const { name, message } = /** @type {DOMException} */ (error);
    if (name === 'OverconstrainedError' && deviceId !== '') return requestMicrophone('', processing);
    throw new MicrophoneUnavailable(name, message);
  }
}

/**
 * Firefox refuses a microphone whose rate is not the context's: there we take the machine's rate.
 *
 * @param {MediaStream} stream
 */
function openSource(stream) {
  const context = openAudioContext();
  try {
    return { context, source: context.createMediaStreamSource(stream) };
  } catch {
    context.close().catch(() => {}); // never used
    const fallback = openAudioContext(0);
    return { context: fallback, source: fallback.createMediaStreamSource(stream) };
  }
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
