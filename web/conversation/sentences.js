/** Splits what is not heard of a conversation into whole sentences, for screen readers. */

/** @typedef {import('./turn-list.js').Turn} Turn */

const ENDS = /[.!?…。！？][”"’')\]]*(\s|$)/gu;

/**
 * Finds the sentences that have become whole since it was asked last, for those who have the page read out:
 * each is said once, and none before it is complete. What the visitor said or typed himself is not among them, nor what
 * is heard: two voices at once are none.
 */
export class SentenceReader {
  /** @type {Map<string, number>} how much of each turn was said */
  #said = new Map();

  /**
   * @param {readonly Turn[]} turns
   * @param {boolean} [audible] whether spoken answers are heard
   * @returns {string[]}
   */
  read(turns, audible = true) {
    const sentences = turns.flatMap((turn) => this.#readTurn(turn, audible));
    if (this.#said.size > 2 * turns.length + 100) this.#forgetAllBut(turns);
    return sentences;
  }

  /** @param {Turn} turn @param {boolean} audible @returns {string[]} */
  #readTurn({ id, role, text, final, spoken }, audible) {
    const said = this.#said.get(id) ?? 0;
    const end = final ? text.length : lastEnd(text);
    if (end <= said) return [];
    this.#said.set(id, end);
    const words = text.slice(said, end).trim();
    const known = role === 'user' || (role === 'assistant' && spoken && audible);
    return known || words === '' ? [] : [words];
  }

  /** @param {readonly Turn[]} turns */
  #forgetAllBut(turns) {
    const ids = new Set(turns.map(({ id }) => id));
    for (const id of this.#said.keys()) if (!ids.has(id)) this.#said.delete(id);
  }
}

/** @param {string} text @returns {number} where its last whole sentence ends, 0 for none */
function lastEnd(text) {
  let end = 0;
  for (const match of text.matchAll(ENDS)) end = match.index + match[0].length;
  return end;
}
