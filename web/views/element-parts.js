/** What `<realtime-voice>` is made of: its elements, and the words on them. */
import { make, setAttribute, setText } from './page.js';

/** @typedef {import('./words.js').Words} Words */

const CONTROLS = ['start', 'mute', 'interrupt', 'volume', 'text'];

/** The elements of one `<realtime-voice>`, in the order in which they stand. */
export class ElementParts {
  launcher = make('button', { type: 'button', part: 'launcher', class: 'launcher', 'aria-expanded': 'false' });
  close = make('button', { type: 'button', part: 'close', class: 'close' }, '✕');
  log = make('div', { class: 'log', role: 'log', tabindex: '0', part: 'transcript' });
  problem = make('p', { part: 'problem', role: 'alert', hidden: true });
  canvas = make('canvas', { part: 'waveform', 'aria-hidden': 'true' });
  start = make('button', { type: 'button', part: 'button', class: 'start' });
  reconnect = make('button', { type: 'button', part: 'reconnect', hidden: true });
  anew = make('button', { type: 'button', part: 'anew', hidden: true });
  state = make('span', { part: 'state', role: 'status' });
  clock = make('span', { part: 'clock', 'aria-hidden': 'true' });
  mute = make('button', { type: 'button', part: 'mute', 'aria-pressed': 'false' });
  interrupt = make('button', { type: 'button', part: 'interrupt' });
  volume = make('input', { type: 'range', min: '0', max: '100', value: '100', part: 'volume' });
  message = make('input', { type: 'text', part: 'message', enterkeyhint: 'send', dir: 'auto', autocomplete: 'off' });
  send = make('button', { type: 'submit', part: 'send' });
  form = make('form', { class: 'write' }, this.message, this.send);
  accepted = make('input', { type: 'checkbox' });
  terms = make('a', { target: '_blank', rel: 'noopener' });
  #acceptWords = make('span');
  consent = make('label', { class: 'consent', part: 'terms', hidden: true }, this.accepted, this.#acceptWords);
  #launcherSlot = make('slot', { name: 'launcher' });
  #waves = make('div', { class: 'waves' }, this.canvas, this.start);
  #controls = make('div', { class: 'controls' }, this.mute, this.interrupt, this.volume);
  panel = make(
    'section',
    { class: 'panel', part: 'panel' },
    make('header', { class: 'head' }, make('slot', { name: 'avatar' }), make('slot', { name: 'title' }), this.close),
    this.log,
    this.problem,
    this.#waves,
    make('p', { class: 'line' }, this.state, this.clock),
    make('div', { class: 'controls' }, this.reconnect, this.anew),
    this.#controls,
    this.form,
    this.consent,
  );

  constructor() {
    this.launcher.append(this.#launcherSlot);
    this.consent.append(' ', make('slot', { name: 'terms' }, this.terms));
  }

  /** @param {Words} words @param {'ltr' | 'rtl'} direction @param {string} language */
  label(words, direction, language) {
    for (const root of [this.panel, this.launcher]) {
      setAttribute(root, 'dir', direction);
      setAttribute(root, 'lang', language);
    }
    setText(this.#launcherSlot, words.open);
    setAttribute(this.panel, 'aria-label', words.open);
    setAttribute(this.close, 'aria-label', words.close);
    setAttribute(this.log, 'aria-label', words.transcript);
    setAttribute(this.volume, 'aria-label', words.volume);
    setAttribute(this.message, 'placeholder', words.message);
    setAttribute(this.message, 'aria-label', words.message);
    setText(this.interrupt, words.interrupt);
    setText(this.reconnect, words.reconnect);
    setText(this.anew, words.anew);
    setText(this.send, words.send);
    setText(this.#acceptWords, words.accept);
    setText(this.terms, words.terms);
  }

  /** @param {string} controls which there are, such as `start mute`; what is not known is passed over */
  offer(controls) {
    const offered = new Set(controls.split(/\s+/).filter((name) => CONTROLS.includes(name)));
    this.#waves.hidden = !offered.has('start');
    this.mute.hidden = !offered.has('mute');
    this.interrupt.hidden = !offered.has('interrupt');
    this.volume.hidden = !offered.has('volume');
    this.form.hidden = !offered.has('text');
    this.#controls.hidden = this.mute.hidden && this.interrupt.hidden && this.volume.hidden;
  }
}
