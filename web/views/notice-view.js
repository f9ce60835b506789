/** The line for what is worth knowing for a moment, and what can be undone. */
import { setText } from './page.js';

const SHOWN_MS = 6_000;
const UNDO_MS = 20_000;

/** Says one thing at a time. What the session said is gone with the state that it was true in. */
export class NoticeView {
  #words;
  #undo;
  #say;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isOfSession = false;
  #state = '';
  #wasReady = false;

  /** @param {HTMLElement} words @param {HTMLElement} undo @param {import('./page-language.js').Say} say */
  constructor(words, undo, say) {
    this.#say = say;
    this.#words = words;
    this.#undo = undo;
  }

  /** @param {string} sentence @param {(() => void) | null} [undo] */
  show(sentence, undo = null) {
    setText(this.#words, this.#say(sentence));
    setText(this.#undo, undo === null ? '' : this.#say('Undo'));
    this.#undo.hidden = undo === null;
    this.#undo.onclick = () => {
      undo?.();
      this.show('');
    };
    this.#isOfSession = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.show(''), undo === null ? SHOWN_MS : UNDO_MS);
  }

  /** Shows what the session says of itself. @param {string} sentence */
  tell(sentence) {
    this.show(sentence);
    this.#isOfSession = true;
  }

  /** @param {import('../session/voice-session.js').VoiceSession} voice */
  render({ active, ready, problem }) {
    const state = `${active} ${problem?.title}`;
    const isLost = this.#wasReady && !ready;
    if ((isLost || state !== this.#state) && this.#isOfSession) this.show('');
    this.#state = state;
    this.#wasReady = ready;
  }
}
