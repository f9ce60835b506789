/** The transcript as elements. */
import { openCall } from '../conversation/calls.js';
import { splitHeard } from '../conversation/transcript.js';
import { makeCallForm } from './call-form.js';
import { make, makeIcon, setAttribute, setText } from './page.js';
import { costWords } from './state-words.js';
import { ENGLISH } from './words.js';

/** @typedef {import('../conversation/turn-list.js').Turn} Turn */

/**
 * @typedef {object} Again what can be heard again
 * @property {(id: string) => boolean} has
 * @property {string} playing its id, '' while nothing is
 * @property {(id: string) => void} toggle
 */

/** @typedef {(id: string, helpful: boolean) => void} Judge is told what a visitor thinks of an answer */

/** @typedef {import('./words.js').Words} Words */

const THUMB =
  'M7.5 11v9H4v-9zm0 0 4-8a2 2 0 0 1 2 2v4.200h5a1.800 1.800 0 0 1 1.800 2.200l-1.300 7a1.800 1.800 0 0 1-1.800 1.600H7.500';
const MOST_SHOWN = 200; // and so many more each time that they are asked for
const MOST_CHARS = 20_000; // a browser lays out a word of megabytes for seconds
const NEAR_END_PX = 80;

/** @type {Record<Turn['role'], 'you' | 'assistant' | 'tool' | null>} */
const WHO = { user: 'you', assistant: 'assistant', tool: 'tool', notice: null };

/**
 * The conversation's turns as elements. Touches only those that changed, and keeps the newest in view unless
 * the visitor has scrolled away from it.
 */
export class TranscriptView {
  #root;
  #scroller;
  #again;
  #earlier;
  #most = MOST_SHOWN;
  #judge;
  #calls;
  #words;
  #say;
  /** @type {readonly Turn[]} */
  #turns = [];
  #follows = false;
  /** @type {Map<string, {element: HTMLElement, revision: number}>} */
  #shown = new Map();

  /**
   * @param {HTMLElement} root @param {HTMLElement} scroller
   * @param {object} [options]
   * @param {Again} [options.again] without it no turn can be heard again
   * @param {HTMLButtonElement} [options.earlier] shows how many turns are not shown, and more of them
   * @param {import('./call-form.js').CallAnswers} [options.calls] without it calls are shown, and not answered here
   * @param {Judge} [options.judge] without it nobody is asked for an opinion
   * @param {Words} [options.words]
   * @param {import('./page-language.js').Say} [options.say] of notices and problems
   */
  constructor(root, scroller, { again, earlier, calls, judge, words = ENGLISH, say = (english) => english } = {}) {
    this.#say = say;
    this.#judge = judge;
    this.#calls = calls;
    this.#words = words;
    this.#root = root;
    this.#scroller = scroller;
    this.#again = again;
    this.#earlier = earlier;
    earlier?.addEventListener('click', () => this.#showMore());
    scroller.addEventListener('scroll', () => this.#setFollows(this.#atEnd()));
    this.#setFollows(true);
    const sizes = new ResizeObserver(() => this.#follow());
    for (const element of [root, scroller]) sizes.observe(element); // the turns, and what stands beside them
    root.addEventListener('click', ({ target }) => {
      const button = /** @type {Element} */ (target).closest('.turn-again');
      const id = /** @type {HTMLElement | null} */ (button?.closest('.turn'))?.dataset.item;
      if (id !== undefined) again?.toggle(id);
    });
  }

  /** Turns that are shown from now on have other words. @param {Words} words */
  set words(words) {
    this.#words = words;
  }

  /** @param {readonly Turn[]} turns */
  render(turns) {
    this.#turns = turns;
    const visible = turns.slice(-this.#most);
    this.#tellEarlier(turns.length - visible.length);
    if (!this.#differs(visible)) return;
    this.#removeOthers(visible);
    visible.forEach((turn, index) => this.#renderTurn(turn, index));
    this.renderAgain(visible);
  }

  /** Which turns can be heard again, and which is. @param {readonly Turn[]} turns */
  renderAgain(turns) {
    if (this.#again === undefined) return;
    for (const { id, final } of turns) {
      const element = this.#shown.get(id)?.element;
      if (element === undefined || !final || !this.#again.has(id)) continue;
      const button = element.querySelector('.turn-again') ?? addAgain(part(element, 'turn-foot'), this.#say('Play again'));
      const playing = this.#again.playing === id;
      setAttribute(button, 'aria-pressed', String(playing));
      const icon = /** @type {Element} */ (button.querySelector('use'));
      setAttribute(icon, 'href', playing ? '#icon-stop' : '#icon-play');
    }
  }

  /** @param {number} count of turns that are not shown */
  #tellEarlier(count) {
    if (this.#earlier === undefined) return;
    this.#earlier.hidden = count === 0;
    if (count > 0) setText(this.#earlier, this.#say(`Show ${Math.min(count, MOST_SHOWN)} of ${count} earlier turns`));
    if (this.#turns.length === 0) this.#most = MOST_SHOWN;
  }

  #showMore() {
    this.#most += MOST_SHOWN;
    this.#setFollows(false);
    this.render(this.#turns);
  }

  /** Keeps the newest in view, unless the visitor has scrolled away from it. Once the browser has laid the page out, so that it need not twice. */
  #follow() {
    if (this.#follows) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Who reads further up is held there by the browser; at the end it would scroll away from what is new. @param {boolean} follows */
  #setFollows(follows) {
    if (follows === this.#follows) return;
    this.#follows = follows;
    this.#scroller.style.setProperty('overflow-anchor', follows ? 'none' : 'auto');
  }

  /** Asked first: in most frames no turn has changed. @param {readonly Turn[]} turns */
  #differs(turns) {
    return turns.length !== this.#shown.size || turns.some((turn) => this.#shown.get(turn.id)?.revision !== turn.revision);
  }

  #atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  /** @param {readonly Turn[]} visible */
  #removeOthers(visible) {
    if (this.#shown.size === 0) return;
    const ids = new Set(visible.map(({ id }) => id));
    for (const [id, { element }] of this.#shown) {
      if (ids.has(id)) continue;
      element.remove();
      this.#shown.delete(id);
    }
  }

  /** @param {Turn} turn @param {number} index */
  #renderTurn(turn, index) {
    const shown = this.#shown.get(turn.id) ?? { element: makeTurn(turn, this.#words), revision: -1 };
    this.#shown.set(turn.id, shown);
    const before = this.#root.children[index] ?? null;
    if (before !== shown.element) this.#root.insertBefore(shown.element, before);
    if (shown.revision === turn.revision) return;
    shown.revision = turn.revision;
    fillTurn(shown.element, turn, this.#words, this.#say);
    if (this.#calls !== undefined) offerAnswer(shown.element, turn, this.#calls);
    if (this.#judge !== undefined && turn.role === 'assistant' && turn.final)
      addOpinions(shown.element, turn.id, this.#words, this.#judge);
  }
}

/** Brings the first form for a call that waits into sight, and has it take the keys. @param {ParentNode} root */
export function showWaitingCall(root) {
  const form = root.querySelector('.turn-call');
  form?.closest('.turn')?.scrollIntoView({ block: 'center' });
  /** @type {HTMLElement | null} */ (form?.querySelector('textarea, button'))?.focus({ preventScroll: true });
}

/** @param {HTMLElement} element @param {Turn} turn @param {import('./call-form.js').CallAnswers} calls */
function offerAnswer(element, turn, calls) {
  const call = openCall(turn);
  const form = element.querySelector('.turn-call');
  if (call === null || calls.has(call.name)) form?.remove();
  else if (form === null) part(element, 'turn-foot').before(makeCallForm(call, calls));
}

/** @param {HTMLElement} foot @param {string} label */
function addAgain(foot, label) {
  const words = { 'aria-label': label, title: label, 'aria-pressed': 'false' };
  const button = make('button', { class: 'button round quiet turn-again', type: 'button', ...words }, makeIcon('play'));
  foot.prepend(button);
  return button;
}

/** Drawn here, since neither a font nor the page's sprite is there for an element. @param {boolean} up */
function makeThumb(up) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  setAttribute(svg, 'viewBox', '0 0 24 24');
  setAttribute(svg, 'aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  setAttribute(path, 'd', THUMB);
  if (!up) setAttribute(path, 'transform', 'rotate(180 12 12)');
  svg.append(path);
  return svg;
}

/** @param {HTMLElement} element @param {string} id @param {Words} words @param {Judge} judge */
function addOpinions(element, id, words, judge) {
  if (element.querySelector('.turn-opinion') !== null) return;
  const opinions = [true, false].map((helpful) => {
    const label = helpful ? words.helpful : words.unhelpful;
    const named = { 'aria-label': label, title: label, 'aria-pressed': 'false' };
    const button = make('button', { class: 'turn-opinion', type: 'button', ...named }, makeThumb(helpful));
    button.addEventListener('click', () => {
      for (const each of opinions) setAttribute(each, 'aria-pressed', String(each === button));
      judge(id, helpful);
    });
    return button;
  });
  part(element, 'turn-foot').append(...opinions);
}

/** @param {Turn} turn @param {Words} words */
function makeTurn({ id, role }, words) {
  const element = make('article', { class: 'turn', 'data-role': role, 'data-item': id });
  const who = WHO[role];
  if (who !== null) element.append(make('p', { class: 'turn-who' }, words[who]));
  const text = make('p', { class: 'turn-text', dir: 'auto' });
  text.append(make('span', { class: 'turn-heard' }), make('span', { class: 'turn-unheard' }));
  element.append(
    make('div', { class: 'turn-images', hidden: true }),
    text,
    make('p', { class: 'turn-problem', hidden: true }),
    make('div', { class: 'turn-foot' }, make('p', { class: 'turn-waiting', hidden: true }), make('p', { class: 'turn-cost', hidden: true })),
  );
  return element;
}

/** @param {HTMLElement} element @param {Turn} turn @param {Words} words @param {import('./page-language.js').Say} say */
function fillTurn(element, turn, words, say) {
  const { heard, unheard } = textOf(turn.role === 'notice' ? { ...turn, text: say(turn.text) } : turn, words);
  setText(part(element, 'turn-heard'), heard);
  setText(part(element, 'turn-unheard'), turn.cut ? unheard.trimStart() : unheard);
  part(element, 'turn-text').hidden = heard === '' && unheard === '' && turn.final && !turn.cut;
  setText(part(element, 'turn-problem'), say(turn.problem));
  part(element, 'turn-problem').hidden = turn.problem === '';
  setText(part(element, 'turn-cost'), turn.costUsd > 0 ? costWords(turn.costUsd) : '');
  part(element, 'turn-cost').hidden = turn.costUsd === 0;
  setText(part(element, 'turn-waiting'), turn.waiting ? words.waiting : '');
  part(element, 'turn-waiting').hidden = !turn.waiting;
  element.classList.toggle('turn-pending', !turn.final);
  if (turn.images.length > 0) showImages(part(element, 'turn-images'), turn.images, words);
  if (turn.cut) markCut(element, words);
}

/** @param {Turn} turn @param {Words} words @returns {{heard: string, unheard: string}} */
function textOf(turn, words) {
  const { heard, unheard } = wholeTextOf(turn, words);
  return { heard: shortened(heard), unheard: shortened(unheard) };
}

/** @param {string} text */
function shortened(text) {
  if (text.length <= MOST_CHARS) return text;
  return `${text.slice(0, MOST_CHARS)}… (${text.length - MOST_CHARS} more characters, which a download of the transcript has)`;
}

/** @param {Turn} turn @param {Words} words @returns {{heard: string, unheard: string}} */
function wholeTextOf(turn, words) {
  if (turn.call !== null)
    return {
      heard: `${turn.call.name}(${turn.call.input})`,
      unheard: turn.call.output === null ? '' : ` → ${turn.call.output}`,
    };
  const wordless = turn.role === 'user' && turn.spoken && turn.final && turn.text === '';
  return wordless ? { heard: '', unheard: words.wordless } : splitHeard(turn);
}

/** @param {HTMLElement} root @param {string[]} images @param {Words} words */
function showImages(root, images, words) {
  if (root.children.length === images.length) return;
  root.hidden = false;
  root.replaceChildren(...images.map((image) => make('img', { src: image, alt: words.image })));
}

/** @param {HTMLElement} element @param {Words} words */
function markCut(element, words) {
  if (element.dataset.cut !== undefined) return;
  element.dataset.cut = '';
  part(element, 'turn-heard').after(make('span', { class: 'turn-mark' }, words.interrupted));
}

/** @param {HTMLElement} element @param {string} name */
function part(element, name) {
  return /** @type {HTMLElement} */ (element.querySelector(`.${name}`));
}
