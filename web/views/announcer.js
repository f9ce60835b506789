/** A live region for screen readers: sentences that nobody hears, and what goes on where one asks or has to know. */
import { SentenceReader } from '../conversation/sentences.js';
import { make } from './page.js';

const MOST_KEPT = 20;

/** States that make no sound of their own. @type {Set<string>} */
const UNHEARD = new Set(['reconnecting']);

/** Reads out what a visitor who does not look would miss. */
export class Announcer {
  #root;
  #reader = new SentenceReader();
  #state = '';

  /** @param {HTMLElement} root a live region */
  constructor(root) {
    this.#root = root;
  }

  /**
   * @param {import('../session/voice-session.js').VoiceSession} voice
   * @param {string} state in words
   */
  render({ conversation, speaker, phase, openCalls }, state) {
    for (const sentence of this.#reader.read(conversation.turns, speaker.volume > 0)) this.say(sentence);
    const waits = UNHEARD.has(phase) || openCalls.length > 0;
    if (waits && state !== this.#state) this.say(state);
    this.#state = waits ? state : '';
  }

  /** @param {string} words */
  say(words) {
    this.#root.append(make('p', {}, words));
    while (this.#root.children.length > MOST_KEPT) this.#root.firstElementChild?.remove();
  }
}
