/**
 * `<realtime-voice relay="wss://relay.example/v1/realtime" profile="support">`: a spoken conversation as one
 * element, for any page whose origin the relay allows.
 */
import { ownRelay } from './session/own-relay.js';
import { VoiceSession } from './session/voice-session.js';
import { ElementParts } from './views/element-parts.js';
import { makeElementStyle } from './views/element-style.js';
import { directionOf, languageOf, wordsIn } from './views/languages.js';
import { PageLanguage } from './views/page-language.js';
import { setAttribute, setText } from './views/page.js';
import { clockWords, stateWords } from './views/state-words.js';
import { TranscriptView } from './views/transcript-view.js';
import { WaveformView } from './views/waveform-view.js';

/** @typedef {{itemId: string, helpful: boolean, text: string}} Opinion */

/**
 * Attributes: `relay` (an address; without it the relay that served this file), `profile`, `model`, `transcript="off"`,
 * `controls` (of `start mute interrupt volume text`; `start` where it is not said), `modality="text"` (no voice),
 * `placement` (a corner, such as `bottom-right`: a button there opens it), `open`, `terms` (an address; they have to be
 * accepted first), `transport` (`webrtc` or `automatic`: a call, or one where it gets through), `feedback` (answers can be judged), `lang`, and `label-KEY` for each key of views/words.js.
 *
 * Events: `statechange` (detail: the phase, also in `data-state`), `realtimeevent` (detail: each event from
 * the relay), `problem` (detail `{title, advice, detail}`) and `feedback` (detail `Opinion`). They do not bubble.
 * Slots: `avatar`, `title`, `launcher`, `terms`. Parts for `::part()`: `button`, `state`, `clock`, `waveform`,
 * `transcript`, `problem`, `reconnect`, `anew`, `panel`, `launcher`, `close`, `mute`, `interrupt`, `volume`, `message`, `send`, `terms`.
 * Custom properties: see views/element-style.js.
 */
export class RealtimeVoice extends HTMLElement {
  static observedAttributes = ['controls', 'feedback', 'lang', 'modality', 'open', 'placement', 'terms', 'transcript'];

  /**
   * A token or ticket, or what gives one, for a relay that asks for it. Read when a session starts.
   *
   * @type {import('./session/connector.js').Ticket}
   */
  ticket = '';
  /** The session, for whatever this element does not offer. */
  voice = new VoiceSession();
  #parts = new ElementParts();
  /** In which it says what went wrong. */
  #language = new PageLanguage();
  #waveform = new WaveformView(this.#parts.canvas, this.voice, (_levels, now) => this.#tick(now));
  /** @type {TranscriptView | null} */
  #transcript = null;
  #scheduled = false;
  #phase = '';

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [makeElementStyle()];
    root.append(this.#parts.panel, this.#parts.launcher);
    this.#listen();
    this.voice.addEventListener('change', () => this.#schedule());
    this.voice.addEventListener('received', (event) => this.#receive(detailOf(event)));
    this.voice.addEventListener('unsent', (event) => this.#giveBack(detailOf(event).text));
    this.voice.addEventListener('ended', (event) => this.#tell('problem', detailOf(event)));
  }

  connectedCallback() {
    this.#schedule();
  }

  attributeChangedCallback() {
    this.#schedule();
  }

  /** An element that leaves the page hangs up; one that is only moved in it is back before the next task. */
  disconnectedCallback() {
    setTimeout(() => {
      if (!this.isConnected) this.stop();
    });
  }

  /** Where the browser can move an element without taking it out, nothing is to be done. */
  connectedMoveCallback() {}

  /** What goes on. */
  get phase() {
    return this.voice.phase;
  }

  get muted() {
    return this.voice.muted;
  }

  set muted(muted) {
    this.voice.muted = muted;
  }

  /** Whether it is unfolded, where it has a placement. */
  get open() {
    return this.hasAttribute('open');
  }

  set open(open) {
    this.toggleAttribute('open', open);
  }

  /** Whether there is nothing to accept, or it was accepted. */
  get accepted() {
    return !this.hasAttribute('terms') || this.#parts.accepted.checked;
  }

  /** Starts a session; call it within a gesture. @returns {Promise<boolean>} whether it is open */
  start(microphone = true) {
    if (!this.accepted) return Promise.resolve(false);
    return this.voice.start({
      url: this.getAttribute('relay') ?? ownRelay(),
      profile: this.getAttribute('profile') ?? '',
      model: this.getAttribute('model') ?? '',
      ticket: this.ticket,
      transport: transportOf(this.getAttribute('transport')),
      microphone: microphone && !this.#inWriting,
    });
  }

  stop() {
    this.voice.stop();
  }

  get #inWriting() {
    return this.getAttribute('modality') === 'text';
  }

  #listen() {
    const { launcher, close, start, anew, reconnect, mute, interrupt, volume, form, accepted, panel } = this.#parts;
    launcher.addEventListener('click', () => this.#unfold(true));
    close.addEventListener('click', () => this.#unfold(false));
    panel.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape' && this.hasAttribute('placement')) this.#unfold(false);
    });
    start.addEventListener('click', () => (this.voice.active ? this.stop() : void this.start()));
    anew.addEventListener('click', () => {
      this.voice.clear();
      void this.start();
    });
    reconnect.addEventListener('click', () => this.voice.reconnectNow());
    mute.addEventListener('click', () => (this.muted = !this.muted));
    interrupt.addEventListener('click', () => void this.voice.interrupt());
    volume.addEventListener('input', () => (this.voice.speaker.volume = volume.valueAsNumber / 100));
    accepted.addEventListener('change', () => this.#schedule());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#write();
    });
  }

  /** @param {boolean} open */
  #unfold(open) {
    this.open = open;
    this.#render();
    const { launcher, start, message, form } = this.#parts;
    if (!open) launcher.focus();
    else if (form.hidden) start.focus();
    else message.focus();
  }

  /** What was typed stays until there is, or may be, a session to take it; what none took is given back. */
  #write() {
    const { message } = this.#parts;
    const text = message.value.trim();
    if (text === '') return;
    if (!this.voice.active) void this.start(false);
    if (!this.voice.active) return;
    message.value = '';
    void this.voice.say(text);
  }

  /** @param {string} text */
  #giveBack(text) {
    const { message } = this.#parts;
    message.value = `${text} ${message.value}`.trim();
  }

  /** @param {import('./protocol/codecs.js').RealtimeEvent} event */
  #receive(event) {
    if (event.type === 'session.created' && this.#inWriting)
      this.voice.client?.updateSession({ output_modalities: ['text'] });
    this.#tell('realtimeevent', event);
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#render();
    });
  }

  #render() {
    const { phase, conversation } = this.voice;
    const lost = phase === 'reconnecting' && this.voice.attempt > 1;
    const problem = lost ? this.voice.lossReason : this.voice.problem;
    const { problem: problemLine, log } = this.#parts;
    const { say } = this.#language;
    this.#waveform.wake();
    this.dataset.state = phase;
    const words = this.#renderWords();
    this.#renderControls(words);
    this.#parts.reconnect.hidden = !lost;
    problemLine.hidden = problem === null;
    setText(problemLine, problem === null ? '' : `${say(problem.title)} ${lost ? '' : say(problem.advice)}`);
    log.hidden = this.getAttribute('transcript') === 'off' || conversation.turns.length === 0;
    if (!log.hidden) this.#renderTurns(words);
    if (phase !== this.#phase) this.#tell('statechange', phase);
    this.#phase = phase;
  }

  #renderWords() {
    const closest = /** @type {HTMLElement | null} */ (this.closest('[lang]'));
    const language = languageOf(closest?.lang ?? '');
    void this.#language.choose(language).then((isNew) => isNew && this.#schedule());
    const words = wordsIn(language, (key) => this.getAttribute(`label-${key}`));
    this.#parts.label(words, directionOf(language), language);
    return words;
  }

  /** @param {import('./views/words.js').Words} words */
  #renderControls(words) {
    const { active, muted, microphone, continues } = this.voice;
    const { start, anew, state, mute, interrupt, launcher, close, consent, terms, panel } = this.#parts;
    const floats = this.hasAttribute('placement');
    this.#parts.offer(this.getAttribute('controls') ?? 'start');
    launcher.hidden = !floats || this.open;
    close.hidden = !floats;
    panel.hidden = floats && !this.open;
    setAttribute(launcher, 'aria-expanded', String(this.open));
    setText(start, active ? words.stop : continues ? words.continue : words.start);
    anew.hidden = active || !continues;
    start.disabled = !active && !this.accepted;
    setText(state, stateWords(this.voice, words));
    setText(mute, muted ? words.unmute : words.mute);
    setAttribute(mute, 'aria-pressed', String(muted));
    mute.disabled = active && !microphone.open;
    interrupt.disabled = !this.voice.interruptible;
    consent.hidden = !this.hasAttribute('terms') || active;
    setAttribute(terms, 'href', this.getAttribute('terms') ?? '');
  }

  /** @param {import('./views/words.js').Words} words */
  #renderTurns(words) {
    const { log } = this.#parts;
    const judge = (/** @type {string} */ itemId, /** @type {boolean} */ helpful) => this.#judge(itemId, helpful);
    this.#transcript ??= new TranscriptView(log, log, {
      ...(this.hasAttribute('feedback') && { judge }),
      say: (english) => this.#language.say(english),
    });
    this.#transcript.words = words;
    this.#transcript.render(this.voice.conversation.turns);
  }

  /** @param {string} itemId @param {boolean} helpful */
  #judge(itemId, helpful) {
    const text = this.voice.conversation.turns.find(({ id }) => id === itemId)?.text ?? '';
    this.#tell('feedback', { itemId, helpful, text });
  }

  /** @param {number} now */
  #tick(now) {
    const { startedAt } = this.voice;
    setText(this.#parts.clock, startedAt === 0 ? '' : clockWords(now - startedAt));
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {string | null} wanted @returns {import('./session/connector.js').Wanted} */
function transportOf(wanted) {
  return wanted === 'webrtc' || wanted === 'automatic' ? wanted : 'websocket';
}

/** @param {Event} event */
function detailOf(event) {
  return /** @type {CustomEvent} */ (event).detail;
}

if (!customElements.get('realtime-voice')) customElements.define('realtime-voice', RealtimeVoice);
