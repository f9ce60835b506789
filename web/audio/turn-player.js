/** Plays some samples once: a turn that somebody wants to hear again, a tone to try the speaker with. */
import { SAMPLE_RATE, pcm16ToFloat } from './pcm.js';

/** One sound at a time. Event: `change`, when it begins and when it is over. */
export class TurnPlayer extends EventTarget {
  /** What is playing, by the name that it was given; '' for nothing. */
  name = '';
  /** 0 to 1. */
  volume = 1;
  /** @type {AudioContext | null} */
  #context = null;

  /** @param {string} name @param {Int16Array} samples 24 kHz @param {string} [deviceId] '' is the system's choice */
  async play(name, samples, deviceId = '') {
    this.stop();
    if (samples.length === 0) return;
    const context = new AudioContext();
    this.#context = context;
    this.#enter(name);
    await context.setSinkId?.(deviceId).catch(() => {}); // it went away: the system's choice will do
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: SAMPLE_RATE });
    pcm16ToFloat(samples, buffer.getChannelData(0));
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(new GainNode(context, { gain: this.volume ** 2 })).connect(context.destination);
    source.addEventListener('ended', () => {
      if (this.#context === context) this.stop();
    });
    if (this.#context === context) source.start();
  }

  stop() {
    this.#context?.close().catch(() => {}); // closed already
    this.#context = null;
    if (this.name !== '') this.#enter('');
  }

  /** @param {string} name */
  #enter(name) {
    this.name = name;
    this.dispatchEvent(new Event('change'));
  }
}
