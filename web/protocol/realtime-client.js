/**
 * A client of the Realtime API over one WebSocket or call: connects, sends, and dispatches what the server says.
 */
import { realtimeUrl } from './addresses.js';
import { CallSocket } from './call-socket.js';
import { jsonCodec } from './codecs.js';
import { dial } from './dialling.js';
import { ConnectFailed } from './endings.js';
import { ResumableSocket } from './resumable-socket.js';
import { SessionSound } from './session-sound.js';
import { SessionUpdates } from './session-updates.js';
import { Watchdog } from './watchdog.js';

/** @typedef {import('./codecs.js').RealtimeEvent} RealtimeEvent */
/** @typedef {import('./endings.js').Ending} Ending */
/** @typedef {import('./dialling.js').Transport} Transport */

/**
 * The close code that `ended` reports when the other side fell silent: the one that browsers use for a lost
 * connection.
 */
const LOST = 1006;

/**
 * The Realtime protocol over one WebSocket: events up, events down, audio both ways; no sound devices, no
 * page. Over a call audio goes beside the events: see `call`.
 *
 * Events: `event` (detail: each server event, before anything else is told of it), one named as each server
 * event's own type (same detail), `audio` (detail `AudioDelta`), `sent` (detail: each event sent, audio as
 * `{type, samples}`), `ended` (detail `Ending`, once, unless `close` was called), `away` (when that changes). A client connects once:
 * make another one for the next session.
 */
export class RealtimeClient extends EventTarget {
  #url;
  #codecs;
  #transport;
  #open;
  /** @type {ResumableSocket | CallSocket | null} */
  #socket = null;
  /** @type {import('./codecs.js').Codec} */
  #codec = jsonCodec;
  /** @type {Record<string, any> | null} */
  #session = null;
  #sound = new SessionSound();
  /** @type {Ending['error']} */
  #lastError = null;
  #closing = false;
  /** @type {(reason: ConnectFailed) => void} ends the wait for the session */
  #giveUp = () => {};
  #eventCount = 0;
  #updates = new SessionUpdates();
  #counters = {
    sentMessages: 0,
    receivedMessages: 0,
    sentAudioFrames: 0,
    receivedAudioFrames: 0,
    unreadable: 0,
  };
  #watchdog;

  /**
   * @param {object} options
   * @param {string | URL} options.url of the relay, such as `wss://relay.example/v1/realtime`
   * @param {string} [options.model] '' leaves it to the relay
   * @param {string} [options.profile] '' is the relay's default
   * @param {string} [options.ticket] for a relay that asks for a token or ticket
   * @param {() => string | Promise<string>} [options.renewTicket] gives another, where its connection has to be renewed
   * @param {import('./codecs.js').Codec[]} [options.codecs] in order of preference, besides JSON
   * @param {{quietMs?: number, answerMs?: number}} [options.watchdog]
   * @param {Transport} [options.transport]
   * @param {typeof WebSocket} [options.WebSocketClass]
   * @param {typeof CallSocket} [options.CallClass]
   */
  constructor({
    url,
    model = '',
    profile = '',
    ticket = '',
    renewTicket = () => ticket,
    codecs = [],
    watchdog = {},
    transport = 'websocket',
    WebSocketClass = WebSocket,
    CallClass = CallSocket,
  }) {
    super();
    this.#url = realtimeUrl(url, model, profile);
    this.#codecs = codecs;
    this.#transport = transport;
    const protocols = codecs.map(({ protocol }) => protocol);
    this.#open = () => dial({ url: this.#url, transport, ticket, renewTicket, protocols, WebSocketClass, CallClass });
    this.#watchdog = new Watchdog({
      ...watchdog,
      onProbe: () => void this.probe(),
      onDead: () => this.abandon(),
    });
  }

  /** The address dialled, with its query. */
  get url() {
    return this.#url;
  }

  /** The session object that the other side sent last, or null before `session.created`. */
  get session() {
    return this.#session;
  }

  /** The session's audio formats that can neither be played nor made here; `appendAudio` sends nothing then. */
  get unknownFormats() {
    return this.#sound.unknown;
  }

  /** Whether a session has begun and not ended. */
  get ready() {
    return this.#session !== null && this.#socket !== null;
  }

  /** @returns {Transport} */
  get transport() {
    return this.#transport;
  }

  /** The call that this is, with the sound that comes and goes beside the events; null over a WebSocket. */
  get call() {
    return this.#transport === 'webrtc' ? /** @type {CallSocket | null} */ (this.#socket) : null;
  }

  /** Whether its connection has been gone for longer than a blip, and may be had again. */
  get away() {
    return this.#socket instanceof ResumableSocket && this.#socket.away;
  }

  /** Bytes handed to the browser and not yet to the network. */
  get bufferedBytes() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /**
   * Opens the connection and waits for `session.created`; the upgrade alone is not yet success.
   *
   * @returns {Promise<Record<string, any>>} the session object
   * @throws {ConnectFailed}
   */
  connect() {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      let opened = false;
      this.addEventListener(
        'session.created',
        () => resolve(/** @type {Record<string, any>} */ (this.#session)),
        { once: true },
      );
      this.addEventListener('ended', (event) => {
        reject(new ConnectFailed(/** @type {CustomEvent<Ending>} */ (event).detail, opened));
      });
      const socket = this.#dial();
      if (socket === null) return;
      socket.addEventListener('away', () => this.#tell('away', null));
      socket.addEventListener('open', () => {
        opened = true;
        this.#codec = this.#codecs.find((codec) => codec.protocol === socket.protocol) ?? jsonCodec;
      });
      this.#watchdog.alive();
    });
  }

  /** @returns {ResumableSocket | CallSocket | null} null where there is nothing to wait for, which has been told */
  #dial() {
    try {
      const socket = this.#open();
      socket.addEventListener('message', (event) => this.#receive(/** @type {MessageEvent} */ (event).data));
      socket.addEventListener('close', (event) => {
        const { code, reason } = /** @type {CloseEvent} */ (event);
        this.#end(code, reason);
      });
      this.#socket = socket;
      return socket;
    } catch (error) {
      this.#end(LOST, String(error));
      return null;
    }
  }

  /**
   * Ends the session, or the wait for it. `ended` is not told.
   *
   * @param {number} [code]
   * @param {string} [reason]
   */
  close(code = 1000, reason = '') {
    this.#closing = true;
    this.#watchdog.stop();
    this.#socket?.close(code, reason);
    this.#socket = null;
    this.#giveUp(new ConnectFailed({ code, reason: 'closed by this side', error: null, opened: false }, true));
  }

  /**
   * Sends an event; without a connection it is dropped.
   *
   * @param {RealtimeEvent} event
   * @returns {string} its `event_id`, made up where it had none, by which an `error` event refers to it
   */
  send(event) {
    this.#eventCount += 1;
    const named = { event_id: `page_${this.#eventCount}`, ...event };
    if (!this.#write(this.#codec.encodeEvent(named))) return named.event_id;
    if (named.type === 'session.update') this.#updates.sent(named.event_id);
    this.#tell('sent', named);
    return named.event_id;
  }

  /** Sends a chunk of the microphone. @param {Int16Array} samples 24 kHz; not kept */
  appendAudio(samples) {
    const bytes = this.#sound.encode(samples);
    if (bytes !== null && this.#write(this.#codec.encodeAudio(bytes))) this.countSpoken(samples);
  }

  /** Takes note of sound that has been sent: over a call it goes as a track. @param {Int16Array} samples */
  countSpoken(samples) {
    this.#counters.sentAudioFrames += samples.length;
    this.#tell('sent', { type: 'input_audio_buffer.append', samples: samples.length });
    this.#tell('spoken', samples);
  }

  /**
   * Changes what is given, and nothing else. The session keeps its type, which a translation's update does not name.
   *
   * @param {Record<string, any>} session
   * @returns {string} the `event_id`
   */
  updateSession(session) {
    const { type = 'realtime' } = this.#session ?? {};
    const named = type === 'translation' ? {} : { type };
    return this.send({ type: 'session.update', session: { ...named, ...session } });
  }

  /**
   * Changes settings of the session, and waits for what becomes of it.
   *
   * @param {Record<string, any>} session
   * @returns {Promise<boolean>} whether they were taken; never settles when no answer comes
   */
  changeSession(session) {
    return this.#updates.outcome(this.updateSession(session));
  }

  /** Adds an item to the conversation. @param {Record<string, any>} item */
  createItem(item) {
    this.send({ type: 'conversation.item.create', item });
  }

  /** Asks for an answer. @param {Record<string, any>} [response] what shall differ from the session */
  createResponse(response) {
    this.send(response ? { type: 'response.create', response } : { type: 'response.create' });
  }

  /** Gives the result of a function call, and asks for the answer to it. @param {string} callId @param {string} output */
  answerCall(callId, output) {
    this.createItem({ type: 'function_call_output', call_id: callId, output });
    this.createResponse();
  }

  /**
   * Gives the connection up as lost: nothing is heard from the other side any more. Where the session cannot be had over
   * another one, `ended` is told.
   */
  abandon() {
    if (this.#socket instanceof ResumableSocket && this.#socket.renew()) return;
    this.#end(LOST, 'nothing was heard from the relay any more');
  }

  /** Finds out soon whether the connection still carries anything, and gives it up where it does not. */
  check() {
    if (this.ready) this.#watchdog.check();
  }

  /**
   * Asks the other side for a sign of life that changes nothing. Once it has come, all that was sent before has arrived.
   *
   * @returns {Promise<number>} milliseconds there and back; never settles when no answer comes
   */
  async probe() {
    const sentAt = performance.now();
    await this.changeSession({});
    return performance.now() - sentAt;
  }

  stats() {
    return { ...this.#counters, protocol: this.#codec.protocol || 'json', bufferedBytes: this.bufferedBytes };
  }

  /** @param {string | ArrayBuffer} data @returns {boolean} whether there was a connection to take it */
  #write(data) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(/** @type {string} */ (data));
    this.#counters.sentMessages += 1;
    return true;
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    if (this.#closing) return;
    this.#watchdog.alive();
    this.#counters.receivedMessages += 1;
    const received = this.#decode(data);
    if (received === null) return;
    if (received.event !== null) this.#tellEvent(received.event);
    if (received.audio !== null) this.#tellAudio(received.audio);
  }

  /** @param {import('./codecs.js').EncodedAudio} audio */
  #tellAudio({ bytes, ...audio }) {
    const samples = this.#sound.decode(`${audio.itemId}/${audio.contentIndex}`, bytes);
    if (samples === null) return;
    this.#counters.receivedAudioFrames += samples.length;
    this.#tell('audio', { ...audio, samples });
  }

  /** @param {string | ArrayBuffer} data */
  #decode(data) {
    try {
      return this.#codec.decode(data);
    } catch {
      this.#counters.unreadable += 1;
      return null;
    }
  }

  /** @param {RealtimeEvent} event */
  #tellEvent(event) {
    if (event.type === 'session.created' || event.type === 'session.updated') {
      this.#session = event.session ?? {};
      this.#sound.learn(event.session ?? {});
    }
    this.#updates.apply(event);
    if (event.type === 'error')
      this.#lastError = typeof event.error === 'object' ? event.error : { message: String(event.error) };
    else this.#lastError = null; // only an error that nothing follows explains an end
    this.#tell('event', event);
    const foreign = event.type === 'error' || event.type.includes('.'); // none of our own names has a dot
    if (foreign) this.#tell(event.type, event);
  }

  /** @param {number} code @param {string} reason */
  #end(code, reason) {
    this.#watchdog.stop();
    if (this.#closing) return;
    this.#closing = true;
    this.#socket?.close();
    this.#socket = null;
    this.#tell('ended', { code, reason, error: this.#lastError, opened: this.#session !== null });
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
