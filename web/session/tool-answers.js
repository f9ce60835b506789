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
  /** @type {Map<string, string | null>} the answers to calls; null while one is asked for, and once it is given */
  #known = new Map();

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
    if (!this.#voice.ready) return;
    for (const turn of [...this.#voice.conversation.turns]) {
      const call = openCall(turn);
      if (call?.kind !== 'function') continue;
      const output = this.#known.get(call.callId);
      if (typeof output === 'string') this.#give(call.callId, output);
      else if (output === undefined) this.#learn(call);
    }
  }

  /** @param {string} callId @param {string} output */
  #give(callId, output) {
    this.#known.set(callId, null); // giving it is a change, of which we are told before it is given
    if (!this.#voice.answerCall(callId, output)) this.#known.set(callId, output);
  }

  /** @param {import('../conversation/turn-list.js').Call} call */
  #learn({ name, callId, input }) {
    const answer = this.#answers.get(name);
    if (answer === undefined) return;
    this.#known.set(callId, null);
    void this.#output(name, answer, input).then((output) => {
      this.#known.set(callId, output); // for the next session, too, where this one is lost: nobody is asked twice
      this.#answerOpen();
    });
  }

  /** @param {string} name @param {Answer} answer @param {string} input */
  async #output(name, answer, input) {
    return answer.kind === 'words' ? answer.words : this.#ask(name, answer.url, input);
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
