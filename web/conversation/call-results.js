/** When the results of function calls ask for an answer. */

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

/** @typedef {{open: Set<string>, answered: boolean, done: boolean}} Calling a response that calls functions */

/**
 * One answer may call several functions, and is followed by one answer: asked for after the last result, and after it is
 * itself done, since the API refuses a second one beside it.
 */
export class CallResults {
  /** @type {Map<string, Calling>} by response */
  #calling = new Map();
  /** @type {Set<string>} calls of answers that were cancelled: nobody waits for what comes of them */
  #void = new Set();

  /** @param {RealtimeEvent} event any server event @returns {boolean} whether an answer is to be asked for now */
  apply({ type, response_id: responseId, item, response }) {
    if (type === 'response.output_item.done' && item?.type === 'function_call' && item.status !== 'incomplete')
      this.#called(responseId).open.add(item.call_id);
    const calling = type === 'response.done' ? this.#calling.get(response?.id) : undefined;
    if (calling === undefined) return false;
    if (response.status === 'cancelled') return this.#cancel(response.id, calling);
    calling.done = true;
    return this.#isDue(response.id, calling);
  }

  /** A result is given. @param {string} callId @returns {boolean} whether an answer is to be asked for now */
  answer(callId) {
    for (const [id, calling] of this.#calling) {
      if (!calling.open.delete(callId)) continue;
      calling.answered = true;
      return this.#isDue(id, calling);
    }
    return !this.#void.delete(callId); // or it is of an answer that this session has not seen
  }

  /** The session is lost: none of its answers goes on. */
  lose() {
    for (const calling of this.#calling.values()) calling.done = true;
  }

  /** @param {string} responseId @returns {Calling} */
  #called(responseId) {
    const calling = this.#calling.get(responseId) ?? { open: new Set(), answered: false, done: false };
    this.#calling.set(responseId, calling);
    return calling;
  }

  /** @param {string} id @param {Calling} calling */
  #cancel(id, { open }) {
    for (const callId of open) this.#void.add(callId);
    this.#calling.delete(id);
    return false;
  }

  /** @param {string} id @param {Calling} calling */
  #isDue(id, { open, answered, done }) {
    if (!done || open.size > 0) return false;
    this.#calling.delete(id);
    return answered;
  }
}
