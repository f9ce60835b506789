/**
 * `<realtime-voice relay="wss://relay.example/v1/realtime" profile="support">`: a spoken conversation as one
 * element, for any page whose origin the relay allows.
 */
import { ownRelay } from './session/own-relay.js';
import { VoiceSession } from './session/voice-session.js';
import { makeElementStyle } from './views/element-style.js';
import { make, setText } from './views/page.js';
import { clockWords, stateWords } from './views/state-words.js';
import { TranscriptView } from './views/transcript-view.js';
import { WaveformView } from './views/waveform-view.js';

/**
 * Attributes: `relay` (an address; without it the relay that served this file), `profile`, `model`, and
 * `transcript="off"`. All are read when a session starts.
 *
 * Events: `statechange` (detail: the phase, also in `data-state`), `realtimeevent` (detail: each event from
 * the relay) and `problem` (detail `{title, advice, detail}`). They do not bubble. Parts for `::part()`:
 * `button`, `state`, `clock`, `waveform`, `transcript`, `problem`. Custom properties: see views/element-style.js.
 */
export class RealtimeVoice extends HTMLElement {
  /**
   * A token or ticket, or what gives one, for a relay that asks for it. Read when a session starts.
   *
   * @type {import('./session/connector.js').Ticket}
   */
  ticket = '';
  /** The session, for whatever this element does not offer. */
  voice = new VoiceSession();
  #button = make('button', { type: 'button', part: 'button' }, 'Start');
  #state = make('span', { part: 'state', role: 'status' });
  #clock = make('span', { part: 'clock', 'aria-hidden': 'true' });
  #canvas = make('canvas', { part: 'waveform', 'aria-hidden': 'true' });
  #problem = make('p', { part: 'problem', role: 'alert', hidden: true });
  #log = make('div', {
    class: 'log',
    role: 'log',
    'aria-label': 'Transcript',
    tabindex: '0',
    part: 'transcript',
  });
  #waveform = new WaveformView(this.#canvas, this.voice, (_levels, now) => this.#tick(now));
  #transcript = new TranscriptView(this.#log, this.#log);
  #scheduled = false;
  #phase = '';

  constructor() {
    super();
    const line = make('p', { class: 'line' }, this.#state, this.#clock);
    const waves = make('div', { class: 'waves' }, this.#canvas, this.#button);
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [makeElementStyle()];
    root.append(this.#log, this.#problem, waves, line);
    this.#button.addEventListener('click', () => (this.voice.active ? this.stop() : void this.start()));
    this.voice.addEventListener('change', () => this.#schedule());
    this.voice.addEventListener('received', (event) => this.#tell('realtimeevent', detailOf(event)));
    this.voice.addEventListener('ended', (event) => this.#tell('problem', detailOf(event)));
  }

  connectedCallback() {
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

  /** Starts a session; call it within a gesture. @returns {Promise<boolean>} whether it is open */
  start() {
    return this.voice.start({
      url: this.getAttribute('relay') ?? ownRelay(),
      profile: this.getAttribute('profile') ?? '',
      model: this.getAttribute('model') ?? '',
      ticket: this.ticket,
    });
  }

  stop() {
    this.voice.stop();
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#render());
  }

  #render() {
    this.#scheduled = false;
    const { phase, active, problem, conversation } = this.voice;
    this.#waveform.wake();
    this.dataset.state = phase;
    setText(this.#button, active ? 'Stop' : 'Start');
    setText(this.#state, stateWords(this.voice));
    this.#problem.hidden = problem === null;
    setText(this.#problem, problem === null ? '' : `${problem.title} ${problem.advice}`);
    this.#log.hidden = this.getAttribute('transcript') === 'off' || conversation.turns.length === 0;
    if (!this.#log.hidden) this.#transcript.render(conversation.turns);
    if (phase !== this.#phase) this.#tell('statechange', phase);
    this.#phase = phase;
  }

  /** @param {number} now */
  #tick(now) {
    const { startedAt } = this.voice;
    setText(this.#clock, startedAt === 0 ? '' : clockWords(now - startedAt));
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {Event} event */
function detailOf(event) {
  return /** @type {CustomEvent} */ (event).detail;
}

if (!customElements.get('realtime-voice')) customElements.define('realtime-voice', RealtimeVoice);
