import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RelayNews } from '../../../web/protocol/relay-events.js';

const cost = (usd, share) => ({ type: 'relay.cost', spent_usd: usd, spent_share: share });

test('What nobody tells is not known.', () => {
  const news = new RelayNews();
  news.begin(false);
  assert.equal(news.apply({ type: 'response.done' }), '');
  assert.deepEqual(news.toJSON(), { costUsd: null, budgetShare: 0, restarting: false });
});

test('The cost is that of all sessions of a conversation; a new one begins at nothing.', () => {
  const news = new RelayNews();
  news.begin(false);
  news.apply(cost('0.25', 0.1));
  news.apply(cost('0.50', 0.2));
  news.begin(true);
  assert.equal(news.costUsd, 0.5);
  news.apply(cost('0.25', 0.1));
  assert.equal(news.costUsd, 0.75);
  news.begin(false);
  assert.equal(news.costUsd, null);
});

test('A budget that nears its end is told once.', () => {
  const news = new RelayNews();
  news.begin(false);
  const told = [0.5, 0.83, 0.9].map((share) => news.apply(cost('1', share)));
  assert.deepEqual(told, ['', '83 % of the budget for this conversation is spent.', '']);
});

test('A restart is announced, and over with the next session.', () => {
  const news = new RelayNews();
  news.begin(false);
  assert.match(news.apply({ type: 'relay.draining', seconds_left: 12.4 }), /within 12 seconds/u);
  assert.match(news.apply({ type: 'relay.draining' }), /restarts now/u);
  assert.equal(news.restarting, true);
  news.begin(true);
  assert.equal(news.restarting, false);
});

test('Nonsense from a relay breaks nothing.', () => {
  const news = new RelayNews();
  news.begin(false);
  assert.equal(news.apply(cost({}, 'much')), '');
  assert.equal(news.costUsd, 0);
});
