/** Answers (the API's responses) under way, those that were cut off, and what truncates them. */

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */
/** @typedef {import('../protocol/codecs.js').AudioDelta} AudioDelta */

/**
 * Which answers are being made, which were cut off, and what must be said about a cut.
 *
 * Over a WebSocket it is the listener's duty to say how much was heard, and sound that is on its way when the
 * cut is made must not be played. Several answers may be made at once.
 */
export class Answers {
  /** @type {Set<string>} */
  #making = new Set();
  /** @type {Set<string>} */
  #cut = new Set();
  /** @type {Set<string>} items whose sound came in this session; another knows them as text */
  #sounding = new Set();
  /** @type {Set<string>} items that this session was told, and others have made */
  #told = new Set();
  #asked = false;

  /** Whether one is being made, or has been asked for. */
  get underWay() {
    return this.#asked || this.#making.size > 0;
  }

  /** Says that an answer was asked for, or that the other side will make one unasked. */
  expect() {
    this.#asked = true;
  }

  /** @param {RealtimeEvent} event any server event */
  apply(event) {
    if (event.type === 'response.created') this.#begin(event.response);
    else if (event.type === 'response.done') this.#finish(event.response);
    else if (event.type === 'conversation.item.added') this.#told.add(event.item?.id);
    else if (event.type === 'error' || event.type === 'input_audio_buffer.speech_started')
      this.#asked = false;
  }

  /** Sound has come. @param {AudioDelta} audio @returns {boolean} whether it is to be played: it may belong to an answer that was cut off */
  takes({ responseId, itemId }) {
    if (this.#cut.has(responseId)) return false;
    this.#sounding.add(itemId);
    return true;
  }

  /**
   * Cuts off all answers that are being made: what still comes of them is not to be played.
   *
   * @returns {boolean} whether there was one
   */
  cut() {
    this.#asked = false;
    for (const id of this.#making) this.#cut.add(id);
    return this.#making.size > 0;
  }

  /**
   * What to send about answers that were cut while they were heard.
   *
   * @param {import('../audio/speaker.js').Cut[]} cuts
   * @returns {RealtimeEvent[]}
   */
  truncations(cuts) {
    return cuts
      .filter(({ itemId }) => this.#sounding.has(itemId))
      .map(({ itemId, contentIndex, playedMs }) => ({
        type: 'conversation.item.truncate',
        item_id: itemId,
        content_index: contentIndex,
        audio_end_ms: Math.floor(playedMs),
      }));
  }

  /** Which of these answers the session knows as text, since their sound came in another. @param {import('../audio/speaker.js').Cut[]} cuts */
  toldOf(cuts) {
    return cuts.map(({ itemId }) => itemId).filter((id) => this.#told.has(id) && !this.#sounding.has(id));
  }

  /** Forgets everything: the next session knows none of it. */
  reset() {
    this.#making.clear();
    this.#cut.clear();
    this.#sounding.clear();
    this.#told.clear();
    this.#asked = false;
  }

  /** @param {any} response */
  #begin(response) {
    this.#asked = false;
    this.#making.add(response?.id);
  }

  /** @param {any} response */
  #finish(response) {
    this.#making.delete(response?.id);
    this.#cut.delete(response?.id);
  }
}

/**
 * Whether the other side itself cancels its answer when speech begins.
 *
 * @param {Record<string, any> | null} session
 */
export function serverInterrupts(session) {
  const detection = turnDetection(session);
  return detection !== null && detection.interrupt_response !== false;
}

/**
 * Whether speech is meant to interrupt an answer at all: a session may say that only buttons and typing do.
 *
 * @param {Record<string, any> | null} session
 */
export function speechInterrupts(session) {
  return turnDetection(session)?.interrupt_response !== false;
}

/**
 * Whether the other side answers when speech ends, without being asked.
 *
 * @param {Record<string, any> | null} session
 */
export function serverAnswers(session) {
  const detection = turnDetection(session);
  if (session?.type === 'transcription') return false; // it only writes down
  return detection !== null && detection.create_response !== false;
}

/**
 * @param {Record<string, any> | null} session
 * @returns {Record<string, any> | null} null where turns are taken by hand
 */
export function turnDetection(session) {
  return session?.audio?.input?.turn_detection ?? null;
}
