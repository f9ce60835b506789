/** The voice session: microphone, connection, speaker and conversation as one object, for any page. */
import { explainMicrophone } from '../protocol/endings.js';
import { phaseOf } from './phase.js';
import { SessionOpening } from './session-opening.js';
import { makeParts } from './session-parts.js';
import { SessionState } from './session-state.js';
import { ScreenWakeLock } from './wake-lock.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */
/** @typedef {import('./connector.js').Problem} Problem */
/** @typedef {import('../protocol/realtime-client.js').RealtimeClient} RealtimeClient */

/** `microphone` is false to type only, `microphoneId` '' for the system's choice. */
/** @typedef {import('./connector.js').Target & {microphone?: boolean, microphoneId?: string}} StartOptions */

/**
 * A spoken conversation: microphone, connection, speaker and view state, joined. It touches no page.
 *
 * Events: `change` (anything that a view shows; many a second), `received` and `sent` (detail: each event),
 * `notice` (detail: a sentence worth showing for a moment), `ended` (detail `Problem`, when a session fails),
 * `passing` (detail `Passing`, before anything is done about it), `unsent` (detail `{text, images}`: typed, and given back
 * since no session took it).
 */
export class VoiceSession extends SessionState {
  #parts;
  #opening;
  #wakeLock = new ScreenWakeLock();
  #startedAt = 0;
  /** Whether the session that is being opened goes on with what was said before. */
  #continues = false;
  /** @type {import('../protocol/call-socket.js').CallFigures | null} */
  #callFigures = null;
  /** @type {Problem | null} */
  #problem = null;

  /** @param {import('./session-parts.js').GivenParts} [given] */
  constructor(given = {}) {
    const parts = makeParts(given);
    super(parts);
    this.#parts = parts;
    this.#opening = new SessionOpening(parts);
    this.#listenToSession();
    this.#listenToSound();
  }

  /** What a visitor sees. */
  get phase() {
    const { connector, feed, turnTaking } = this.#parts;
    return phaseOf({
      connection: this.awaitsMicrophone ? 'connecting' : connector.shownState,
      failed: this.#problem !== null,
      muted: feed.muted || !this.microphone.open,
      userSpeaking: turnTaking.userSpeaks,
      answering: turnTaking.answers.underWay,
      playing: this.speaker.busy,
    });
  }

  /** Why the last session failed; null when it did not, or another was started. */
  get problem() {
    return this.#problem;
  }

  /** When the session began, on `performance.now()`'s clock; 0 when there is none. */
  get startedAt() {
    return this.#startedAt;
  }

  get muted() {
    return this.#parts.feed.muted;
  }

  /** A muted session goes on, and hears silence. */
  set muted(muted) {
    this.#parts.feed.muted = muted;
    this.#changed();
  }

  get pushToTalk() {
    return this.#parts.turnTaking.pushToTalk;
  }

  set pushToTalk(pushToTalk) {
    this.#parts.turnTaking.setPushToTalk(pushToTalk);
    this.#changed();
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
    const { connector, devices } = this.#parts;
    this.#problem = null;
    this.#continues = this.continues;
    this.#wakeLock.hold();
    const connecting = connector.open(options);
    const opening = [devices.openSpeaker(connecting)];
    if (options.microphone !== false) opening.push(devices.openMicrophone(options.microphoneId, connecting));
    await Promise.all([connecting, ...opening.map(async (device) => this.#require(await device))]);
    return this.client !== null;
  }

  /** Hangs up. */
  stop() {
    this.conversation.settle();
    void this.#parts.turnTaking.silence();
    this.#hangUp();
    this.speaker.close();
    this.#changed();
  }

  /** Reconnects at once, where the page waits for the next attempt. */
  reconnectNow() {
    this.#parts.connector.retryNow();
  }

  /**
   * Forgets the conversation, and what was changed of its session: the next begins anew. A session that goes on keeps
   * its settings, and remembers.
   *
   * @returns {() => void} brings it back, but for its sound
   */
  clear() {
    const restoreTurns = this.conversation.clear();
    const restoreChanges = this.active ? () => {} : this.#parts.ledger.clear();
    this.sounds.clear();
    this.#changed();
    return () => {
      restoreTurns();
      restoreChanges();
      this.#changed();
    };
  }

  /**
   * Opens a microphone, or another in its place. Where that fails the session goes on in writing.
   *
   * @param {string} [deviceId] '' is the system's choice
   */
  async chooseMicrophone(deviceId) {
    const problem = await this.#parts.devices.openMicrophone(deviceId);
    if (problem !== null) this.#tell('notice', `${problem.title} ${problem.advice}`);
  }

  /** Silences the answer that is being heard. */
  async interrupt() {
    await this.#parts.turnTaking.interrupt();
    this.#changed();
  }

  /** Push-to-talk: the button goes down. */
  press() {
    this.#parts.turnTaking.press();
    this.#changed();
  }

  /** Push-to-talk: the button comes up. */
  release() {
    if (!this.#parts.turnTaking.release()) this.#tell('notice', 'Hold the button while you speak.');
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
    await this.#parts.input.say(text, images);
    return true;
  }

  /**
   * Gives the result of a function call. The answer to it is asked for once, after the last call of its answer.
   *
   * @param {string} callId
   * @param {string} output
   * @returns {boolean} whether there was a session to take it
   */
  answerCall(callId, output) {
    return this.#parts.input.answerCall(callId, output);
  }

  /** Says whether an MCP server may do what it asked for. Returns as `answerCall`. @param {string} id @param {boolean} approve */
  decideCall(id, approve) {
    return this.#parts.input.decideCall(id, approve);
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
      microphone: this.#parts.feed.stats(),
      speaker: this.speaker.stats(),
      latency: this.latency.toJSON(),
      relay: this.news.toJSON(),
    };
  }

  #listenToSession() {
    const { connector, input, intake, video } = this.#parts;
    const notice = (/** @type {string} */ sentence) => this.#tell('notice', sentence);
    this.#listen(connector, {
      state: () => connector.state !== 'open' && this.#opening.lose(),
      open: ({ resumed }) => void this.#onOpen(resumed),
      failed: (problem) => this.#fail(problem),
      notice,
      away: () => {},
      event: (event) => this.#onEvent(event),
      audio: (audio) => this.#onAudio(audio),
      sent: (event) => this.#onSent(event),
      spoken: (samples) => this.#pass('up', null, samples),
    });
    for (const source of [intake, video]) this.#listen(source, { notice, change: () => {} });
    this.#listen(input, { notice, change: () => {}, unsent: (message) => this.#tell('unsent', message) });
  }

  #listenToSound() {
    const { callSound, conversation, devices, feed, latency, speaker } = this.#parts;
    this.#listen(devices, { change: () => {} });
    this.#listen(feed, {
      notice: (sentence) => this.#tell('notice', sentence),
      failed: (error) => this.#tell('notice', explainMicrophone(error).title),
      line: () => {},
    });
    for (const sound of [speaker, callSound])
      this.#listen(sound, {
        started: ({ itemId, heardAtMs }) => latency.heard(itemId, heardAtMs),
        position: ({ itemId, playedMs }) => conversation.heard(itemId, playedMs),
        finished: ({ itemId }) => conversation.heardAll(itemId),
      });
    this.#listen(speaker, {
      position: () => latency.countUnderruns(speaker.stats().underruns),
      idle: () => this.#problem !== null && !this.active && speaker.close(), // what was left has been heard
      paused: () => {},
    });
    this.#listen(callSound, { cut: ({ itemId, playedMs }) => conversation.cut(itemId, playedMs) });
    callSound.addEventListener('spoken', (event) => {
      const { itemId, samples } = /** @type {CustomEvent} */ (event).detail;
      this.#pass('down', null, samples, itemId); // fifty times a second: no view shows it
    });
  }

  /** @param {boolean} resumed whether a lost session is replaced */
  async #onOpen(resumed) {
    if (!resumed) this.#startedAt = performance.now();
    const client = /** @type {RealtimeClient} */ (this.client);
    await this.#opening.open(client, { resumed, continues: resumed || this.#continues });
    this.#changed();
  }

  /** @param {RealtimeEvent} event which may have any shape at all */
  #onEvent(event) {
    this.#pass('down', event);
    this.#parts.intake.take(event);
    this.#tell('received', event);
  }

  /** @param {import('../protocol/codecs.js').AudioDelta} audio */
  #onAudio(audio) {
    this.#pass('down', null, audio.samples, audio.itemId);
    this.#parts.intake.takeAudio(audio);
  }

  /** @param {RealtimeEvent} event */
  #onSent(event) {
    if (event.type !== 'input_audio_buffer.append' || 'audio' in event) this.#pass('up', event);
    this.latency.sent(event, performance.now());
    this.#parts.ledger.sent(event, this.pushToTalk);
    this.#tell('sent', event);
  }

  /** Ends the session where it lacks what it cannot go without. @param {Problem | null} problem */
  #require(problem) {
    if (problem !== null && this.active) this.#fail(problem);
  }

  /** @param {Problem} problem */
  #fail(problem) {
    this.#problem = problem;
    this.#hangUp();
    if (!this.speaker.busy) this.speaker.close(); // else once all that came has been heard
    this.#changed();
    this.#tell('ended', problem);
  }

  #hangUp() {
    this.#parts.connector.close();
    this.#startedAt = 0;
    this.#parts.devices.closeMicrophone();
    this.#parts.video.stop();
    this.#wakeLock.release();
    this.#parts.input.giveBack();
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
