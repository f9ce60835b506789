/** What comes from the other side, handed to each part of a session that follows it. */
import { framesToMs } from '../audio/pcm.js';
import { OutOfBand } from '../conversation/out-of-band.js';
import { explainError } from '../protocol/endings.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

/** Errors that only say that we came too late. */
const HARMLESS = new Set(['response_cancel_not_active', 'input_audio_buffer_commit_empty']);

/**
 * @typedef {object} Parts
 * @property {import('./connector.js').Connector} connector
 * @property {import('../audio/speaker.js').Speaker} speaker
 * @property {import('../conversation/conversation.js').Conversation} conversation
 * @property {import('../conversation/turn-taking.js').TurnTaking} turnTaking
 * @property {import('../conversation/latency.js').Latency} latency
 * @property {import('../protocol/relay-events.js').RelayEvents} news
 * @property {import('./call-sound.js').CallSound} callSound
 * @property {import('./call-video.js').CallVideo} video
 * @property {import('./microphone-feed.js').MicrophoneFeed} feed
 * @property {import('./session-ledger.js').SessionLedger} ledger
 * @property {import('./visitor-input.js').VisitorInput} input
 */

/** Events: `notice` (detail: a sentence worth showing for a moment). */
export class EventIntake extends EventTarget {
  #parts;
  #outOfBand = new OutOfBand();
  /** Whether it was judged whether the session's sound can be played. */
  #soundJudged = false;

  /** @param {Parts} parts */
  constructor(parts) {
    super();
    this.#parts = parts;
  }

  /** A session has begun. @param {boolean} continues whether it goes on with what was said before */
  begin(continues) {
    this.#parts.news.begin(continues);
    this.#soundJudged = false;
  }

  /** @param {RealtimeEvent} event which may have any shape at all */
  take(event) {
    try {
      this.#take(event);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#notice(`An event ${event.type} came that is not what it should be, and was passed over.`);
    }
  }

  /** @param {import('../protocol/codecs.js').AudioDelta} audio */
  takeAudio(audio) {
    const { conversation, speaker, turnTaking } = this.#parts;
    if (this.#outOfBand.has(audio) || !turnTaking.answers.takes(audio)) return;
    conversation.receivedAudio(audio.itemId, framesToMs(audio.samples.length));
    speaker.enqueue(audio.itemId, audio.contentIndex, audio.samples);
  }

  /** @param {RealtimeEvent} event */
  #take(event) {
    const { conversation, feed, input, ledger, news, video } = this.#parts;
    feed.apply(event);
    conversation.apply(event);
    video.apply(event);
    if (!this.#outOfBand.takes(event)) this.#follow(event);
    const notice = news.apply(event);
    if (notice !== '') this.#notice(notice);
    if (event.type === 'error' && this.#isNews(event)) this.#notice(explainError(event));
    input.apply(event);
    ledger.received(event);
    if (input.ready && (event.type === 'session.updated' || event.type === 'error')) this.#judgeSound();
  }

  /** Why no session begins is told by whoever opens it. @param {RealtimeEvent} event */
  #isNews({ error }) {
    return this.#parts.connector.state === 'open' && !HARMLESS.has(error?.code);
  }

  /** @param {RealtimeEvent} event of the conversation itself */
  #follow(event) {
    const { callSound, input, latency, speaker, turnTaking } = this.#parts;
    turnTaking.apply(event);
    callSound.apply(event);
    input.follow(event);
    latency.received(event, performance.now());
    if (event.type === 'response.output_audio.done') speaker.end(event.item_id);
    if (event.type === 'response.done')
      for (const { id } of event.response?.output ?? []) speaker.end(id);
  }

  /** Says once that a session has sound which is neither played nor made here: it was asked for another. */
  #judgeSound() {
    const unknown = this.#parts.connector.client?.unknownFormats ?? [];
    if (unknown.length === 0 || this.#soundJudged) return;
    this.#soundJudged = true;
    this.#parts.conversation.addNotice(
      `The sound of this session is ${unknown.join(' and ')}, which this page can neither play nor record. Go on in writing.`,
    );
  }

  /** @param {string} sentence */
  #notice(sentence) {
    this.dispatchEvent(new CustomEvent('notice', { detail: sentence }));
  }
}
