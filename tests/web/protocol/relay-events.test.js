import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RelayEvents } from '../../../web/protocol/relay-events.js';

const cost = (usd, share) => ({ type: 'relay.cost', spent_usd: usd, spent_share: share });

test('What nobody tells is not known.', () => {
  const events = new RelayEvents();
  events.begin(false);
  assert.equal(events.apply({ type: 'response.done' }), '');
  assert.deepEqual(events.toJSON(), { costUsd: null, budgetShare: null, restarting: false, resumed: 0 });
});

test('How often a connection was taken up again is counted, and nobody is told.', () => {
  const events = new RelayEvents();
  assert.equal(events.apply({ type: 'relay.resumed', recovered: true }), '');
  assert.equal(events.apply({ type: 'relay.resumed', recovered: false, reason: 'unknown_token' }), '');
  assert.equal(events.resumed, 1);
});

test('The cost is that of all sessions of a conversation; a new one begins at nothing.', () => {
  const events = new RelayEvents();
  events.begin(false);
  events.apply(cost('0.25', 0.1));
  events.apply(cost('0.50', 0.2));
  events.begin(true);
  assert.equal(events.costUsd, 0.5);
  events.apply(cost('0.25', 0.1));
  assert.equal(events.costUsd, 0.75);
  events.begin(false);
  assert.equal(events.costUsd, null);
});

test('A budget that nears its end is told once.', () => {
  const events = new RelayEvents();
  events.begin(false);
  const told = [0.5, 0.83, 0.9].map((share) => events.apply(cost('1', share)));
  assert.deepEqual(told, ['', '83 % of the budget for this conversation is spent.', '']);
});

test('A restart is announced, and over with the next session.', () => {
  const events = new RelayEvents();
  events.begin(false);
  assert.match(events.apply({ type: 'relay.draining', seconds_left: 12.4 }), /within 12 seconds/u);
  assert.match(events.apply({ type: 'relay.draining' }), /restarts now/u);
  assert.equal(events.restarting, true);
  events.begin(true);
  assert.equal(events.restarting, false);
});

test('Nonsense from a relay breaks nothing.', () => {
  const events = new RelayEvents();
  events.begin(false);
  assert.equal(events.apply(cost({}, 'much')), '');
  assert.equal(events.costUsd, 0);
});
