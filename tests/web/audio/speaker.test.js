import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Speaker } from '../../../web/audio/speaker.js';
import { FakePort, settle } from '../fakes.js';

const REPORT = {
  itemId: '',
  contentIndex: 0,
  itemPlayedFrames: 0,
  started: 0,
  startedTime: 0,
  playing: false,
  receivedFrames: 0,
  playedFrames: 0,
  queuedFrames: 0,
  depthFrames: 480,
  underruns: 0,
  droppedFrames: 0,
};

const LATENCY_MS = 30;

/** The audio nodes that a speaker makes, as far as it uses them. */
class FakeNode {
  static worklet = null;
  port = new FakePort();
  gain = { value: 1, setTargetAtTime: (value) => (this.gain.value = value) };

  constructor(_context, name) {
    if (typeof name === 'string') FakeNode.worklet = this;
    if (name?.gain !== undefined) this.gain.value = name.gain;
  }

  connect(node) {
    return node;
  }
}

class FakeAudioContext extends EventTarget {
  state = 'running';
  sampleRate = 24000;
  currentTime = 0;
  baseLatency = 0.01;
  outputLatency = LATENCY_MS / 1000 - this.baseLatency;
  audioWorklet = { addModule: async () => {} };

  constructor({ sampleRate = 48000 }) {
    super();
    this.sampleRate = sampleRate;
  }

  getOutputTimestamp() {
    return { contextTime: 10, performanceTime: 5000 };
  }

  async resume() {}

  async close() {
    this.state = 'closed';
    this.dispatchEvent(new Event('statechange'));
  }
}

beforeEach(() => {
  Object.assign(globalThis, {
    AudioContext: FakeAudioContext,
    AudioWorkletNode: FakeNode,
    GainNode: FakeNode,
    AnalyserNode: FakeNode,
    window: new EventTarget(),
    document: new EventTarget(),
  });
});

/** An open speaker, the audio thread's side of it, and what it told. */
async function openSpeaker() {
  const speaker = new Speaker();
  await speaker.start();
  const told = [];
  for (const type of ['started', 'position', 'finished', 'idle']) {
    speaker.addEventListener(type, ({ detail }) => told.push([type, detail]));
  }
  const { port } = FakeNode.worklet;
  const report = (changes) => port.receive({ ...REPORT, ...changes });
  return { speaker, port, told, report };
}

test('Samples are handed to the audio thread with their answer.', async () => {
  const { speaker, port } = await openSpeaker();
  speaker.enqueue('a', 0, Int16Array.of(1, 2));
  speaker.end('a');
  assert.deepEqual(port.posted, [{ push: Int16Array.of(1, 2), itemId: 'a', contentIndex: 0 }, { end: 'a' }]);
  assert.equal(speaker.busy, true);
});

test('What comes while the audio thread is still being made waits for it, in its order.', async () => {
  const speaker = new Speaker();
  const starting = speaker.start();
  speaker.enqueue('a', 0, Int16Array.of(1, 2));
  speaker.end('a');
  assert.equal(speaker.busy, true);
  await starting;
  assert.deepEqual(FakeNode.worklet.port.posted, [
    { push: Int16Array.of(1, 2), itemId: 'a', contentIndex: 0 },
    { end: 'a' },
  ]);
});

test('What waits for the audio thread and is cut was not heard at all, and is not played.', async () => {
  const speaker = new Speaker();
  const starting = speaker.start();
  speaker.enqueue('a', 0, new Int16Array(240));
  assert.deepEqual(await speaker.flush(), [{ itemId: 'a', contentIndex: 0, playedMs: 0, receivedMs: 10 }]);
  speaker.enqueue('b', 0, Int16Array.of(3));
  await starting;
  assert.deepEqual(FakeNode.worklet.port.posted, [{ push: Int16Array.of(3), itemId: 'b', contentIndex: 0 }]);
  assert.equal(speaker.stats().receivedFrames, 1);
});

test('The beginning of an answer is told on the page’s clock.', async () => {
  const { speaker, told, report } = await openSpeaker();
  speaker.enqueue('a', 0, new Int16Array(480));
  report({
    itemId: 'a',
    started: 1,
    startedTime: 10.5,
    playing: true,
    receivedFrames: 480,
    itemPlayedFrames: 128,
  });
  assert.deepEqual(told[0], ['started', { itemId: 'a', heardAtMs: 5500 }]);
  assert.equal(told[1][0], 'position');
  assert.ok(Math.abs(told[1][1].playedMs - 5.333) < 0.001);
});

test('An answer is finished when the next one plays, or nothing does.', async () => {
  const { speaker, told, report } = await openSpeaker();
  speaker.enqueue('a', 0, new Int16Array(480));
  speaker.enqueue('b', 0, new Int16Array(480));
  report({ itemId: 'b', started: 2, playing: true, receivedFrames: 960, itemPlayedFrames: 10 });
  report({ itemId: '', started: 2, receivedFrames: 960, playedFrames: 960 });
  assert.deepEqual(
    told.filter(([type]) => type !== 'position' && type !== 'started'),
    [
      ['finished', { itemId: 'a' }],
      ['finished', { itemId: 'b' }],
      ['idle', undefined],
    ],
  );
  assert.equal(speaker.busy, false);
});

test('A report from before more was handed over does not finish what is on its way.', async () => {
  const { speaker, told, report } = await openSpeaker();
  speaker.enqueue('a', 0, new Int16Array(480));
  report({ itemId: '', receivedFrames: 0 });
  assert.deepEqual(told, []);
  assert.equal(speaker.busy, true);
});

test('A flush tells what was cut as the audio thread knows it.', async () => {
  const { speaker, port } = await openSpeaker();
  speaker.enqueue('a', 0, new Int16Array(2400));
  const cutting = speaker.flush();
  assert.equal(speaker.busy, false);
  port.receive({
    flushed: 1,
    cut: [{ itemId: 'a', contentIndex: 0, playedFrames: 1200, receivedFrames: 2400 }],
  });
  assert.deepEqual(await cutting, [{ itemId: 'a', contentIndex: 0, playedMs: 50 - LATENCY_MS, receivedMs: 100 }]);
});

test('What is still on its way to the ear when it is cut was not heard.', async () => {
  const { speaker, port } = await openSpeaker();
  speaker.enqueue('a', 0, new Int16Array(2400));
  const cutting = speaker.flush();
  const cut = { contentIndex: 0, receivedFrames: 2400 };
  port.receive({ flushed: 1, cut: [{ ...cut, itemId: 'a', playedFrames: 240 }, { ...cut, itemId: 'b', playedFrames: 0 }] });
  assert.deepEqual((await cutting).map(({ playedMs }) => playedMs), [0, 0]);
});

test('A flush of nothing asks nobody.', async () => {
  const { speaker, port } = await openSpeaker();
  assert.deepEqual(await speaker.flush(), []);
  assert.deepEqual(port.posted, []);
});

test('An audio thread that does not answer is answered for, by what it reported last.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { speaker, report } = await openSpeaker();
  speaker.enqueue('a', 0, new Int16Array(2400));
  report({ itemId: 'a', started: 1, playing: true, receivedFrames: 2400, itemPlayedFrames: 1200 });
  const cutting = speaker.flush();
  context.mock.timers.tick(250);
  assert.deepEqual(await cutting, [{ itemId: 'a', contentIndex: 0, playedMs: 50 - LATENCY_MS, receivedMs: 100 }]);
});

test('A report from before a flush moves nothing.', async () => {
  const { speaker, told, report } = await openSpeaker();
  speaker.enqueue('a', 0, new Int16Array(2400));
  void speaker.flush();
  speaker.enqueue('b', 0, new Int16Array(480));
  report({ itemId: 'a', started: 0, playing: true, receivedFrames: 2400, itemPlayedFrames: 480 });
  assert.deepEqual(told, []);
  assert.equal(speaker.busy, true);
});

test('The volume is squared, and kept within its bounds.', async () => {
  const { speaker } = await openSpeaker();
  speaker.volume = 0.5;
  assert.equal(speaker.output.gain.value, 0.25);
  speaker.volume = 7;
  assert.equal(speaker.volume, 1);
});

test('A closed speaker takes nothing, and can be opened again.', async () => {
  const { speaker } = await openSpeaker();
  speaker.close();
  speaker.enqueue('a', 0, new Int16Array(4));
  assert.deepEqual([speaker.busy, speaker.output, speaker.stats().contextState], [false, null, 'closed']);
  await speaker.start();
  assert.notEqual(speaker.output, null);
  await settle();
});

test('A browser that cannot choose a device says so.', async () => {
  const { speaker } = await openSpeaker();
  assert.equal(await speaker.setDevice('headset'), false);
  assert.equal(await speaker.setDevice(''), true);
});
