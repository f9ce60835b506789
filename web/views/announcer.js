/** A live region that reads finished sentences out to screen readers. */
import { SentenceReader } from '../conversation/sentences.js';
import { make } from './page.js';

const MOST_KEPT = 20;

/** Has whole sentences of the conversation read out to those who use a screen reader. */
export class Announcer {
  #root;
  #reader = new SentenceReader();

  /** @param {HTMLElement} root a live region */
  constructor(root) {
    this.#root = root;
  }

  /** @param {readonly import('../conversation/turn-list.js').Turn[]} turns */
  render(turns) {
    for (const sentence of this.#reader.read(turns)) this.#root.append(make('p', {}, sentence));
    while (this.#root.children.length > MOST_KEPT) this.#root.firstElementChild?.remove();
  }
}
