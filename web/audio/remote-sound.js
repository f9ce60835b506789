/** Sound that the other end of a call plays: into the speaker's nodes, and as chunks for whoever keeps it. */
import { openCapture } from './capture.js';

const CHUNK_MS = 20;
const FALL_S = 0.005; // as quick as a cut may be without a click

export class RemoteSound {
  #context;
  #gate;
  /** Null where the browser does not let sound of another rate than the context's into it. */
  #source;
  #element = new Audio();
  /** @type {AudioWorkletNode | null} */
  #capture = null;
  #hushed = false;
  #closed = false;

  /**
   * @param {MediaStream} stream
   * @param {AudioContext} context
   * @param {AudioNode[]} outputs
   */
  constructor(stream, context, outputs) {
    this.#context = context;
    this.#gate = new GainNode(context);
    for (const output of outputs) this.#gate.connect(output);
    this.#source = sourceOf(stream, context);
    this.#source?.connect(this.#gate);
    this.#element.srcObject = stream; // Chromium decodes nothing that no element plays
    this.#apply();
    this.#element.play().catch(() => {}); // closed meanwhile
  }

  /** @param {(samples: Int16Array<ArrayBuffer>) => void} onChunk 20 ms each; valid only until it returns */
  async listen(onChunk) {
    if (this.#source === null) return;
    const capture = await openCapture(this.#context, CHUNK_MS, ({ samples }) => onChunk(samples));
    if (this.#closed) return;
    this.#capture = capture;
    this.#source.connect(capture);
  }

  /** Nothing is heard of it while it is hushed. @param {boolean} hushed */
  hush(hushed) {
    this.#hushed = hushed;
    this.#apply();
  }

  close() {
    this.#closed = true;
    this.#capture?.port.postMessage('stop');
    this.#source?.disconnect();
    this.#gate.disconnect();
    this.#element.srcObject = null;
  }

  #apply() {
    this.#gate.gain.setTargetAtTime(this.#hushed ? 0 : 1, this.#context.currentTime, FALL_S / 3);
    this.#element.muted = this.#hushed || this.#source !== null;
  }
}

/** @param {MediaStream} stream @param {AudioContext} context */
function sourceOf(stream, context) {
  try {
    return context.createMediaStreamSource(stream);
  } catch {
    return null;
  }
}
