/** The sound of a call's answers: heard from the speaker as it comes, and told of as a speaker that plays by itself tells. */
import { CallPlayback } from '../conversation/call-playback.js';
import { CallLateness } from './call-lateness.js';

/** @typedef {import('../protocol/realtime-client.js').RealtimeClient} RealtimeClient */

/**
 * Events: those of `CallPlayback`, and `spoken` (detail `{itemId, samples}`: 20 ms of an answer, valid only until the
 * listener returns). Over a WebSocket there are none.
 */
export class CallSound extends EventTarget {
  #speaker;
  #playback = new CallPlayback();
  #lateness = new CallLateness();
  #isCall = false;

  /** @param {import('../audio/speaker.js').Speaker} speaker */
  constructor(speaker) {
    super();
    this.#speaker = speaker;
    speaker.addEventListener('remote', (event) => this.#hear(/** @type {CustomEvent<Int16Array>} */ (event).detail));
    for (const type of ['started', 'position', 'finished', 'cut'])
      this.#playback.addEventListener(type, (event) => this.#tell(type, /** @type {CustomEvent} */ (event).detail));
  }

  /** A session has begun. @param {RealtimeClient} client */
  begin(client) {
    this.#isCall = client.call !== null;
    if (client.call === null) return;
    this.#speaker.playStream(client.call.remote);
    this.#lateness.begin(client.call);
  }

  /** It has ended. */
  end() {
    if (!this.#isCall) return;
    this.#isCall = false;
    this.#playback.end();
    this.#lateness.end();
    this.#speaker.playStream(null);
  }

  /** @param {import('../protocol/codecs.js').RealtimeEvent} event any server event */
  apply(event) {
    if (!this.#isCall) return;
    this.#playback.apply(event);
    this.#speaker.remoteBusy = this.#playback.busy;
    if (event.type === 'output_audio_buffer.started') this.#speaker.hush(false);
  }

  /** @param {Int16Array} samples */
  #hear(samples) {
    const itemId = this.#playback.hear(samples, performance.now());
    if (itemId !== '') this.#tell('spoken', { itemId, samples });
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
