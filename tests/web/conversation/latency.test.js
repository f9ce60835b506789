import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latency, median } from '../../../web/conversation/latency.js';

const stopped = { type: 'input_audio_buffer.speech_stopped' };
const created = { type: 'response.created', response: { id: 'r' } };
const audio = { type: 'response.output_audio.delta', response_id: 'r', item_id: 'a' };
const text = { type: 'response.output_audio_transcript.delta', response_id: 'r', item_id: 'a' };

test('A turn is timed from the end of speech to the first sample heard.', () => {
  const latency = new Latency();
  latency.roundTripMs = 12;
  for (const [event, now] of [
    [stopped, 1000],
    [created, 1010],
    [text, 1100],
    [audio, 1200],
    [audio, 1300],
  ]) {
    latency.received(event, now);
  }
  latency.heard('a', 1240.04);
  latency.heard('a', 1900);
  latency.received({ type: 'response.done', response: { id: 'r', status: 'cancelled' } }, 1500);
  assert.deepEqual(latency.toJSON().turns, [
    {
      cause: 'speech',
      responseId: 'r',
      createdMs: 10,
      firstTextMs: 100,
      firstAudioMs: 200,
      firstHeardMs: 240,
      doneMs: 500,
      cut: true,
      underruns: 0,
      roundTripMs: 12,
      transport: 'websocket',
      stages: null,
    },
  ]);
});

test('A function that is called first is part of the turn: it is timed until something is heard.', () => {
  const latency = new Latency();
  latency.received(stopped, 0);
  latency.received({ type: 'response.created', response: { id: 'call' } }, 10);
  latency.received({ type: 'response.done', response: { id: 'call', status: 'completed' } }, 300);
  latency.received(created, 320);
  latency.received(audio, 500);
  const [turn, ...more] = latency.toJSON().turns;
  assert.deepEqual([turn.responseId, turn.createdMs, turn.firstAudioMs, turn.doneMs], ['r', 10, 500, null]);
  assert.deepEqual(more, []);
});

test('An answer that was asked for is timed from the asking.', () => {
  const latency = new Latency();
  latency.sent({ type: 'response.create' }, 50);
  latency.received(created, 60);
  assert.deepEqual([latency.timings[0].cause, latency.timings[0].createdAt], ['request', 60]);
});

test('A question that nothing answered is not a turn.', () => {
  const latency = new Latency();
  latency.received(stopped, 0);
  latency.received(stopped, 500);
  assert.deepEqual(
    latency.timings.map(({ askedAt }) => askedAt),
    [500],
  );
});

test('An answer that nobody asked for is not timed.', () => {
  const latency = new Latency();
  latency.received(created, 0);
  latency.received(audio, 10);
  assert.deepEqual(latency.timings, []);
});

test('Underruns count for the turn in which they happen.', () => {
  const latency = new Latency();
  latency.received(stopped, 0);
  latency.received(created, 1);
  latency.countUnderruns(2);
  latency.received(stopped, 100);
  latency.countUnderruns(2);
  latency.countUnderruns(3);
  assert.deepEqual(
    latency.timings.map(({ underruns }) => underruns),
    [2, 1],
  );
});

test('What the stages of a cascade took stands with the answer that it is told of.', () => {
  const latency = new Latency();
  latency.received(stopped, 0);
  latency.received(created, 1);
  const told = { type: 'relay.stages', response_id: created.response.id, times: { hear_ms: 104, think_ms: 152 } };
  latency.received(told, 500);
  latency.received({ ...told, response_id: 'another' }, 501);
  latency.received({ ...told, times: null }, 502);
  assert.deepEqual(latency.toJSON().turns[0].stages, { hear_ms: 104, think_ms: 152 });
});

test('A session of hours keeps its last 200 turns.', () => {
  const latency = new Latency();
  for (let turn = 0; turn < 250; turn += 1) {
    latency.received(stopped, turn);
    latency.received({ type: 'response.created', response: { id: `r${turn}` } }, turn);
  }
  assert.equal(latency.timings.length, 200);
  assert.equal(latency.timings[0].responseId, 'r50');
});

test('A median passes over what is not known.', () => {
  assert.equal(median([]), null);
  assert.equal(median([null, 3, 1, null, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

test('Over a call an answer’s sound is told of by its buffer, and its item by its words.', () => {
  const latency = new Latency();
  latency.transport = 'webrtc';
  latency.received(stopped, 1000);
  latency.received(created, 1010);
  latency.received(text, 1100);
  latency.received({ type: 'output_audio_buffer.started', response_id: 'r' }, 1120);
  latency.heard('a', 1200);
  const [{ firstTextMs, firstAudioMs, firstHeardMs, transport }] = latency.toJSON().turns;
  assert.deepEqual([firstTextMs, firstAudioMs, firstHeardMs, transport], [100, 120, 200, 'webrtc']);
});

test('Both transports stand beside each other.', () => {
  const latency = new Latency();
  for (const [transport, tookMs] of [['websocket', 300], ['webrtc', 400], ['webrtc', 500]]) {
    latency.transport = transport;
    latency.received(stopped, 0);
    latency.received(created, 0);
    latency.received(audio, tookMs);
    latency.heard('a', tookMs);
    latency.received({ type: 'response.done', response: { id: 'r' } }, tookMs);
  }
  assert.deepEqual(latency.toJSON().transports, {
    websocket: { turns: 1, medianFirstAudioMs: 300, medianFirstHeardMs: 300 },
    webrtc: { turns: 2, medianFirstAudioMs: 450, medianFirstHeardMs: 450 },
  });
});
