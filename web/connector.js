import { BinaryCodec } from './binary-codec.js';
import { explainEnding, explainUnreachable } from './endings.js';
import { ConnectFailed, RealtimeClient } from './realtime-client.js';

/** @typedef {ReturnType<typeof explainEnding>} Problem */
/** @typedef {import('./codecs.js').Codec} Codec */

/**
 * @typedef {object} Target
 * @property {string} url of the relay
 * @property {string} [model]
 * @property {string} [profile]
 */

const FIRST_DELAY_MS = 500;
const MOST_DELAY_MS = 8_000;
const MOST_ATTEMPTS = 6;

/**
 * Keeps one session open: connects, and connects again when a session is lost that may come back.
 *
 * A new connection is a new, empty session; whoever listens to `open` must say again what the other side
 * shall know. Events: `state`, `open` (detail `{resumed: boolean}`), `event`, `audio` and `sent` as from the
 * client, `failed` (detail `Problem`).
 */
export class Connector extends EventTarget {
  #makeClient;
  #random;
  /** @type {Target} */
  #target = { url: '' };
  /** @type {RealtimeClient | null} */
  #client = null;
  /** @type {'closed' | 'connecting' | 'open' | 'reconnecting'} */
  #state = 'closed';
  #attempt = 0;
  /** Whether audio in bytes is asked for; what does not know it gets JSON. */
  #inBytes = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /**
   * @param {object} [options]
   * @param {(target: Target, codecs: Codec[]) => RealtimeClient} [options.makeClient]
   * @param {() => number} [options.random] 0 to 1, spreads the attempts of many pages whose relay restarts
   */
  constructor({
    makeClient = (target, codecs) => new RealtimeClient({ ...target, codecs }),
    random = Math.random,
  } = {}) {
    super();
    this.#makeClient = makeClient;
    this.#random = random;
  }

  get state() {
    return this.#state;
  }

  /** Which attempt to reconnect this is, from 1; 0 when none is made. */
  get attempt() {
    return this.#attempt;
  }

  /** The session's client while there is a session. */
  get client() {
    return this.#client?.ready ? this.#client : null;
  }

  /**
   * Opens a session, or says `failed`.
   *
   * @param {Target} target
   * @returns {Promise<boolean>} whether it is open
   */
  open(target) {
    this.close();
    this.#target = target;
    this.#inBytes = true;
    this.#enter('connecting');
    return this.#connect();
  }

  close() {
    clearTimeout(this.#retry);
    this.#client?.close();
    this.#client = null;
    this.#attempt = 0;
    if (this.#state !== 'closed') this.#enter('closed');
  }

  /** @returns {Promise<boolean>} */
  async #connect() {
    const client = this.#makeClient(this.#target, this.#inBytes ? [new BinaryCodec()] : []);
    this.#client = client;
    for (const type of ['event', 'audio', 'sent'])
      client.addEventListener(type, (event) => this.#pass(client, event));
    try {
      await client.connect();
    } catch (error) {
      if (this.#client !== client) return false;
      const failed = /** @type {ConnectFailed} */ (error);
      // A server that takes no subprotocol at all breaks the connection of a browser that offered one.
      if (!failed.reached && this.#attempt === 0 && this.#inBytes) {
        this.#inBytes = false;
        return this.#connect();
      }
      this.#refused(failed);
      return false;
    }
    if (this.#client !== client) return false; // closed meanwhile
    client.addEventListener('ended', (event) => this.#lost(/** @type {CustomEvent} */ (event).detail));
    const resumed = this.#attempt > 0;
    this.#attempt = 0;
    this.#enter('open');
    this.#tell('open', { resumed });
    return true;
  }

  /** @param {ConnectFailed} error */
  #refused({ ending, reached }) {
    const mayComeBack = this.#attempt > 0 && (!reached || explainEnding({ ...ending, opened: true }).retry);
    if (mayComeBack && this.#attempt < MOST_ATTEMPTS) this.#retryLater();
    else this.#fail(reached ? explainEnding(ending) : explainUnreachable(this.#target.url));
  }

  /** @param {import('./endings.js').Ending} ending */
  #lost(ending) {
    const problem = explainEnding(ending);
    if (problem.retry) this.#retryLater();
    else this.#fail(problem);
  }

  #retryLater() {
    const delayMs = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempt) * (0.5 + this.#random() / 2);
    this.#attempt += 1;
    this.#client = null;
    this.#enter('reconnecting');
    this.#retry = setTimeout(() => void this.#connect(), delayMs);
  }

  /** @param {Problem} problem */
  #fail(problem) {
    this.close();
    this.#tell('failed', problem);
  }

  /** @param {RealtimeClient} client @param {Event} event */
  #pass(client, event) {
    if (client === this.#client) this.#tell(event.type, /** @type {CustomEvent} */ (event).detail);
  }

  /** @param {'closed' | 'connecting' | 'open' | 'reconnecting'} state */
  #enter(state) {
    this.#state = state;
    this.#tell('state', state);
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
