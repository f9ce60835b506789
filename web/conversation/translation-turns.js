/**
 * The turns of a translation session, which has no items: words of both sides come all the time, each side's own.
 */

const PAUSE_MS = 1_500;
const LONG_CHARS = 280;

/** @type {Map<string, 'user' | 'assistant'>} */
const SIDES = new Map([
  ['session.input_transcript.delta', 'user'],
  ['session.output_transcript.delta', 'assistant'],
]);

export class TranslationTurns {
  #count = 0;
  /** @type {Map<string, {id: string, at: number, text: string}>} the turn of each side that is being said */
  #open = new Map();

  /**
   * @param {import('../protocol/codecs.js').RealtimeEvent} event any server event
   * @returns {{id: string, role: 'user' | 'assistant', delta: string, closed: string} | null} what to add to which turn,
   *   and which turn of that side is over by that, '' for none
   */
  apply({ type, delta, elapsed_ms: at }) {
    const role = SIDES.get(type);
    if (role === undefined || typeof delta !== 'string') return null;
    const before = this.#open.get(role);
    const now = typeof at === 'number' ? at : (before?.at ?? 0);
    const goesOn = before !== undefined && now - before.at < PAUSE_MS && !isWhole(before.text);
    if (!goesOn) this.#count += 1;
    const id = goesOn ? before.id : `translation_${this.#count}`;
    this.#open.set(role, { id, at: now, text: (goesOn ? before.text : '') + delta });
    return { id, role, delta, closed: goesOn ? '' : (before?.id ?? '') };
  }
}

/** Whether a paragraph is long, and at the end of a sentence. @param {string} text */
function isWhole(text) {
  return text.length > LONG_CHARS && /[.!?。！？؟]\s*$/u.test(text);
}
