/** Opens the microphone and the speaker of a session, and says in words why one of them does not open. */
import { explainMicrophone, explainSpeaker } from '../protocol/endings.js';

/** @typedef {import('./connector.js').Problem} Problem */
/** @typedef {import('../audio/microphone.js').MicrophoneUnavailable} MicrophoneUnavailable */

/**
 * Where something fails to load, the connection is waited for first: sound that does not load may only show that the
 * relay is away.
 *
 * Events: `change`.
 */
export class SoundDevices extends EventTarget {
  #feed;
  #microphone;
  #speaker;
  #awaitsMicrophone = false;

  /**
   * @param {import('./microphone-feed.js').MicrophoneFeed} feed
   * @param {import('../audio/microphone.js').Microphone} microphone
   * @param {import('../audio/speaker.js').Speaker} speaker
   */
  constructor(feed, microphone, speaker) {
    super();
    this.#feed = feed;
    this.#microphone = microphone;
    this.#speaker = speaker;
  }

  /** Whether the browser is asking the visitor for the microphone, or opening it. */
  get awaitsMicrophone() {
    return this.#awaitsMicrophone;
  }

  /**
   * @param {string} [deviceId] '' is the system's choice
   * @param {Promise<unknown>} [connecting]
   * @returns {Promise<Problem | null>}
   */
  async openMicrophone(deviceId, connecting) {
    this.#await(!this.#microphone.open);
    try {
      await this.#feed.open(deviceId);
      return null;
    } catch (error) {
      const unavailable = /** @type {MicrophoneUnavailable} */ (error);
      if (unavailable.reason === 'AudioError') await connecting;
      return explainMicrophone(unavailable);
    } finally {
      this.#await(false);
    }
  }

  /** @param {Promise<unknown>} connecting @returns {Promise<Problem | null>} */
  async openSpeaker(connecting) {
    try {
      await this.#speaker.start();
      return null;
    } catch (error) {
      await connecting;
      return explainSpeaker(String(error));
    }
  }

  /** The microphone is closed, and no longer waited for. */
  closeMicrophone() {
    this.#awaitsMicrophone = false;
    this.#feed.close();
  }

  /** @param {boolean} awaits */
  #await(awaits) {
    this.#awaitsMicrophone = awaits;
    this.dispatchEvent(new Event('change'));
  }
}
