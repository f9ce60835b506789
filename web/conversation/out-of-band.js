/** Tells answers outside the conversation (`conversation_id: null`) from those that are part of it. */

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

/**
 * Which server events belong to answers that were asked for beside the conversation, such as a summary or a
 * judgement for the program's own use. Nobody said them: they are neither shown nor played.
 */
export class OutOfBand {
  /** @type {Set<string>} responses that are being made */
  #responses = new Set();
  /** @type {Set<string>} their items, of which some events name nothing else */
  #items = new Set();

  /** @param {RealtimeEvent} event any server event, in order @returns {boolean} whether it belongs to one */
  takes(event) {
    if (event.type === 'session.created') this.#forget();
    if (event.type === 'response.created' && event.response?.conversation_id === null)
      this.#responses.add(event.response.id);
    const responseId = event.response_id ?? event.response?.id;
    const outside = this.#responses.has(responseId) || this.#items.has(event.item_id ?? event.item?.id);
    if (!outside) return false;
    if (event.item?.id !== undefined) this.#items.add(event.item.id);
    if (event.type === 'response.done') this.#responses.delete(responseId);
    return true;
  }

  /** Whether sound belongs to one. @param {import('../protocol/codecs.js').AudioDelta} audio */
  has({ responseId, itemId }) {
    return this.#responses.has(responseId) || this.#items.has(itemId);
  }

  #forget() {
    this.#responses.clear();
    this.#items.clear();
  }
}
