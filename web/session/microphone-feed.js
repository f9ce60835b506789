/**
 * Sends the microphone's chunks to the session, keeps them while there is none, and replaces a lost device.
 */
import { AudioBacklog } from '../audio/audio-backlog.js';
import { Microphone } from '../audio/microphone.js';
import { framesToMs, msToFrames } from '../audio/pcm.js';

const BACKLOG_MS = 10_000;

/**
 * The way from the microphone to a session: kept while there is none, then sent in order.
 *
 * Events: `notice` (detail: a sentence worth showing for a moment) and
 * `failed` (detail `MicrophoneUnavailable`: it went away, and there is no other).
 */
export class MicrophoneFeed extends EventTarget {
  #microphone;
  #gate;
  #backlog = new AudioBacklog(msToFrames(BACKLOG_MS));
  #wanted = false;
  #muted = false;
  /** @type {import('../protocol/realtime-client.js').RealtimeClient | null} */
  #client = null;

  /**
   * @param {Microphone} microphone
   * @param {(samples: Int16Array) => Int16Array | null} gate what to send of a chunk, null for nothing
   */
  constructor(microphone, gate) {
    super();
    this.#microphone = microphone;
    this.#gate = gate;
    microphone.addEventListener('chunk', (event) => this.#take(/** @type {CustomEvent} */ (event).detail));
    microphone.addEventListener('ended', () => {
      this.#notice('The microphone went away. Trying another.');
      void this.#replace();
    });
    globalThis.navigator?.mediaDevices?.addEventListener('devicechange', () => {
      if (this.#wanted && !microphone.open) void this.#replace();
    });
    microphone.addEventListener('silenced', (event) => {
      if (/** @type {CustomEvent} */ (event).detail) this.#notice('Your system has muted the microphone.');
    });
  }

  get muted() {
    return this.#muted;
  }

  set muted(muted) {
    this.#muted = muted;
    this.#microphone.muted = muted;
  }

  /**
   * Opens the microphone, or another in its place.
   *
   * @param {string} [deviceId] '' is the system's choice
   * @throws {import('../audio/microphone.js').MicrophoneUnavailable}
   */
  async open(deviceId) {
    this.#wanted = true;
    await this.#microphone.start(deviceId);
    this.#microphone.muted = this.#muted;
    if (!this.#wanted) this.#microphone.close(); // closed while the browser asked the visitor
  }

  close() {
    this.#wanted = false;
    this.#client = null;
    this.#backlog.takeAll();
    this.#microphone.close();
  }

  /**
   * Sends what was kept, and from now on each chunk.
   *
   * @param {import('../protocol/realtime-client.js').RealtimeClient} client
   */
  streamTo(client) {
    for (const chunk of this.#backlog.takeAll()) client.appendAudio(chunk);
    this.#client = client;
  }

  /** Keeps chunks from now on: there is no session to take them. */
  hold() {
    this.#client = null;
  }

  stats() {
    return {
      ...this.#microphone.stats(),
      backlogMs: framesToMs(this.#backlog.frames),
      lostMs: framesToMs(this.#backlog.droppedFrames),
    };
  }

  /** @param {Int16Array} samples */
  #take(samples) {
    const chunk = this.#gate(samples);
    if (chunk === null) return;
    if (this.#client === null) this.#backlog.add(chunk);
    else this.#client.appendAudio(chunk);
  }

  async #replace() {
    if (!this.#wanted) return;
    try {
      await this.open('');
    } catch (error) {
      this.dispatchEvent(new CustomEvent('failed', { detail: error }));
    }
  }

  /** @param {string} sentence */
  #notice(sentence) {
    this.dispatchEvent(new CustomEvent('notice', { detail: sentence }));
  }
}
