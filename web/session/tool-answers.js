/** Answers calls of functions by itself, to try tools out: with words that are always the same, or from an address. */
import { openCall } from '../conversation/calls.js';

const TIMEOUT_MS = 15_000;
const MOST_CHARS = 100_000;

/** @typedef {{kind: 'words', words: string} | {kind: 'address', url: string}} Answer */

/** Events: `notice` (detail: a sentence worth showing for a moment). */
export class ToolAnswers extends EventTarget {
  #voice;
  #fetch;
  /** @type {Map<string, Answer>} by the function's name */
  #answers = new Map();
  /** @type {Set<string>} calls that are answered, or are being */
  #taken = new Set();

  /**
   * @param {import('./voice-session.js').VoiceSession} voice
   * @param {typeof fetch} [send]
   */
  constructor(voice, send = (...request) => fetch(...request)) {
    super();
    this.#voice = voice;
    this.#fetch = send;
    voice.addEventListener('change', () => this.#answerOpen());
  }

  /** Whether calls of that function are answered here. @param {string} name */
  has(name) {
    return this.#answers.has(name);
  }

  /** @param {string} name @param {Answer | null} answer null leaves its calls to be answered by hand */
  set(name, answer) {
    if (answer === null) this.#answers.delete(name);
    else this.#answers.set(name, answer);
  }

  #answerOpen() {
    if (this.#answers.size === 0 || this.#voice.client === null) return;
    for (const turn of this.#voice.conversation.turns) {
      const call = openCall(turn);
      if (call?.kind !== 'function' || this.#taken.has(call.callId)) continue;
      const answer = this.#answers.get(call.name);
      if (answer === undefined) continue;
      this.#taken.add(call.callId);
      void this.#give(call, answer);
    }
  }

  /** @param {import('../conversation/turn-list.js').Call} call @param {Answer} answer */
  async #give({ name, callId, input }, answer) {
    const client = this.#voice.client;
    const output = answer.kind === 'words' ? answer.words : await this.#ask(name, answer.url, input);
    if (this.#voice.client === client) this.#voice.answerCall(callId, output);
  }

  /**
   * The model is told of a failure, too: it waits for an answer.
   *
   * @param {string} name @param {string} url @param {string} input
   */
  async #ask(name, url, input) {
    try {
      const response = await this.#fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: input || '{}',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = (await response.text()).slice(0, MOST_CHARS);
      return response.ok ? text : this.#failed(name, `it was answered with ${response.status}`);
    } catch (error) {
      return this.#failed(name, String(error));
    }
  }

  /** @param {string} name @param {string} why */
  #failed(name, why) {
    this.dispatchEvent(new CustomEvent('notice', { detail: `${name} could not be asked: ${why}.` }));
    return JSON.stringify({ error: why });
  }
}
