/** Splits growing transcripts into whole sentences, for screen readers. */

/** @typedef {import('./turn-list.js').Turn} Turn */

const ENDS = /[.!?…。！？][”"’')\]]*(\s|$)/gu;

/**
 * Finds the sentences that have become whole since it was asked last, for those who have the page read out:
 * each is said once, and none before it is complete.
 */
export class SentenceReader {
  /** @type {Map<string, number>} how much of each turn was said */
  #said = new Map();

  /** @param {readonly Turn[]} turns @returns {string[]} each with who said it */
  read(turns) {
    const sentences = turns.flatMap((turn) => this.#readTurn(turn));
    if (this.#said.size > 2 * turns.length + 100) this.#forgetAllBut(turns);
    return sentences;
  }

  /** @param {Turn} turn @returns {string[]} */
  #readTurn({ id, role, text, final }) {
    const said = this.#said.get(id) ?? 0;
    const end = final ? text.length : lastEnd(text);
    if (end <= said) return [];
    this.#said.set(id, end);
    const words = text.slice(said, end).trim();
    if (words === '') return [];
    return [role === 'user' ? `You: ${words}` : words];
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
