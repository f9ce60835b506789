/** Which turn a `relay.cost` is for: the relay tells the sum of a session after each answer and each transcript. */

export class TurnCosts {
  #spentUsd = 0;
  #payer = '';

  /**
   * @param {import('../protocol/codecs.js').RealtimeEvent} event any server event
   * @returns {{itemId: string, usd: number} | null} what the item cost more, where the event says that
   */
  apply(event) {
    if (event.type === 'session.created') this.#spentUsd = 0;
    else if (event.type === 'response.done') this.#payer = event.response?.output?.at?.(-1)?.id ?? '';
    else if (event.type === 'conversation.item.input_audio_transcription.completed') this.#payer = event.item_id;
    else if (event.type === 'relay.cost') return this.#charge(Number(event.spent_usd));
    return null;
  }

  /** @param {number} spentUsd in this session, all together */
  #charge(spentUsd) {
    const usd = spentUsd - this.#spentUsd;
    if (!(usd > 0)) return null; // nothing more, or nonsense
    this.#spentUsd = spentUsd;
    return { itemId: this.#payer, usd };
  }
}
