import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallResults } from '../../../web/conversation/call-results.js';

const called = (callId, status = 'completed') => ({
  type: 'response.output_item.done',
  response_id: 'r',
  item: { type: 'function_call', call_id: callId, status },
});
const DONE = { type: 'response.done', response: { id: 'r' } };

/** Results that have seen these events. */
function after(...events) {
  const results = new CallResults();
  for (const event of events) assert.equal(results.apply(event), false);
  return results;
}

test('Two calls in one answer are followed by one answer, after the last result.', () => {
  const results = after(called('a'), called('b'), DONE);
  assert.deepEqual([results.answer('b'), results.answer('a')], [false, true]);
});

test('A result that is given before its answer is done waits for that.', () => {
  const results = after(called('a'), called('b'));
  assert.deepEqual([results.answer('a'), results.answer('b')], [false, false]);
  assert.equal(results.apply(DONE), true);
  assert.equal(results.apply(DONE), false);
});

test('An answer without calls, or of which no call was answered, asks for none.', () => {
  after(DONE);
  after(called('a'), DONE);
  after(called('a', 'incomplete'), DONE);
});

test('The result of a call that this session has not seen asks for an answer at once.', () => {
  assert.equal(after().answer('old'), true);
});

test('What was under way when the session was lost goes on no more.', () => {
  const results = after(called('a'), called('b'));
  results.lose();
  assert.deepEqual([results.answer('a'), results.answer('b')], [false, true]);
});

test('Nothing follows the calls of an answer that was cancelled, whenever their results are given.', () => {
  const results = after(called('a'), called('b'));
  assert.equal(results.answer('a'), false);
  assert.equal(results.apply({ type: 'response.done', response: { id: 'r', status: 'cancelled' } }), false);
  assert.equal(results.answer('b'), false);
});
