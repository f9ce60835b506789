import { setText } from './page.js';
import { WaveformView, loudness } from './waveform-view.js';

/** @typedef {import('../voice-session.js').VoiceSession} VoiceSession */

/** @type {Record<import('../phase.js').Phase, string>} */
const STATE_WORDS = {
  idle: 'Ready',
  connecting: 'Connecting… you can already speak',
  listening: 'Listening',
  'user-speaking': 'You are speaking',
  thinking: 'Thinking…',
  speaking: 'Speaking',
  muted: 'Muted',
  reconnecting: 'Connection lost, reconnecting…',
  error: 'Not connected',
};

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
  #samples = new Float32Array(1024);

  /** @param {VoiceSession} voice @param {CallElements} elements */
  constructor(voice, elements) {
    this.#voice = voice;
    this.#elements = elements;
    this.#waveform = new WaveformView(elements.waveform);
    elements.mute.addEventListener('click', () => {
      if (this.#typingOnly) void voice.chooseMicrophone();
      else voice.muted = !voice.muted;
    });
    elements.interrupt.addEventListener('click', () => void voice.interrupt());
    this.#listenToTalk();
    requestAnimationFrame((now) => this.#animate(now));
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
    root.dataset.state = phase;
    setText(state, this.#stateWords());
    setText(startLabel, active ? 'Stop' : 'Start');
    start.classList.toggle('active', active);
    startIcon.setAttribute('href', active ? '#icon-stop' : '#icon-mic');
    mute.setAttribute('aria-pressed', String(muted));
    setText(muteLabel, this.#typingOnly ? 'Use the microphone' : 'Mute');
    mute.hidden = pushToTalk && !this.#typingOnly;
    muteIcon.setAttribute('href', muted ? '#icon-mic-off' : '#icon-mic');
    talk.hidden = !pushToTalk || this.#typingOnly;
    talk.disabled = !active;
    talk.setAttribute('aria-pressed', String(held));
    toggle.setAttribute('aria-pressed', String(pushToTalk));
    interrupt.disabled = phase !== 'speaking' && phase !== 'thinking';
  }

  /** Whether there is a session that has no microphone. */
  get #typingOnly() {
    return this.#voice.active && !this.#voice.microphone.open && !this.#voice.awaitsMicrophone;
  }

  #stateWords() {
    const { phase, awaitsMicrophone, pushToTalk, microphone, attempt } = this.#voice;
    if (phase === 'connecting' && awaitsMicrophone) return 'Waiting for the microphone…';
    if (phase === 'connecting' && !microphone.open) return 'Connecting…';
    if (phase === 'listening' && pushToTalk) return 'Hold the button or the space bar to talk';
    if (phase === 'muted' && !microphone.open) return 'In writing';
    if (phase === 'reconnecting' && attempt > 1) return `Connection lost, reconnecting… (attempt ${attempt})`;
    return STATE_WORDS[phase];
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

  /** @param {number} now */
  #animate(now) {
    const { microphone, speaker, muted, startedAt, phase, pushToTalk, held } = this.#voice;
    const user = muted || (pushToTalk && !held) ? 0 : microphone.level;
    const model = speaker.busy ? this.#levelOf(speaker.analyser) : 0;
    const { root, clock } = this.#elements;
    this.#waveform.update(now, user, model);
    root.style.setProperty('--user-level', loudness(user).toFixed(2));
    root.style.setProperty('--model-level', loudness(model).toFixed(2));
    root.style.setProperty('--level', loudness(phase === 'speaking' ? model : user).toFixed(2));
    setText(clock, startedAt === 0 ? '' : clockWords(now - startedAt));
    requestAnimationFrame((next) => this.#animate(next));
  }

  /** @param {AnalyserNode | null} analyser */
  #levelOf(analyser) {
    if (analyser === null) return 0;
    analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.sqrt(sum / this.#samples.length);
  }
}

/** @param {number} ms */
function clockWords(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
