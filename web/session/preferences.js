/**
 * The visitor's choices (language, relay, devices, volume, push-to-talk), kept in `localStorage`. Where storage is
 * refused, choices last as long as the page.
 */

const KEY = 'realtime-relay';

const DEFAULTS = {
  language: '', // the browser's
  relayUrl: '',
  profile: '',
  model: '',
  kind: 'conversation',
  transport: 'websocket',
  microphoneId: '',
  speakerId: '',
  volume: 1,
  pushToTalk: false,
  chimes: true,
  turnSounds: false,
  noiseSuppression: true,
  autoGainControl: true,
  echoCancellation: true,
};

/** @typedef {typeof DEFAULTS} Choices */

export class Preferences {
  /** @type {Choices} */
  #choices;
  #storage;

  /** @param {() => Pick<Storage, 'getItem' | 'setItem'>} [getStorage] */
  constructor(getStorage = () => window.localStorage) {
    this.#storage = getStorage;
    this.#choices = { ...DEFAULTS, ...this.#load() };
  }

  /** @returns {Readonly<Choices>} */
  get choices() {
    return this.#choices;
  }

  /** @param {Partial<Choices>} changes */
  change(changes) {
    this.#choices = { ...this.#choices, ...changes };
    try {
      this.#storage().setItem(KEY, JSON.stringify(this.#choices));
    } catch {
      return; // private mode, or full: the choices stay in memory
    }
  }

  /** @returns {Partial<Choices>} */
  #load() {
    try {
      const stored = JSON.parse(this.#storage().getItem(KEY) ?? '{}');
      const known = Object.entries(stored).filter(([name, value]) => sameType(name, value));
      return Object.fromEntries(known);
    } catch {
      return {};
    }
  }
}

/** @param {string} name @param {unknown} value */
function sameType(name, value) {
  return typeof value === typeof DEFAULTS[/** @type {keyof Choices} */ (name)];
}
