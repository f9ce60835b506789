/** Which answer of a call is being heard, and how much of it: the other end plays, tells when, and cuts by itself. */
import { framesToMs, level } from '../audio/pcm.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

const AUDIBLE = 0.002;
const POSITION_MS = 60;
const TAIL_MS = 200; // sound is this much later here than the word that it has ended
const MOST_ITEMS = 64;

/**
 * Events, as a speaker that plays by itself has them: `started` (detail `{itemId, heardAtMs}`), `position` (detail
 * `{itemId, playedMs}`), `finished` (detail `{itemId}`) and `cut` (detail `{itemId, playedMs}`, which is what the other
 * end says where it says it).
 */
export class CallPlayback extends EventTarget {
  /**
   * The spoken item of each response; of several the first, for nobody says when the next begins.
   *
   * @type {Map<string, string>}
   */
  #items = new Map();
  /** What is heard now. @type {{itemId: string, audible: boolean, playedMs: number, toldMs: number} | null} */
  #heard = null;
  /** What was heard last, and how much of its end may still come. */
  #tail = { itemId: '', leftMs: 0 };

  /** Whether an answer is being played. */
  get busy() {
    return this.#heard !== null;
  }

  /** @param {RealtimeEvent} event any server event */
  apply(event) {
    const { type, response_id: id } = event;
    if (type === 'response.output_audio_transcript.delta') this.#learn(id, event.item_id);
    else if (type === 'response.content_part.added' && event.part?.type === 'audio') this.#learn(id, event.item_id);
    else if (type === 'output_audio_buffer.started') this.#start(this.#items.get(id) ?? '');
    else if (type === 'output_audio_buffer.stopped') this.#stop();
    else if (type === 'output_audio_buffer.cleared') this.#clear(id);
    else if (type === 'conversation.item.truncated')
      this.#tell('cut', { itemId: event.item_id, playedMs: event.audio_end_ms ?? 0 });
  }

  /**
   * Sound has come.
   *
   * @param {Int16Array} samples @param {number} now on `performance.now()`'s clock
   * @returns {string} the item that says it, '' where none does
   */
  hear(samples, now) {
    const heard = this.#heard;
    const ms = framesToMs(samples.length);
    if (heard === null) {
      this.#tail.leftMs -= ms;
      return this.#tail.leftMs > 0 ? this.#tail.itemId : '';
    }
    if (!heard.audible && level(samples) < AUDIBLE) return '';
    if (!heard.audible) this.#tell('started', { itemId: heard.itemId, heardAtMs: now });
    heard.audible = true;
    heard.playedMs += ms;
    if (heard.playedMs - heard.toldMs >= POSITION_MS) this.#tellPosition(heard);
    return heard.itemId;
  }

  /** The call has ended, and with it what it played. */
  end() {
    const heard = this.#heard;
    this.#items.clear();
    this.#heard = null;
    this.#tail.leftMs = 0;
    if (heard !== null) this.#tell('cut', { itemId: heard.itemId, playedMs: heard.playedMs });
  }

  /** @param {string} responseId @param {string} itemId */
  #learn(responseId, itemId) {
    if (this.#items.has(responseId)) return;
    this.#items.set(responseId, itemId);
    for (const old of this.#items.keys()) {
      if (this.#items.size <= MOST_ITEMS) return;
      this.#items.delete(old);
    }
  }

  /** @param {string} itemId */
  #start(itemId) {
    this.#heard = { itemId, audible: false, playedMs: 0, toldMs: 0 };
  }

  #stop() {
    const heard = this.#heard;
    if (heard === null) return;
    this.#heard = null;
    this.#tail = { itemId: heard.itemId, leftMs: TAIL_MS };
    this.#tell('finished', { itemId: heard.itemId });
  }

  /** @param {string} responseId */
  #clear(responseId) {
    const heard = this.#heard;
    if (heard === null || heard.itemId !== (this.#items.get(responseId) ?? '')) return;
    this.#heard = null;
    this.#tell('cut', { itemId: heard.itemId, playedMs: heard.playedMs });
  }

  /** @param {{itemId: string, playedMs: number, toldMs: number}} heard */
  #tellPosition(heard) {
    heard.toldMs = heard.playedMs;
    this.#tell('position', { itemId: heard.itemId, playedMs: heard.playedMs });
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
