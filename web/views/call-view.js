/** The call's controls: start, mute, push-to-talk and interrupt, with waveform, state and clock. */
import { setText } from './page.js';
import { clockWords, stateWords } from './state-words.js';
import { WaveformView } from './waveform-view.js';

/** @typedef {import('../session/voice-session.js').VoiceSession} VoiceSession */

/**
 * @typedef {object} CallElements
 * @property {HTMLElement} root carries `data-state`
 * @property {HTMLCanvasElement} waveform
 * @property {HTMLButtonElement} start
 * @property {HTMLElement} startLabel
 * @property {Element} startIcon
 * @property {HTMLElement} state
 * @property {HTMLElement} clock
 * @property {HTMLButtonElement} mute
 * @property {Element} muteIcon
 * @property {HTMLElement} muteLabel
 * @property {HTMLButtonElement} talk
 * @property {HTMLButtonElement} interrupt
 * @property {HTMLButtonElement} pushToTalk
 */

/** The call: one large button between two waves, what goes on in words, and the buttons below. */
export class CallView {
  #voice;
  #elements;
  #waveform;

  /** @param {VoiceSession} voice @param {CallElements} elements */
  constructor(voice, elements) {
    this.#voice = voice;
    this.#elements = elements;
    this.#waveform = new WaveformView(elements.waveform, voice, (levels, now) => this.#animate(levels, now));
    elements.mute.addEventListener('click', () => {
      if (this.#typingOnly) void voice.chooseMicrophone();
      else voice.muted = !voice.muted;
    });
    elements.interrupt.addEventListener('click', () => void voice.interrupt());
    this.#listenToTalk();
  }

  /** Shows what has changed. */
  render() {
    const { phase, active, muted, pushToTalk, held } = this.#voice;
    const {
      root,
      start,
      startLabel,
      startIcon,
      state,
      mute,
      muteIcon,
      muteLabel,
      talk,
      interrupt,
      pushToTalk: toggle,
    } = this.#elements;
    this.#waveform.wake();
    root.dataset.state = phase;
    setText(state, stateWords(this.#voice));
    setText(startLabel, active ? 'Stop' : 'Start');
    start.classList.toggle('active', active);
    startIcon.setAttribute('href', active ? '#icon-stop' : '#icon-mic');
    mute.setAttribute('aria-pressed', String(muted));
    setText(muteLabel, this.#typingOnly ? 'Use the microphone' : 'Mute');
    mute.hidden = pushToTalk && !this.#typingOnly;
    muteIcon.setAttribute('href', muted ? '#icon-mic-off' : '#icon-mic');
    talk.hidden = !pushToTalk || this.#typingOnly;
    talk.disabled = this.#voice.client === null;
    talk.setAttribute('aria-pressed', String(held));
    toggle.setAttribute('aria-pressed', String(pushToTalk));
    interrupt.disabled = phase !== 'speaking' && phase !== 'thinking';
  }

  /** Whether there is a session that has no microphone. */
  get #typingOnly() {
    return this.#voice.active && !this.#voice.microphone.open && !this.#voice.awaitsMicrophone;
  }

  /** The button is held by pointer or by its own keys; what leaves the page lets go of it. */
  #listenToTalk() {
    const { talk } = this.#elements;
    talk.addEventListener('pointerdown', (event) => {
      talk.setPointerCapture(event.pointerId);
      this.#voice.press();
    });
    for (const type of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur']) {
      talk.addEventListener(type, () => this.#letGo());
    }
    talk.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.repeat) this.#voice.press();
    });
    talk.addEventListener('keyup', (event) => {
      if (event.key === 'Enter') this.#letGo();
    });
    talk.addEventListener('contextmenu', (event) => event.preventDefault()); // a long touch opens it
  }

  #letGo() {
    if (this.#voice.held) this.#voice.release();
  }

  /** @param {import('./waveform-view.js').Levels} levels @param {number} now */
  #animate({ user, model }, now) {
    const { startedAt, phase } = this.#voice;
    const { root, clock } = this.#elements;
    root.style.setProperty('--user-level', user.toFixed(2));
    root.style.setProperty('--model-level', model.toFixed(2));
    root.style.setProperty('--level', (phase === 'speaking' ? model : user).toFixed(2));
    setText(clock, startedAt === 0 ? '' : clockWords(now - startedAt));
  }
}
