/** What a turn offers for a call that waits: to give its result, or to decide whether it may be made. */
import { make } from './page.js';

/** @typedef {import('../conversation/turn-list.js').Call} Call */

/**
 * @typedef {object} CallAnswers
 * @property {(name: string) => boolean} has whether calls of that function are answered by themselves
 * @property {(callId: string, output: string) => void} answer
 * @property {(callId: string, approve: boolean) => void} decide
 * @property {import('./page-language.js').Say} say
 */

/** @param {Call} call @param {CallAnswers} answers @returns {HTMLFormElement} */
export function makeCallForm(call, answers) {
  return call.kind === 'approval' ? makeDecision(call, answers) : makeResult(call, answers);
}

/** @param {Call} call @param {CallAnswers} answers */
function makeResult({ name, callId }, answers) {
  const { say } = answers;
  const output = make('textarea', { class: 'code', rows: '2', spellcheck: 'false', 'aria-label': say(`Result of ${name}`) });
  output.value = '{}';
  const send = make('button', { type: 'submit', class: 'button primary' }, say('Send the result'));
  return makeForm(() => answers.answer(callId, output.value), output, make('div', { class: 'turn-call-buttons' }, send));
}

/** @param {Call} call @param {CallAnswers} answers */
function makeDecision({ name, server, callId }, answers) {
  const { say } = answers;
  const approve = make('button', { type: 'submit', class: 'button primary' }, say('Approve'));
  const refuse = make('button', { type: 'button', class: 'button' }, say('Refuse'));
  refuse.addEventListener('click', () => answers.decide(callId, false));
  const words = make('p', {}, say(`${server || 'A server'} wants to run ${name}.`));
  return makeForm(() => answers.decide(callId, true), words, make('div', { class: 'turn-call-buttons' }, refuse, approve));
}

/** @param {() => void} submit @param {Node[]} children */
function makeForm(submit, ...children) {
  const form = make('form', { class: 'turn-call' }, ...children);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  return form;
}
