/** Updates of a session that are not answered yet, and what becomes of them. */

/** Each is answered, in its order: by `session.updated`, or by an `error` that names it. */
export class SessionUpdates {
  /** @type {{id: string, answer: (taken: boolean) => void}[]} oldest first */
  #pending = [];

  /** One was sent. @param {string} id of the event */
  sent(id) {
    this.#pending.push({ id, answer: () => {} });
  }

  /**
   * What becomes of one.
   *
   * @param {string} id of the event
   * @returns {Promise<boolean>} whether it was taken; never settles where no answer comes, or it was not sent
   */
  outcome(id) {
    const update = this.#pending.find((each) => each.id === id);
    return new Promise((resolve) => {
      if (update !== undefined) update.answer = resolve;
    });
  }

  /** @param {import('./codecs.js').RealtimeEvent} event any server event */
  apply({ type, error }) {
    if (type === 'session.updated') this.#pending.shift()?.answer(true);
    if (type === 'error') this.#refuse(error?.event_id);
  }

  /** @param {unknown} id of an update, perhaps */
  #refuse(id) {
    this.#pending.find((update) => update.id === id)?.answer(false);
    this.#pending = this.#pending.filter((update) => update.id !== id);
  }
}
