/** What went wrong with the session, and what to do now: the one place where it stands. */
import { setText } from './page.js';

/**
 * @typedef {object} ProblemElements
 * @property {HTMLElement} root
 * @property {HTMLElement} title
 * @property {HTMLElement} advice
 * @property {HTMLElement} detail
 * @property {HTMLElement} reconnect
 * @property {HTMLElement} dismiss
 */

export class ProblemView {
  #elements;
  #say;

  /** @param {ProblemElements} elements @param {import('./page-language.js').Say} say */
  constructor(elements, say) {
    this.#say = say;
    this.#elements = elements;
  }

  /** @param {import('../session/voice-session.js').VoiceSession} voice */
  render(voice) {
    const { root, title, advice, detail, reconnect, dismiss } = this.#elements;
    const lost = voice.phase === 'reconnecting' && voice.attempt > 1;
    const problem = lost ? voice.lossReason : voice.problem;
    root.hidden = problem === null;
    reconnect.hidden = !lost;
    dismiss.hidden = lost;
    if (problem === null) return;
    setText(title, this.#say(problem.title));
    setText(advice, lost ? '' : this.#say(problem.advice)); // which is to start again
    setText(detail, lost ? '' : problem.detail);
  }
}
