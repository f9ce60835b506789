/** The conversations that can go on, where nothing has been said in a new one yet. */
import { make } from './page.js';

/** @typedef {import('../session/kept-conversations.js').Kept} Kept */

const WITHOUT_WORDS = 'Without words of yours';

/**
 * Events: `continue` and `delete` (detail: the id of a conversation).
 */
export class ConversationsView extends EventTarget {
  #root;
  #list;
  #say;
  /** @type {readonly Kept[] | null} what is shown */
  #shown = null;
  #label = '';

  /** @param {HTMLElement} root @param {HTMLElement} list @param {import('./page-language.js').Say} say */
  constructor(root, list, say) {
    super();
    this.#say = say;
    this.#root = root;
    this.#list = list;
  }

  /**
   * @param {readonly Kept[]} kept
   * @param {Pick<import('../session/voice-session.js').VoiceSession, 'active' | 'conversation'>} voice
   */
  render(kept, { active, conversation }) {
    this.#root.hidden = kept.length === 0 || active || conversation.turns.length > 0;
    const label = this.#say('Continue');
    if (kept === this.#shown && label === this.#label) return;
    this.#shown = kept;
    this.#label = label;
    this.#list.replaceChildren(...kept.map((each) => this.#entry(each)));
  }

  /** @param {Kept} kept */
  #entry({ id, begins, saidAt }) {
    const words = begins === '' ? this.#say(WITHOUT_WORDS) : begins;
    const goOn = make('button', { type: 'button', class: 'button', title: words }, this.#say('Continue'));
    goOn.setAttribute('aria-label', this.#say(`Continue “${words}”`));
    goOn.addEventListener('click', () => this.#tell('continue', id));
    const time = make('time', { datetime: new Date(saidAt).toISOString() }, timeWords(saidAt));
    return make('li', { 'data-id': id }, make('span', { class: 'kept-words', dir: 'auto', translate: 'no' }, words), time, goOn, this.#deletion(id, words));
  }

  /** A button that is pressed twice, since what it does cannot be undone. @param {string} id @param {string} words */
  #deletion(id, words) {
    const button = make('button', { type: 'button', class: 'button quiet' });
    let asked = false;
    const label = (/** @type {boolean} */ sure) => {
      asked = sure;
      button.textContent = this.#say(sure ? 'Delete for good' : 'Delete');
      button.setAttribute('aria-label', this.#say(sure ? `Delete “${words}” for good` : `Delete “${words}”`));
    };
    label(false);
    button.addEventListener('blur', () => label(false));
    button.addEventListener('click', () => (asked ? this.#tell('delete', id) : label(true)));
    return button;
  }

  /** @param {string} type @param {string} id */
  #tell(type, id) {
    this.dispatchEvent(new CustomEvent(type, { detail: id }));
  }
}

/** @param {number} at @returns {string} such as `26 Nov, 18:04` in the visitor's own form */
export function timeWords(at) {
  return new Date(at).toLocaleString([], { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' });
}
