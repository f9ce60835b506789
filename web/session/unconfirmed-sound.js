/** Sound that was sent, and would be lost with its session: kept to be said again in the next. */
import { msToFrames } from '../audio/pcm.js';
import { turnDetection } from '../conversation/answers.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

const LIMIT_FRAMES = msToFrames(30_000);
const LEAD_MS = 500; // detection may say late where a word began
const TRANSCRIBED = 'conversation.item.input_audio_transcription.';

/**
 * Let go of is what has arrived and was silence, and what is known in words: a turn that is under way, or waits for its
 * words, would go with the session. Positions are frames since the session began, as the server counts its milliseconds.
 */
export class UnconfirmedSound {
  /** @type {{samples: Int16Array, end: number}[]} oldest first */
  #chunks = [];
  #sent = 0;
  #arrived = 0;
  #committed = 0;
  #detects = true;
  #transcribes = false;
  /** @type {Map<string, number>} where turns begin whose words are not known, by item */
  #turns = new Map();

  /** How much was sent so far. */
  get position() {
    return this.#sent;
  }

  /** @param {Int16Array} samples copied */
  add(samples) {
    this.#sent += samples.length;
    this.#chunks.push({ samples: samples.slice(), end: this.#sent });
    this.#dropTo(this.#sent - LIMIT_FRAMES);
  }

  /** All up to there has arrived. @param {number} position */
  arrived(position) {
    this.#arrived = position;
    this.#letGo();
  }

  /** @param {RealtimeEvent} event any server event */
  apply(event) {
    const { type, item_id: id } = event;
    if (type === 'session.created' || type === 'session.updated') this.#learn(event.session);
    else if (type === 'input_audio_buffer.speech_started') this.#turns.set(id, startOf(event));
    else if (type === 'input_audio_buffer.committed') this.#commit(id);
    else if (type === 'input_audio_buffer.cleared') this.#forget([...this.#turns.keys()]);
    else if (type === `${TRANSCRIBED}completed` || type === `${TRANSCRIBED}failed`) this.#forget([id]);
  }

  /** The session is lost. @returns {Int16Array[]} what is to be said again, oldest first */
  takeAll() {
    const chunks = this.#chunks.splice(0);
    this.#sent = this.#arrived = this.#committed = 0;
    this.#turns.clear();
    return chunks.map(({ samples }) => samples);
  }

  /** @param {any} session */
  #learn(session) {
    this.#detects = turnDetection(session) !== null;
    this.#transcribes = Boolean(session?.audio?.input?.transcription);
  }

  /** @param {string} id */
  #commit(id) {
    if (!this.#transcribes) this.#turns.delete(id);
    else if (!this.#turns.has(id)) this.#turns.set(id, this.#committed);
    this.#committed = this.#sent;
    this.#letGo();
  }

  /** @param {string[]} ids */
  #forget(ids) {
    for (const id of ids) this.#turns.delete(id);
    this.#letGo();
  }

  #letGo() {
    const open = this.#detects ? this.#arrived : this.#committed; // without detection all that is sent is speech
    this.#dropTo(Math.min(this.#arrived, open, ...this.#turns.values()));
  }

  /** @param {number} position */
  #dropTo(position) {
    const kept = this.#chunks.findIndex(({ end }) => end > position);
    this.#chunks.splice(0, kept < 0 ? this.#chunks.length : kept);
  }
}

/** @param {RealtimeEvent} event */
function startOf({ audio_start_ms: startMs }) {
  return msToFrames(Math.max(0, (startMs ?? 0) - LEAD_MS));
}
