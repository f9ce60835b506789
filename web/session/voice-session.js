/** The voice session: microphone, connection, speaker and conversation as one object, for any page. */
import { Microphone } from '../audio/microphone.js';
import { framesToMs } from '../audio/pcm.js';
import { Speaker } from '../audio/speaker.js';
import { serverAnswers } from '../conversation/answers.js';
import { CallResults } from '../conversation/call-results.js';
import { openCall } from '../conversation/calls.js';
import { Conversation } from '../conversation/conversation.js';
import { endsUnanswered } from '../conversation/items.js';
import { Latency } from '../conversation/latency.js';
import { OutOfBand } from '../conversation/out-of-band.js';
import { TurnSounds } from '../conversation/turn-sounds.js';
import { TurnTaking } from '../conversation/turn-taking.js';
import { explainError, explainMicrophone, explainSpeaker } from '../protocol/endings.js';
import { RelayEvents } from '../protocol/relay-events.js';
import { setUpSession } from '../protocol/session-setup.js';
import { CallSound } from './call-sound.js';
import { Connector } from './connector.js';
import { MicrophoneFeed } from './microphone-feed.js';
import { Outbox } from './outbox.js';
import { phaseOf } from './phase.js';
import { butNot, retell } from './retelling.js';
import { SessionLedger } from './session-ledger.js';
import { ScreenWakeLock } from './wake-lock.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */
/** @typedef {import('./connector.js').Problem} Problem */
/** @typedef {import('../protocol/realtime-client.js').RealtimeClient} RealtimeClient */
/** @typedef {import('../audio/microphone.js').MicrophoneUnavailable} MicrophoneUnavailable */

/**
 * What goes over the connection, told before anything is done about it: an event, or samples that are not kept.
 * Sound that comes is both, one after the other; sound that is sent is samples alone.
 *
 * @typedef {import('../conversation/turn-sounds.js').Passing} Passing
 */

/** Errors that only say that we came too late. */
const HARMLESS = new Set(['response_cancel_not_active', 'input_audio_buffer_commit_empty']);

/**
 * @typedef {object} StartOptions
 * @property {string} url of the relay
 * @property {string} [model]
 * @property {string} [profile]
 * @property {import('./connector.js').Ticket} [ticket]
 * @property {import('./connector.js').Wanted} [transport] a WebSocket, where it is not said
 * @property {boolean} [microphone] false to type only
 * @property {string} [microphoneId] '' is the system's choice
 */

/**
 * A spoken conversation: microphone, connection, speaker and view state, joined. It touches no page.
 *
 * Events: `change` (anything that a view shows; many a second), `received` and `sent` (detail: each event),
 * `notice` (detail: a sentence worth showing for a moment), `ended` (detail `Problem`, when a session fails),
 * `passing` (detail `Passing`), `unsent` (detail `{text, images}`: typed, and given back since no session took it).
 */
export class VoiceSession extends EventTarget {
  microphone;
  speaker;
  conversation = new Conversation();
  latency = new Latency();
  /** What was said in the last turns, to be heard again. */
  sounds = new TurnSounds();
  /** What the relay's own events have said. */
  news = new RelayEvents();
  #connector;
  #feed;
  #callSound;
  #turnTaking;
  #outOfBand = new OutOfBand();
  #results = new CallResults();
  #outbox = new Outbox();
  #ledger = new SessionLedger();
  #wakeLock = new ScreenWakeLock();
  #startedAt = 0;
  #awaitsMicrophone = false;
  /** Whether the session knows what it has to know, and typed messages may be sent. */
  #ready = false;
  /** Whether the session that is being opened goes on with what was said before. */
  #continues = false;
  #soundJudged = false;
  /** @type {import('../protocol/call-socket.js').CallFigures | null} */
  #callFigures = null;
  /** @type {Problem | null} */
  #problem = null;

  /** @param {{microphone?: Microphone, speaker?: Speaker, connector?: Connector}} [parts] */
  constructor({ microphone = new Microphone(), speaker = new Speaker(), connector = new Connector() } = {}) {
    super();
    this.microphone = microphone;
    this.speaker = speaker;
    this.#connector = connector;
    const getClient = () => connector.client;
    this.#turnTaking = new TurnTaking({ getClient, speaker, conversation: this.conversation });
    this.#feed = new MicrophoneFeed(
      microphone,
      (samples) => this.#turnTaking.gate(samples),
      () => this.#turnTaking.open,
    );
    this.#callSound = new CallSound(speaker);
    this.#listen(connector, {
      state: () => this.#onState(),
      open: ({ resumed }) => void this.#onOpen(resumed),
      failed: (problem) => this.#fail(problem),
      notice: (sentence) => this.#tell('notice', sentence),
      event: (event) => this.#onEvent(event),
      audio: (audio) => this.#onAudio(audio),
      sent: (event) => this.#onSent(event),
      spoken: (samples) => this.#pass('up', null, samples),
    });
    this.#listen(this.#feed, {
      notice: (sentence) => this.#tell('notice', sentence),
      failed: (error) => this.#tell('notice', explainMicrophone(error).title),
      line: () => {},
    });
    this.#listen(speaker, {
      started: ({ itemId, heardAtMs }) => this.latency.heard(itemId, heardAtMs),
      position: ({ itemId, playedMs }) => this.#onPosition(itemId, playedMs),
      finished: ({ itemId }) => this.conversation.heardAll(itemId),
      idle: () => this.#problem !== null && !this.active && this.speaker.close(), // what was left has been heard
      paused: () => {},
    });
    this.#listen(this.#callSound, {
      started: ({ itemId, heardAtMs }) => this.latency.heard(itemId, heardAtMs),
      position: ({ itemId, playedMs }) => this.conversation.heard(itemId, playedMs),
      finished: ({ itemId }) => this.conversation.heardAll(itemId),
      cut: ({ itemId, playedMs }) => this.conversation.cut(itemId, playedMs),
    });
    this.#callSound.addEventListener('spoken', (event) => {
      const { itemId, samples } = /** @type {CustomEvent} */ (event).detail;
      this.#pass('down', null, samples, itemId);
    });
  }

  /** What a visitor sees. */
  get phase() {
    return phaseOf({
      connection: this.#awaitsMicrophone ? 'connecting' : this.#connector.state,
      failed: this.#problem !== null,
      muted: this.#feed.muted || !this.microphone.open,
      userSpeaking: this.#turnTaking.userSpeaks,
      answering: this.#turnTaking.answers.underWay,
      playing: this.speaker.busy,
    });
  }

  /** Why the last session failed; null when it did not, or another was started. */
  get problem() {
    return this.#problem;
  }

  /** Whether a session is open, or being opened or restored. */
  get active() {
    return this.#connector.state !== 'closed';
  }

  /** The protocol's client while there is a session. */
  get client() {
    return this.#connector.client;
  }

  /** Whether there is a session that knows what was said before. */
  get ready() {
    return this.#ready;
  }

  /** Which attempt to reconnect this is; 0 when none is made. */
  get attempt() {
    return this.#connector.attempt;
  }

  /** Whether what is said takes long to arrive, or does not arrive. */
  get networkSlow() {
    return this.#feed.slow;
  }

  /** Why the session was lost, while it is being restored; else null. */
  get lossReason() {
    return this.#connector.reason;
  }

  /** Reconnects at once, where the page waits for the next attempt. */
  reconnectNow() {
    this.#connector.retryNow();
  }

  /** Whether an answer is being heard or made, so that there is something to interrupt. */
  get interruptible() {
    return this.speaker.busy || (this.client !== null && this.#turnTaking.answers.underWay);
  }

  /** Whether there is a conversation that the next session goes on with. */
  get continues() {
    return this.conversation.turns.some(({ role }) => role !== 'notice');
  }

  /** Whether the browser is asking the visitor for the microphone, or opening it. */
  get awaitsMicrophone() {
    return this.#awaitsMicrophone;
  }

  /** Whether the browser holds the sound back, so that the visitor has to touch the page. */
  get paused() {
    return this.speaker.paused;
  }

  /** When the session began, on `performance.now()`'s clock; 0 when there is none. */
  get startedAt() {
    return this.#startedAt;
  }

  get muted() {
    return this.#feed.muted;
  }

  /** A muted session goes on, and hears silence. */
  set muted(muted) {
    this.#feed.muted = muted;
    this.#changed();
  }

  get pushToTalk() {
    return this.#turnTaking.pushToTalk;
  }

  set pushToTalk(pushToTalk) {
    this.#turnTaking.setPushToTalk(pushToTalk);
    this.#changed();
  }

  /** Whether the push-to-talk button is held. */
  get held() {
    return this.#turnTaking.held;
  }

  /**
   * Opens microphone, speaker and session at once; what is said meanwhile is kept. Call it within a gesture. A
   * conversation that is there already goes on: `clear` it for a new one.
   *
   * @param {StartOptions} options
   * @returns {Promise<boolean>} whether the session is open; where not, `problem` says why
   */
  async start(options) {
    if (this.active) return this.client !== null;
    this.#problem = null;
    this.#continues = this.continues;
    this.#wakeLock.hold();
    const connecting = this.#connector.open(options);
    const opening = [connecting, this.#openSpeaker(connecting)];
    if (options.microphone !== false) {
      const microphone = this.#openMicrophone(options.microphoneId, connecting);
      opening.push(microphone.then((problem) => this.#require(problem)));
    }
    await Promise.all(opening);
    return this.client !== null;
  }

  /** Hangs up. */
  stop() {
    this.conversation.settle();
    void this.#turnTaking.silence();
    this.#hangUp();
    this.speaker.close();
    this.#changed();
  }

  /**
   * Forgets the conversation, and what was changed of its session: the next begins anew. A session that goes on keeps
   * its settings, and remembers.
   *
   * @returns {() => void} brings it back, but for its sound
   */
  clear() {
    const restore = this.conversation.clear();
    const ledger = this.#ledger;
    if (!this.active) this.#ledger = new SessionLedger();
    this.sounds.clear();
    this.#changed();
    return () => {
      restore();
      this.#ledger = ledger;
      this.#changed();
    };
  }

  #hangUp() {
    this.#awaitsMicrophone = false;
    this.#connector.close();
    this.#startedAt = 0;
    this.#feed.close();
    this.#wakeLock.release();
    for (const { item, text, images } of this.#outbox.withdraw()) {
      this.conversation.withdraw(item.id);
      this.#tell('unsent', { text, images });
    }
  }

  /**
   * Opens a microphone, or another in its place. Where that fails the session goes on in writing.
   *
   * @param {string} [deviceId] '' is the system's choice
   */
  async chooseMicrophone(deviceId) {
    const problem = await this.#openMicrophone(deviceId);
    if (problem !== null) this.#tell('notice', `${problem.title} ${problem.advice}`);
  }

  /** Silences the answer that is being heard. */
  async interrupt() {
    await this.#turnTaking.interrupt();
    this.#changed();
  }

  /** Push-to-talk: the button goes down. */
  press() {
    this.#turnTaking.press();
    this.#changed();
  }

  /** Push-to-talk: the button comes up. */
  release() {
    if (!this.#turnTaking.release()) this.#tell('notice', 'Hold the button while you speak.');
    this.#changed();
  }

  /**
   * Says something in writing, interrupting the answer that is being heard. While a session is being opened or
   * restored it waits for it; where that fails `unsent` gives it back.
   *
   * @param {string} text
   * @param {string[]} [images] data URIs
   * @returns {Promise<boolean>} whether there was a session, or will be, to take it
   */
  async say(text, images = []) {
    if (!this.active) return false;
    this.conversation.addTyped(this.#outbox.add(text, images), text, images);
    this.#changed();
    if (this.#ready) await this.#turnTaking.interruptAndWait();
    else await this.#turnTaking.silence();
    this.#sendTyped();
    return true;
  }

  #sendTyped() {
    const client = this.client;
    if (!this.#ready || client === null || !this.#outbox.waiting) return;
    for (const item of this.#outbox.take()) {
      client.createItem(item);
      this.conversation.setWaiting(item.id, false);
    }
    this.#respond(client);
  }

  /** @param {RealtimeClient} client */
  #respond(client) {
    client.createResponse();
    this.#turnTaking.answers.expect();
  }

  /** The calls that wait for this side, oldest first. */
  get openCalls() {
    return this.conversation.turns.map(openCall).filter((call) => call !== null);
  }

  /**
   * Gives the result of a function call. The answer to it is asked for once, after the last call of its answer.
   *
   * @param {string} callId
   * @param {string} output
   * @returns {boolean} whether there was a session to take it
   */
  answerCall(callId, output) {
    const client = this.client;
    if (!this.#give({ type: 'function_call_output', call_id: callId, output })) return false;
    if (client !== null && this.#results.answer(callId)) this.#respond(client);
    return true;
  }

  /**
   * Says whether an MCP server may do what it asked for.
   *
   * @param {string} id of the request
   * @param {boolean} approve
   * @returns {boolean} whether there was a session to take it
   */
  decideCall(id, approve) {
    return this.#give({ type: 'mcp_approval_response', approval_request_id: id, approve });
  }

  /** @param {Record<string, any>} item @returns {boolean} */
  #give(item) {
    if (this.client === null || !this.#ready) {
      this.#tell('notice', this.active ? 'Wait until the session is back.' : 'Start a session first.');
      return false;
    }
    this.client.createItem(item);
    this.conversation.answerCall(item);
    this.#changed();
    return true;
  }

  /** Puts the last problem away. */
  dismissProblem() {
    this.#problem = null;
    this.#changed();
  }

  /** Has `stats` tell how the packets of a call fare; there is nothing to measure over a WebSocket. */
  async measureCall() {
    this.#callFigures = (await this.client?.call?.measure().catch(() => null)) ?? null;
  }

  /** Every counter there is. */
  stats() {
    return {
      phase: this.phase,
      call: this.#callFigures,
      client: this.client?.stats() ?? null,
      microphone: this.#feed.stats(),
      speaker: this.speaker.stats(),
      latency: this.latency.toJSON(),
      relay: this.news.toJSON(),
    };
  }

  /**
   * @param {string} [deviceId]
   * @param {Promise<unknown>} [connecting] goes first: sound that does not load may only show that the relay
   *   is away
   * @returns {Promise<Problem | null>}
   */
  async #openMicrophone(deviceId, connecting) {
    this.#awaitsMicrophone = !this.microphone.open;
    this.#changed();
    try {
      await this.#feed.open(deviceId);
      return null;
    } catch (error) {
      const unavailable = /** @type {MicrophoneUnavailable} */ (error);
      if (unavailable.reason === 'AudioError') await connecting;
      return explainMicrophone(unavailable);
    } finally {
      this.#awaitsMicrophone = false;
      this.#changed();
    }
  }

  /** @param {Promise<unknown>} connecting goes first, as with the microphone */
  async #openSpeaker(connecting) {
    try {
      await this.speaker.start();
    } catch (error) {
      await connecting;
      this.#require(explainSpeaker(String(error)));
    }
    return this.speaker.output !== null;
  }

  /**
   * Ends the session where something is wrong that it cannot start without.
   *
   * @param {Problem | null} problem
   */
  #require(problem) {
    if (problem !== null && this.active) this.#fail(problem);
    return problem === null;
  }

  #onState() {
    if (this.#connector.state === 'open') return;
    this.#ready = false;
    this.#feed.hold();
    this.#callSound.end();
    this.#turnTaking.reset();
    this.#ledger.lose();
    this.#results.lose();
    for (const id of this.#outbox.lose()) this.conversation.setWaiting(id, true);
    this.conversation.settle('the connection was lost before the rest of it came');
  }

  /** @param {boolean} resumed */
  async #onOpen(resumed) {
    const client = /** @type {RealtimeClient} */ (this.client);
    this.latency.transport = client.transport;
    this.#callSound.begin(client);
    if (!resumed) this.#startedAt = performance.now();
    const continues = resumed || this.#continues;
    const why = resumed ? this.#lossWords() : 'The conversation goes on.';
    this.news.begin(continues);
    this.#soundJudged = false;
    await setUpSession(client);
    if (this.client === client && continues) await this.#retell(client, why);
    if (this.client !== client) return;
    this.#turnTaking.applyDetection();
    this.#ready = true;
    if (resumed && !this.#outbox.waiting && this.#owesAnswer(client)) this.#respond(client);
    this.#sendTyped();
    this.#feed.streamTo(client);
    this.#changed();
  }

  #lossWords() {
    return this.news.restarting ? 'The relay has restarted.' : 'The connection was lost and restored.';
  }

  /**
   * Tells a new session what was changed and said in the one before.
   *
   * @param {RealtimeClient} client
   * @param {string} why what happened, for the visitor
   */
  async #retell(client, why) {
    const { turns } = this.conversation;
    const missing = await retell(client, { turns, changes: this.#ledger.changes });
    if (this.client === client) this.conversation.addNotice(`${why} What was said before was handed on${butNot(missing)}`);
  }

  /** Whether the session was lost between a question and its answer. @param {RealtimeClient} client */
  #owesAnswer(client) {
    return endsUnanswered(this.conversation.turns) && (serverAnswers(client.session) || this.#turnTaking.pushToTalk);
  }

  /** @param {RealtimeEvent} event which may have any shape at all */
  #onEvent(event) {
    this.#pass('down', event);
    try {
      this.#take(event);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#tell('notice', `An event ${event.type} came that is not what it should be, and was passed over.`);
    }
    this.#tell('received', event);
  }

  /** @param {RealtimeEvent} event */
  #take(event) {
    this.#feed.apply(event);
    this.conversation.apply(event);
    if (!this.#outOfBand.takes(event)) this.#follow(event);
    const notice = this.news.apply(event);
    if (notice !== '') this.#tell('notice', notice);
    if (event.type === 'error' && !HARMLESS.has(event.error?.code)) this.#tell('notice', explainError(event));
    this.#outbox.apply(event);
    this.#ledger.received(event);
    if (this.#ready && (event.type === 'session.updated' || event.type === 'error')) this.#judgeSound();
  }

  /** Says once that a session has sound which is neither played nor made here: it was asked for another. */
  #judgeSound() {
    const unknown = this.client?.unknownFormats ?? [];
    if (unknown.length === 0 || this.#soundJudged) return;
    this.#soundJudged = true;
    this.conversation.addNotice(
      `The sound of this session is ${unknown.join(' and ')}, which this page can neither play nor record. Go on in writing.`,
    );
  }

  /** @param {RealtimeEvent} event of the conversation itself */
  #follow(event) {
    this.#turnTaking.apply(event);
    this.#callSound.apply(event);
    if (this.#results.apply(event) && this.client !== null) this.#respond(this.client);
    this.latency.received(event, performance.now());
    if (event.type === 'response.output_audio.done') this.speaker.end(event.item_id);
    if (event.type === 'response.done')
      for (const { id } of event.response?.output ?? []) this.speaker.end(id);
  }

  /** @param {import('../protocol/codecs.js').AudioDelta} audio */
  #onAudio(audio) {
    this.#pass('down', null, audio.samples, audio.itemId);
    if (this.#outOfBand.has(audio) || !this.#turnTaking.answers.takes(audio)) return;
    this.conversation.receivedAudio(audio.itemId, framesToMs(audio.samples.length));
    this.speaker.enqueue(audio.itemId, audio.contentIndex, audio.samples);
  }

  /** @param {RealtimeEvent} event */
  #onSent(event) {
    if (event.type !== 'input_audio_buffer.append' || 'audio' in event) this.#pass('up', event);
    this.latency.sent(event, performance.now());
    this.#ledger.sent(event, this.pushToTalk);
    this.#tell('sent', event);
  }

  /** @param {string} itemId @param {number} playedMs */
  #onPosition(itemId, playedMs) {
    this.conversation.heard(itemId, playedMs);
    this.latency.countUnderruns(this.speaker.stats().underruns);
  }

  /** @param {Problem} problem */
  #fail(problem) {
    this.#problem = problem;
    this.#hangUp();
    if (!this.speaker.busy) this.speaker.close(); // else once all that came has been heard
    this.#changed();
    this.#tell('ended', problem);
  }

  /**
   * Has each event of `source` told to its listener, and then to whoever shows us.
   *
   * @param {EventTarget} source
   * @param {Record<string, (detail: any) => void>} listeners
   */
  #listen(source, listeners) {
    for (const [type, listener] of Object.entries(listeners)) {
      source.addEventListener(type, (event) => {
        listener(/** @type {CustomEvent} */ (event).detail);
        this.#changed();
      });
    }
  }

  /**
   * @param {'up' | 'down'} direction @param {RealtimeEvent | null} event
   * @param {Int16Array | null} [samples] @param {string} [itemId]
   */
  #pass(direction, event, samples = null, itemId = '') {
    const passing = { direction, event, samples, itemId };
    this.sounds.take(passing);
    this.#tell('passing', passing);
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
