/** Makes a new connection the session of a conversation: set up, told what was changed and said before, and what waited. */
import { serverAnswers } from '../conversation/answers.js';
import { endsUnanswered } from '../conversation/items.js';
import { setUpSession } from '../protocol/session-setup.js';
import { butNot, partsHandedOn, retell } from './retelling.js';

/** @typedef {import('../protocol/realtime-client.js').RealtimeClient} RealtimeClient */

export class SessionOpening {
  #parts;

  /** @param {import('./session-parts.js').SessionParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * A session has begun. Returns once it knows what it has to know, or is lost.
   *
   * @param {RealtimeClient} client
   * @param {{resumed: boolean, continues: boolean}} how whether it takes a lost one's place, and whether it goes on with a
   *   conversation
   */
  async open(client, { resumed, continues }) {
    const { callSound, connector, feed, input, intake, latency, turnTaking, video } = this.#parts;
    const why = resumed ? this.#lossWords() : 'The conversation goes on.';
    latency.transport = client.transport;
    callSound.begin(client);
    video.begin(client);
    intake.begin(continues);
    const handedOn = partsHandedOn(client);
    await setUpSession(client);
    if (connector.client === client && continues) await this.#retell(client, why, await handedOn);
    if (connector.client !== client) return;
    turnTaking.applyDetection();
    input.begin(resumed && this.#owesAnswer(client));
    feed.streamTo(client);
  }

  /** The session has ended, or is lost. */
  lose() {
    const { callSound, conversation, feed, input, ledger, turnTaking, video } = this.#parts;
    feed.hold();
    callSound.end();
    video.lose();
    turnTaking.reset();
    ledger.lose();
    input.lose();
    conversation.settle('the connection was lost before the rest of it came');
  }

  #lossWords() {
    return this.#parts.news.restarting ? 'The relay has restarted.' : 'The connection was lost and restored.';
  }

  /**
   * @param {RealtimeClient} client
   * @param {string} why what happened, for the visitor
   * @param {number} handedOn how much the relay has said again itself
   */
  async #retell(client, why, handedOn) {
    const { connector, conversation, ledger } = this.#parts;
    const missing = await retell(client, { turns: conversation.turns, changes: ledger.changes, handedOn });
    if (connector.client === client) conversation.addNotice(`${why} What was said before was handed on${butNot(missing)}`);
  }

  /** Whether the session was lost between a question and its answer. @param {RealtimeClient} client */
  #owesAnswer(client) {
    const { conversation, turnTaking } = this.#parts;
    return endsUnanswered(conversation.turns) && (serverAnswers(client.session) || turnTaking.pushToTalk);
  }
}
