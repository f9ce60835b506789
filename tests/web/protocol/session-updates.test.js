import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionUpdates } from '../../../web/protocol/session-updates.js';
import { settle } from '../fakes.js';

/** What became of updates, in the order in which it was known. */
function follow(updates, ...ids) {
  const told = [];
  for (const id of ids) {
    updates.sent(id);
    updates.outcome(id).then((taken) => told.push([id, taken]));
  }
  return told;
}

test('Updates are answered in their order, and one that an error names was refused.', async () => {
  const updates = new SessionUpdates();
  const told = follow(updates, 'a', 'b', 'c');
  updates.apply({ type: 'session.updated' });
  updates.apply({ type: 'error', error: { event_id: 'c' } });
  updates.apply({ type: 'session.updated' });
  await settle();
  assert.deepEqual(told, [['a', true], ['c', false], ['b', true]]);
});

test('An error that names no update, and an answer that nobody waits for, change nothing.', async () => {
  const updates = new SessionUpdates();
  updates.apply({ type: 'session.updated' });
  const told = follow(updates, 'a');
  updates.apply({ type: 'error' });
  updates.apply({ type: 'error', error: { event_id: 'other' } });
  await settle();
  assert.deepEqual(told, []);
});
