/** The sound of the last turns, to be heard again: what came of each answer, and what was said in each turn. */
import { msToFrames } from '../audio/pcm.js';

/**
 * What goes over the connection, as `VoiceSession` tells it: an event, or samples that are not kept. Sound that comes is
 * both, one after the other; sound that is sent is samples alone.
 *
 * @typedef {object} Passing
 * @property {'up' | 'down'} direction
 * @property {import('../protocol/codecs.js').RealtimeEvent | null} event
 * @property {Int16Array | null} samples
 * @property {string} itemId
 */

const MOST_FRAMES = msToFrames(180_000);
const INPUT_FRAMES = msToFrames(60_000);

export class TurnSounds {
  /** By item, the oldest first. @type {Map<string, Int16Array[]>} */
  #sounds = new Map();
  #kept = 0;
  /** @type {{start: number, samples: Int16Array}[]} what was sent last, by its place in all that was sent */
  #input = [];
  #sent = 0;
  /** @type {Map<string, number>} items that the visitor is saying, and where they begin */
  #begun = new Map();

  /** @param {string} itemId */
  has(itemId) {
    return this.#sounds.has(itemId);
  }

  /** All of it, in a row. @param {string} itemId */
  get(itemId) {
    const chunks = this.#sounds.get(itemId) ?? [];
    const samples = new Int16Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      samples.set(chunk, at);
      at += chunk.length;
    }
    return samples;
  }

  /** @param {Passing} passing */
  take({ direction, event, samples, itemId }) {
    if (event !== null && direction === 'down') this.#apply(event);
    if (samples === null) return;
    if (direction === 'up') this.#say(samples);
    else this.#add(itemId, [samples.slice()]); // the speaker takes these away
  }

  clear() {
    this.#sounds.clear();
    this.#kept = 0;
  }

  /** @param {import('../protocol/codecs.js').RealtimeEvent} event */
  #apply(event) {
    if (event.type === 'session.created') {
      this.#input = [];
      this.#sent = 0;
      this.#begun.clear();
    } else if (event.type === 'input_audio_buffer.speech_started') {
      this.#begun.set(event.item_id, msToFrames(event.audio_start_ms ?? 0));
    } else if (event.type === 'input_audio_buffer.speech_stopped') {
      const from = this.#begun.get(event.item_id);
      this.#begun.delete(event.item_id);
      if (from !== undefined) this.#add(event.item_id, this.#slice(from, msToFrames(event.audio_end_ms ?? 0)));
    }
  }

  /** @param {Int16Array} samples */
  #say(samples) {
    this.#input.push({ start: this.#sent, samples: samples.slice() });
    this.#sent += samples.length;
    while (this.#input.length > 0 && this.#sent - this.#input[0].start > INPUT_FRAMES) this.#input.shift();
  }

  /** @param {number} from @param {number} until @returns {Int16Array[]} */
  #slice(from, until) {
    return this.#input
      .map(({ start, samples }) => samples.slice(Math.max(0, from - start), Math.max(0, until - start)))
      .filter(({ length }) => length > 0);
  }

  /** @param {string} itemId @param {Int16Array[]} chunks */
  #add(itemId, chunks) {
    const frames = chunks.reduce((sum, { length }) => sum + length, 0);
    if (frames === 0) return;
    this.#sounds.set(itemId, [...(this.#sounds.get(itemId) ?? []), ...chunks]);
    this.#kept += frames;
    for (const [id, old] of this.#sounds) {
      if (this.#kept <= MOST_FRAMES) return;
      this.#sounds.delete(id);
      this.#kept -= old.reduce((sum, { length }) => sum + length, 0);
    }
  }
}
