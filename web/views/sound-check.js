/** Trying the devices before a call: the microphone's loudness, a tone, and what the browser does to speech. */
import { Microphone } from '../audio/microphone.js';
import { SAMPLE_RATE } from '../audio/pcm.js';
import { loudness } from './waveform-view.js';

const TONE_S = 1;
const TONE_HZ = 440;
const FADE_FRAMES = 1200;

/**
 * @typedef {object} SoundElements
 * @property {HTMLMeterElement} meter
 * @property {HTMLButtonElement} listen
 * @property {HTMLButtonElement} tone
 * @property {HTMLInputElement[]} processing named as the constraints are
 */

export class SoundCheck extends EventTarget {
  #voice;
  #player;
  #preferences;
  #elements;
  /** @type {Microphone | null} of our own, while there is no call */
  #microphone = null;

  /**
   * @param {import('../session/voice-session.js').VoiceSession} voice
   * @param {import('../audio/turn-player.js').TurnPlayer} player
   * @param {import('../session/preferences.js').Preferences} preferences
   * @param {SoundElements} elements
   */
  constructor(voice, player, preferences, elements) {
    super();
    this.#voice = voice;
    this.#player = player;
    this.#preferences = preferences;
    this.#elements = elements;
    elements.tone.addEventListener('click', () => void player.play('tone', makeTone(), preferences.choices.speakerId));
    elements.listen.addEventListener('click', () => void this.#toggle());
    for (const box of elements.processing) {
      box.checked = preferences.choices[nameOf(box)];
      box.addEventListener('change', () => void this.#process(box));
    }
    this.#apply(voice.microphone);
    voice.microphone.addEventListener('chunk', () => this.#show(voice.microphone));
  }

  render() {
    const { listen, meter } = this.#elements;
    if (this.#voice.active) this.#close();
    listen.disabled = this.#voice.active;
    listen.setAttribute('aria-pressed', String(this.#microphone !== null));
    if (this.#microphone === null && !this.#voice.microphone.open) meter.value = 0;
    this.#player.volume = this.#voice.speaker.volume;
  }

  async #toggle() {
    if (this.#microphone !== null) this.#close();
    else await this.#open();
    this.render();
  }

  async #open() {
    const microphone = new Microphone();
    this.#microphone = microphone;
    this.#apply(microphone);
    microphone.addEventListener('chunk', () => this.#show(microphone));
    try {
      await microphone.start(this.#preferences.choices.microphoneId);
      if (this.#microphone !== microphone) microphone.close(); // put away while the browser asked
    } catch (error) {
      this.#close();
      this.dispatchEvent(new CustomEvent('failed', { detail: error }));
    }
  }

  #close() {
    this.#microphone?.close();
    this.#microphone = null;
  }

  /** @param {HTMLInputElement} box */
  async #process(box) {
    this.#preferences.change({ [nameOf(box)]: box.checked });
    this.#apply(this.#voice.microphone);
    const { active, microphone } = this.#voice;
    if (active && microphone.open) await this.#voice.chooseMicrophone(microphone.deviceId);
    if (this.#microphone === null) return;
    this.#close();
    await this.#open();
  }

  /** @param {Microphone} microphone */
  #apply(microphone) {
    const { noiseSuppression, autoGainControl, echoCancellation } = this.#preferences.choices;
    microphone.processing = { noiseSuppression, autoGainControl, echoCancellation };
  }

  /** @param {Microphone} microphone */
  #show(microphone) {
    this.#elements.meter.value = loudness(microphone.level);
  }
}

/** @param {HTMLInputElement} box */
function nameOf(box) {
  return /** @type {'noiseSuppression' | 'autoGainControl' | 'echoCancellation'} */ (box.name);
}

/** A second of a quiet tone that begins and ends softly. */
function makeTone() {
  const frames = TONE_S * SAMPLE_RATE;
  return Int16Array.from({ length: frames }, (_, index) => {
    const fade = Math.min(1, index / FADE_FRAMES, (frames - index) / FADE_FRAMES);
    return 8000 * fade * Math.sin((2 * Math.PI * TONE_HZ * index) / SAMPLE_RATE);
  });
}
