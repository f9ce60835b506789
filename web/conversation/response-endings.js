/** How an answer ended that is not whole, in words and in its turns. */
import { openCall } from './calls.js';

/** Words for `status_details.reason` of an incomplete answer. @type {Map<string, string>} */
const INCOMPLETE = new Map(
  Object.entries({
    max_output_tokens: 'stopped at the longest answer allowed',
    content_filter: 'stopped by the content filter',
  }),
);

/** What it says was heard as far as its sound came; nobody waits for the result of its calls. @param {import('./turn-list.js').Turn} turn */
export function cancel(turn) {
  if (openCall(turn) !== null) turn.problem = 'its answer was cancelled';
  else if (turn.audioMs === 0) turn.cut = true;
}

/** Why an answer failed. @param {any} response */
export function failureOf({ status_details: details }) {
  return details?.error?.message ?? details?.error?.code ?? 'no reason was given';
}

/** What became of an answer that is incomplete. @param {any} response */
export function incompletenessOf({ status_details: details }) {
  return INCOMPLETE.get(details?.reason) ?? 'stopped early';
}
