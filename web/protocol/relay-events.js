/**
 * The relay's own events: `relay.cost` (what the conversation has cost), `relay.draining` (the relay is about to
 * restart) and `relay.resumed` (a connection that broke was taken up again). A relay that sends none leaves them unknown.
 */

const WARN_AT = 0.8;

export class RelayEvents {
  #earlierUsd = 0;
  /** @type {number | null} */
  #sessionUsd = null;
  /** @type {number | null} */
  #budgetShare = null;
  #warned = false;
  #restarting = false;
  #resumed = 0;

  /** How often a session went on over another connection, unseen. */
  get resumed() {
    return this.#resumed;
  }

  /** What the conversation has cost, its lost sessions too; null where nobody tells. */
  get costUsd() {
    return this.#sessionUsd === null ? null : this.#earlierUsd + this.#sessionUsd;
  }

  /** How much of the budget is spent, from 0 to 1; null where there is none. */
  get budgetShare() {
    return this.#budgetShare;
  }

  /** Whether the relay has said that it is about to restart. */
  get restarting() {
    return this.#restarting;
  }

  /** A session begins. @param {boolean} resumed in place of one that was lost */
  begin(resumed) {
    this.#earlierUsd = resumed ? (this.costUsd ?? 0) : 0;
    this.#sessionUsd = resumed && this.#sessionUsd !== null ? 0 : null;
    this.#restarting = false;
    if (resumed) return;
    this.#budgetShare = null;
    this.#warned = false;
  }

  /**
   * @param {import('./codecs.js').RealtimeEvent} event any server event
   * @returns {string} a sentence for the visitor, '' where there is nothing to say
   */
  apply(event) {
    if (event.type === 'relay.draining') return this.#announce(event.seconds_left);
    if (event.type === 'relay.resumed' && event.recovered) this.#resumed += 1;
    if (event.type === 'relay.cost') return this.#count(event.spent_usd, event.spent_share);
    return '';
  }

  toJSON() {
    return { costUsd: this.costUsd, budgetShare: this.budgetShare, restarting: this.restarting, resumed: this.#resumed };
  }

  /** @param {unknown} secondsLeft */
  #announce(secondsLeft) {
    this.#restarting = true;
    const within = Number(secondsLeft) >= 1 ? `within ${Math.round(Number(secondsLeft))} seconds` : 'now';
    return `The relay restarts ${within}. You will be connected again by itself.`;
  }

  /** @param {unknown} usd a decimal, as text @param {unknown} share */
  #count(usd, share) {
    this.#sessionUsd = Number(usd) || 0;
    this.#budgetShare = share === null ? null : Number(share) || 0;
    if (this.#warned || this.#budgetShare === null || this.#budgetShare < WARN_AT) return '';
    this.#warned = true;
    return `${Math.floor(this.#budgetShare * 100)} % of the budget for this conversation is spent.`;
  }
}
