/** The page in a visitor's language: English stands in the page and its modules, and what it is in another is found by it. */
import { directionOf, languageOf, wordsIn } from './languages.js';
import { setAttribute, setText } from './page.js';

/** Where the words of each language are, loaded by whoever wants them. @type {Record<string, URL>} */
const ADDRESSES = {
  de: new URL('./words/de.json', import.meta.url),
  fr: new URL('./words/fr.json', import.meta.url),
  es: new URL('./words/es.json', import.meta.url),
  ja: new URL('./words/ja.json', import.meta.url),
  ar: new URL('./words/ar.json', import.meta.url),
};

const ATTRIBUTES = ['aria-label', 'title', 'placeholder'];
const LIST_MARK = '; ';

/** What a sentence is in the visitor's language. Where nobody has said that, it stays. @typedef {(english: string) => string} Say */

export class PageLanguage {
  /** Such as `de`. */
  tag = 'en';
  /** Those that the page shares with the element. */
  words = wordsIn('en');
  /** What was chosen last, and may still be on its way. */
  #wanted = 'en';
  /** @type {Map<string, string>} */
  #exact = new Map();
  /** Sentences with something in them that nobody can know before. @type {{pattern: RegExp, text: string}[]} */
  #patterns = [];
  /** What was translated, so that it can be into another language. @type {WeakMap<Node, Map<string, {english: string, said: string}>>} */
  #translated = new WeakMap();

  /** @type {Say} */
  say = (english) => this.#exact.get(english) ?? this.#fill(english);

  get direction() {
    return directionOf(this.tag);
  }

  /**
   * Takes another language, once it is there; where it cannot be had the one before stays.
   *
   * @param {string} tag such as `de-AT`
   * @param {(address: URL) => Promise<Response>} [load]
   * @returns {Promise<boolean>} whether it was taken now
   */
  async choose(tag, load = (address) => fetch(address)) {
    const language = languageOf(tag);
    if (language === this.#wanted) return false;
    this.#wanted = language;
    const texts = language === 'en' ? {} : await loadTexts(ADDRESSES[language], load);
    if (texts === null || language !== this.#wanted) return false;
    this.take(language, texts);
    return true;
  }

  /** @param {string} tag @param {Record<string, string>} texts by what they are in English; `%` stands for what differs */
  take(tag, texts) {
    this.tag = tag;
    this.words = wordsIn(tag);
    this.#exact = new Map(Object.entries(texts));
    this.#patterns = Object.entries(texts)
      .filter(([english]) => english.includes('%'))
      .map(([english, text]) => ({ pattern: patternOf(english), text }));
  }

  /**
   * Writes what an element says in this language, but for what is marked as nobody's to translate.
   *
   * @param {Element} root
   */
  translate(root) {
    if (root.getAttribute('translate') === 'no') return;
    for (const name of ATTRIBUTES)
      if (root.hasAttribute(name)) setAttribute(root, name, this.#sayAgain(root, name, root.getAttribute(name) ?? ''));
    if (root.getAttribute('role') === 'log') return; // what is said there is not the page's
    for (const node of root.childNodes)
      if (node instanceof Element) this.translate(node);
      else if (node instanceof Text) this.#translateText(node);
  }

  /** Space around it is the page's own. @param {Text} node */
  #translateText(node) {
    const [, before, text, after] = /^(\s*)(.*?)(\s*)$/su.exec(node.data) ?? [];
    if (text) setText(node, before + this.#sayAgain(node, '', text.replaceAll(/\s+/gu, ' ')) + after);
  }

  /**
   * What stands there is English, or what we made of it in the language before.
   *
   * @param {Node} node @param {string} place an attribute, '' for its text @param {string} now
   */
  #sayAgain(node, place, now) {
    const places = this.#translated.get(node) ?? new Map();
    const before = places.get(place);
    const english = before?.said === now ? before.english : now;
    const said = this.say(english);
    this.#translated.set(node, places.set(place, { english, said }));
    return said;
  }

  /** @param {string} english @returns {string} */
  #fill(english) {
    for (const { pattern, text } of this.#patterns) {
      const values = pattern.exec(english)?.slice(1).map((value) => this.#sayEach(value));
      if (values !== undefined) return text.replaceAll('%', () => values.shift() ?? '');
    }
    return english;
  }

  /** @param {string} value one sentence, a name, or several of them */
  #sayEach(value) {
    return value.split(LIST_MARK).map(this.say).join(LIST_MARK);
  }
}

/** @param {URL} address @param {(address: URL) => Promise<Response>} load @returns {Promise<Record<string, string> | null>} */
async function loadTexts(address, load) {
  try {
    const response = await load(address);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** @param {string} english */
function patternOf(english) {
  const parts = english.split('%').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, '\\$&'));
  return new RegExp(`^${parts.join('(.+?)')}$`, 'su');
}

/** What a visitor wants to read: what they chose, else what the browser asks for. @param {string} chosen @param {readonly string[]} preferred */
export function wantedLanguage(chosen, preferred) {
  return chosen || (preferred[0] ?? 'en');
}
