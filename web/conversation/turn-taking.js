/** Turn-taking: interrupting an answer and truncating it, push-to-talk, and turn detection. */
import { SAMPLE_RATE } from '../audio/pcm.js';
import { Answers, serverAnswers, serverInterrupts, speechInterrupts, turnDetection } from './answers.js';
import { interruptionItem } from './items.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

const QUIET_TIMEOUT_MS = 1_000;
const RELEASE_TAIL_MS = 150; // thumbs are quicker than the end of a word
/** With the buffer goes the speech in it, and nothing else may tell of its end. */
const ENDS_OF_SPEECH = new Set(['input_audio_buffer.committed', 'input_audio_buffer.cleared']);
const LEAST_COMMIT_FRAMES = SAMPLE_RATE / 10; // the API refuses to commit less than 100 ms

/**
 * Who speaks when: interruptions, and turns that begin and end with a button.
 *
 * With an open microphone the other side detects turns. With push-to-talk nothing is sent but what is said
 * while the button is held; where the relay does not let us switch detection off, silence is sent between,
 * and detection does the rest.
 */
export class TurnTaking {
  #getClient;
  #speaker;
  #conversation;
  #answers = new Answers();
  #held = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} while what was said is still being taken in */
  #tail;
  #userSpeaks = false;
  #pushToTalk = false;
  #heldFrames = 0;
  /** @type {Record<string, any> | null} what the session's detection was before we switched it off */
  #detection = null;

  /**
   * @param {object} options
   * @param {() => import('../protocol/realtime-client.js').RealtimeClient | null} options.getClient
   * @param {import('../audio/speaker.js').Speaker} options.speaker
   * @param {import('./conversation.js').Conversation} options.conversation
   */
  constructor({ getClient, speaker, conversation }) {
    this.#getClient = getClient;
    this.#speaker = speaker;
    this.#conversation = conversation;
  }

  get answers() {
    return this.#answers;
  }

  get userSpeaks() {
    return this.#userSpeaks || this.#held;
  }

  /** Whether push-to-talk is on. */
  get pushToTalk() {
    return this.#pushToTalk;
  }

  get held() {
    return this.#held;
  }

  /** @param {boolean} pushToTalk */
  setPushToTalk(pushToTalk) {
    this.release();
    this.#pushToTalk = pushToTalk;
    this.applyDetection();
  }

  /**
   * Makes the session's turn detection fit, as far as the relay lets us. To be called for each new session.
   */
  applyDetection() {
    const client = this.#getClient();
    if (client === null) return;
    const detection = turnDetection(client.session);
    if (this.#pushToTalk && detection !== null) {
      this.#detection = detection;
      client.updateSession({ audio: { input: { turn_detection: null } } });
    } else if (!this.#pushToTalk && this.#detection !== null) {
      client.updateSession({ audio: { input: { turn_detection: this.#detection } } });
      this.#detection = null;
    }
  }

  /** @param {RealtimeEvent} event any server event */
  apply(event) {
    this.#answers.apply(event);
    if (event.type === 'input_audio_buffer.speech_started') this.#begin();
    else if (event.type === 'input_audio_buffer.speech_stopped') this.#stop();
    else if (ENDS_OF_SPEECH.has(event.type)) this.#userSpeaks = false;
    else if (event.type === 'session.updated' && turnDetection(event.session) === null) this.#userSpeaks = false;
  }

  /** Whether the other side is to hear what is said, and no silence in its place. */
  get open() {
    return !this.#pushToTalk || this.#held || this.#tail !== undefined;
  }

  /**
   * What to send of a chunk from the microphone: it, silence in its place, or nothing.
   *
   * @param {Int16Array} samples changed to silence in place
   */
  gate(samples) {
    if (this.open) {
      this.#heldFrames += samples.length;
      return samples;
    }
    if (turnDetection(this.#getClient()?.session ?? null) === null) return null;
    return samples.fill(0);
  }

  /** The button goes down. Does nothing without a session. */
  press() {
    if (!this.#pushToTalk || this.#held || this.#getClient() === null) return;
    void this.interrupt();
    this.#held = true;
    if (this.#tail === undefined) this.#beginHeld();
    this.#endTail(); // it was let go of for a moment only
  }

  /** The button comes up. @returns {boolean} false where it was held too short to have said anything */
  release() {
    if (!this.#held) return true;
    this.#held = false;
    const client = this.#getClient();
    if (client === null || turnDetection(client.session) !== null) return true;
    if (this.#heldFrames < LEAST_COMMIT_FRAMES) {
      client.send({ type: 'input_audio_buffer.clear' });
      return false;
    }
    this.#answers.expect();
    this.#tail = setTimeout(() => this.#commit(), RELEASE_TAIL_MS);
    return true;
  }

  /** Silences the answer that is being heard, and has what is being made of it cancelled. */
  interrupt() {
    return this.#cut(false);
  }

  /** Interrupts, and waits until a new answer may be asked for: at most a second. */
  async interruptAndWait() {
    await this.interrupt();
    const deadline = performance.now() + QUIET_TIMEOUT_MS;
    while (this.#answers.underWay && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Forgets the session. What has come of its answers is played to its end. */
  reset() {
    this.#answers.reset();
    this.#endTail();
    this.#held = this.#userSpeaks = false;
    this.#detection = null;
    this.#speaker.endAll();
  }

  /** Falls silent, with nobody to tell. */
  async silence() {
    for (const { itemId, playedMs } of await this.#speaker.flush()) this.#conversation.cut(itemId, playedMs);
  }

  #commit() {
    this.#endTail();
    this.#getClient()?.send({ type: 'input_audio_buffer.commit' });
    this.#getClient()?.createResponse();
  }

  #endTail() {
    clearTimeout(this.#tail);
    this.#tail = undefined;
  }

  #beginHeld() {
    this.#heldFrames = 0;
    const client = this.#getClient();
    if (client?.call && turnDetection(client.session) === null)
      client.send({ type: 'input_audio_buffer.clear' }); // a call's track has brought silence since the last turn
  }

  #begin() {
    this.#userSpeaks = true;
    const session = this.#getClient()?.session ?? null;
    if (speechInterrupts(session)) void this.#cut(serverInterrupts(session));
  }

  #stop() {
    this.#userSpeaks = false;
    if (serverAnswers(this.#getClient()?.session ?? null)) this.#answers.expect();
  }

  /** @param {boolean} cancelled whether the other side cancels its answer itself */
  async #cut(cancelled) {
    const wasHeard = this.#speaker.busy;
    const flushed = this.#speaker.flush(); // silence first
    if (cancelled || wasHeard || !this.#userSpeaks) {
      if (this.#answers.cut() && !cancelled) this.#getClient()?.send({ type: 'response.cancel' });
    }
    if (!cancelled && this.#getClient()?.call) this.#getClient()?.send({ type: 'output_audio_buffer.clear' });
    const cuts = await flushed;
    for (const event of this.#answers.truncations(cuts)) this.#getClient()?.send(event);
    for (const { itemId, playedMs } of cuts) this.#conversation.cut(itemId, playedMs);
    for (const id of this.#answers.toldOf(cuts)) this.#tellCut(id);
  }

  /** @param {string} id of an answer that goes on being played from a session that was lost */
  #tellCut(id) {
    const turn = this.#conversation.turns.find((each) => each.id === id);
    if (turn !== undefined) this.#getClient()?.createItem(interruptionItem(turn));
  }
}
