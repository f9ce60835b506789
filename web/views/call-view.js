/** The call's controls: start, mute, push-to-talk and interrupt, with waveform, state and clock. */
import { setAttribute, setText } from './page.js';
import { clockWords, costWords, stateWords } from './state-words.js';
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
 * @property {HTMLElement} cost
 * @property {HTMLButtonElement} mute
 * @property {Element} muteIcon
 * @property {HTMLElement} muteLabel
 * @property {HTMLButtonElement} talk
 * @property {HTMLButtonElement} interrupt
 * @property {HTMLButtonElement} pushToTalk
 * @property {HTMLButtonElement} anew
 */

/** The call: one large button between two waves, what goes on in words, and the buttons below. */
export class CallView {
  #voice;
  #elements;
  #waveform;
  #language;

  /** @param {VoiceSession} voice @param {CallElements} elements @param {import('./page-language.js').PageLanguage} language */
  constructor(voice, elements, language) {
    this.#language = language;
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
    const { phase, active, muted, pushToTalk, held, continues } = this.#voice;
    const {
      root,
      start,
      startLabel,
      startIcon,
      state,
      cost,
      mute,
      muteIcon,
      muteLabel,
      talk,
      interrupt,
      pushToTalk: toggle,
      anew,
    } = this.#elements;
    const { say } = this.#language;
    this.#waveform.wake();
    root.dataset.state = phase;
    setText(state, stateWords(this.#voice, this.#language.words));
    const { costUsd } = this.#voice.news;
    setText(cost, costUsd === null ? '' : costWords(costUsd));
    setText(startLabel, say(active ? 'Stop' : continues ? 'Continue' : 'Start'));
    anew.hidden = active || !continues;
    start.classList.toggle('active', active);
    setAttribute(startIcon, 'href', active ? '#icon-stop' : '#icon-mic');
    setAttribute(mute, 'aria-pressed', String(muted));
    setText(muteLabel, say(this.#typingOnly ? 'Use the microphone' : 'Mute'));
    mute.hidden = pushToTalk && !this.#typingOnly;
    setAttribute(muteIcon, 'href', muted ? '#icon-mic-off' : '#icon-mic');
    talk.hidden = !pushToTalk || this.#typingOnly;
    talk.disabled = this.#voice.client === null;
    setAttribute(talk, 'aria-pressed', String(held));
    setAttribute(toggle, 'aria-pressed', String(pushToTalk));
    interrupt.disabled = !this.#voice.interruptible;
    interrupt.hidden = !anew.hidden;
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
    const { start, clock } = this.#elements;
    setLevel(start, '--level', phase === 'speaking' ? model : user);
    setText(clock, startedAt === 0 ? '' : clockWords(now - startedAt));
  }
}

/** Written only where it differs, and nowhere above: all that is within inherits it. @param {HTMLElement} root @param {string} name @param {number} level */
function setLevel(root, name, level) {
  const written = level.toFixed(2);
  if (root.style.getPropertyValue(name) !== written) root.style.setProperty(name, written);
}
