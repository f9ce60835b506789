/** Keeps a session connected: opens it, and reconnects with growing delays when it is lost. */
import { BinaryCodec } from '../protocol/binary-codec.js';
import { ConnectFailed, explainEnding, explainTicket, explainUnreachable } from '../protocol/endings.js';
import { RealtimeClient } from '../protocol/realtime-client.js';

/** @typedef {ReturnType<typeof explainEnding>} Problem */
/** @typedef {import('../protocol/codecs.js').Codec} Codec */

/**
 * A token or ticket for a relay that asks for one. Tickets last minutes: a function is asked for a new one
 * each time that a session is opened or restored.
 *
 * @typedef {string | (() => string | Promise<string>)} Ticket
 */

/**
 * What is to carry a session: a call where one can be made, and else a WebSocket, is `automatic`.
 *
 * @typedef {import('../protocol/dialling.js').Transport | 'automatic'} Wanted
 */

/**
 * @typedef {object} Target
 * @property {string} url of the relay
 * @property {string} [model]
 * @property {string} [profile]
 * @property {Ticket} [ticket]
 * @property {Wanted} [transport] a WebSocket, where it is not said
 */

/**
 * @typedef {Target & {ticket: string, renewTicket: (() => string | Promise<string>) | undefined,
 *   transport: import('../protocol/dialling.js').Transport}} Dialled
 */

/** What a call can fail of where a WebSocket may do. */
const CALL_ONLY = new Set(['no_calls', 'call_not_connected', 'media_lost']);

const FIRST_DELAY_MS = 500;
const MOST_DELAY_MS = 8_000;
const MOST_ATTEMPTS = 42; // four minutes or five

/**
 * Keeps one session open: connects, and connects again when a session is lost that may come back.
 *
 * A new connection is a new, empty session; whoever listens to `open` must say again what the other side
 * shall know. Events: `state`, `open` (detail `{resumed: boolean}`), `event`, `audio`, `sent`, `spoken` and `away` as from the
 * client, `failed` (detail `Problem`), `notice` (detail: a sentence, when a call is given up for a WebSocket).
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
  /** @type {Problem | null} */
  #reason = null;
  /** Whether audio in bytes is asked for; what does not know it gets JSON. */
  #offersBinary = true;
  /** What is tried next. @type {import('../protocol/dialling.js').Transport} */
  #transport = 'websocket';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /**
   * @param {object} [options]
   * @param {(target: Dialled, codecs: Codec[]) => RealtimeClient} [options.makeClient]
   * @param {() => number} [options.random] 0 to 1, spreads the attempts of many pages whose relay restarts
   * @param {EventTarget} [options.network] tells `online`
   */
  constructor({
    makeClient = (target, codecs) => new RealtimeClient({ ...target, codecs }),
    random = Math.random,
    network = globalThis.window,
  } = {}) {
    super();
    this.#makeClient = makeClient;
    this.#random = random;
    network?.addEventListener('online', () => this.#comeOnline());
  }

  get state() {
    return this.#state;
  }

  /** The state as it is to be shown: a session whose connection has been gone for a while may come back. */
  get shownState() {
    return this.client?.away ? 'reconnecting' : this.#state;
  }

  /** Which attempt to reconnect this is, from 1; 0 when none is made. */
  get attempt() {
    return this.#attempt;
  }

  /** Why the session was lost, or the last attempt failed; null while there is a session. */
  get reason() {
    return this.#reason;
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
    this.#target = { ...target };
    this.#offersBinary = true;
    this.#transport = (target.transport ?? 'websocket') === 'websocket' ? 'websocket' : 'webrtc';
    this.#enter('connecting');
    return this.#connect();
  }

  /** Reconnects at once instead of waiting, and instead of an attempt that hangs. */
  retryNow() {
    if (this.#state !== 'reconnecting') return;
    clearTimeout(this.#retry);
    this.#client?.close();
    this.#target = { ...this.#target }; // whoever still waits for a ticket of the last attempt sees that it is over
    void this.#connect();
  }

  /** A network is there again: perhaps another one, over which nothing of the old connection comes any more. */
  #comeOnline() {
    if (this.#state === 'open') this.#client?.check();
    else this.retryNow();
  }

  close() {
    clearTimeout(this.#retry);
    this.#client?.close();
    this.#client = null;
    this.#attempt = 0;
    this.#reason = null;
    this.#target = { url: '' };
    if (this.#state !== 'closed') this.#enter('closed');
  }

  /** @returns {Promise<boolean>} */
  async #connect() {
    const target = this.#target;
    const ticket = typeof target.ticket === 'function' ? await this.#newTicket(target.ticket) : target.ticket;
    if (ticket === null || this.#target !== target) return false; // closed meanwhile
    const codecs = this.#offersBinary ? [new BinaryCodec()] : [];
    const renewTicket = typeof target.ticket === 'function' ? target.ticket : undefined;
    const dialled = { ...target, ticket: ticket ?? '', renewTicket, transport: this.#transport };
    const client = this.#makeClient(dialled, codecs);
    this.#client = client;
    for (const type of ['event', 'audio', 'sent', 'spoken', 'away'])
      client.addEventListener(type, (event) => this.#pass(client, event));
    try {
      await client.connect();
    } catch (error) {
      if (this.#client !== client) return false;
      const failed = /** @type {ConnectFailed} */ (error);
      if (this.#giveCallUp(failed)) return this.#connect();
      // A server that takes no subprotocol at all breaks the connection of a browser that offered one.
      if (!failed.reached && this.#attempt === 0 && this.#offersBinary && this.#transport === 'websocket') {
        this.#offersBinary = false;
        return this.#connect();
      }
      this.#refused(failed);
      return false;
    }
    if (this.#client !== client) return false; // closed meanwhile
    client.addEventListener('ended', (event) => this.#lost(/** @type {CustomEvent} */ (event).detail));
    const resumed = this.#attempt > 0;
    this.#attempt = 0;
    this.#reason = null;
    this.#enter('open');
    this.#tell('open', { resumed });
    return true;
  }

  /**
   * @param {() => string | Promise<string>} getTicket
   * @returns {Promise<string | null>} null where there is none, which has been dealt with
   */
  async #newTicket(getTicket) {
    const target = this.#target;
    try {
      return await getTicket();
    } catch (error) {
      if (this.#target !== target) return null;
      const problem = explainTicket(String(error));
      if (this.#attempt > 0 && this.#attempt < MOST_ATTEMPTS) this.#retryLater(problem);
      else this.#fail(problem);
      return null;
    }
  }

  /**
   * Takes a WebSocket in a call's place, for this session and those that replace it, where that may help.
   *
   * @param {ConnectFailed} failed
   * @returns {boolean} whether one is to be tried
   */
  #giveCallUp({ ending, reached }) {
    if (this.#transport !== 'webrtc' || this.#target.transport !== 'automatic') return false;
    if (reached && !CALL_ONLY.has(ending.error?.code ?? '')) return false;
    this.#transport = 'websocket';
    const why = reached ? explainEnding(ending).title : 'The call could not be made.';
    this.#tell('notice', `${why} A WebSocket takes its place.`);
    return true;
  }

  /** @param {ConnectFailed} error */
  #refused({ ending, reached }) {
    const mayComeBack = this.#attempt > 0 && (!reached || explainEnding({ ...ending, opened: true }).retry);
    const problem = reached ? explainEnding(ending) : explainUnreachable(this.#target.url);
    if (mayComeBack && this.#attempt < MOST_ATTEMPTS) this.#retryLater(problem);
    else this.#fail(problem);
  }

  /** @param {import('../protocol/endings.js').Ending} ending */
  #lost(ending) {
    const problem = explainEnding(ending);
    if (problem.retry) this.#retryLater(problem);
    else this.#fail(problem);
  }

  /** @param {Problem} reason */
  #retryLater(reason) {
    const delayMs = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempt) * (0.5 + this.#random() / 2);
    this.#attempt += 1;
    this.#reason = reason;
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
