/** What a voice session shows of itself: its parts that are anybody's to read, and what goes on in them. */

export class SessionState extends EventTarget {
  microphone;
  speaker;
  conversation;
  latency;
  /** What was said in the last turns, to be heard again. */
  sounds;
  /** What the relay's own events have said. */
  news;
  /** The visitor's camera or screen, in a call. */
  video;
  #parts;

  /** @param {import('./session-parts.js').SessionParts} parts */
  constructor(parts) {
    super();
    this.#parts = parts;
    this.microphone = parts.microphone;
    this.speaker = parts.speaker;
    this.conversation = parts.conversation;
    this.latency = parts.latency;
    this.sounds = parts.sounds;
    this.news = parts.news;
    this.video = parts.video;
  }

  /** Whether a session is open, or being opened or restored. */
  get active() {
    return this.#parts.connector.state !== 'closed';
  }

  /** The protocol's client while there is a session. */
  get client() {
    return this.#parts.connector.client;
  }

  /** Whether there is a session that knows what was said before. */
  get ready() {
    return this.#parts.input.ready;
  }

  /** Which attempt to reconnect this is; 0 when none is made. */
  get attempt() {
    return this.#parts.connector.attempt;
  }

  /** Why the session was lost, while it is being restored; else null. */
  get lossReason() {
    return this.#parts.connector.reason;
  }

  /** Whether what is said takes long to arrive, or does not arrive. */
  get networkSlow() {
    return this.#parts.feed.slow;
  }

  /** Whether an answer is being heard or made, so that there is something to interrupt. */
  get interruptible() {
    return this.speaker.busy || (this.client !== null && this.#parts.turnTaking.answers.underWay);
  }

  /** Whether there is a conversation that the next session goes on with. */
  get continues() {
    return this.conversation.turns.some(({ role }) => role !== 'notice');
  }

  /** Whether the browser is asking the visitor for the microphone, or opening it. */
  get awaitsMicrophone() {
    return this.#parts.devices.awaitsMicrophone;
  }

  /** Whether the browser holds the sound back, so that the visitor has to touch the page. */
  get paused() {
    return this.speaker.paused;
  }

  /** Whether the push-to-talk button is held. */
  get held() {
    return this.#parts.turnTaking.held;
  }

  /** The calls that wait for this side, oldest first. */
  get openCalls() {
    return this.#parts.input.openCalls;
  }
}
