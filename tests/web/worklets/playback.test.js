import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amplitudeAt, installAudioThread, tone } from '../fakes.js';

const processors = installAudioThread(24000);
await import('../../../web/worklets/playback.js');

/** A processor and a way to run it for so many blocks. */
function makeProcessor(rate = 24000) {
  globalThis.sampleRate = rate;
  globalThis.currentTime = 0;
  const processor = new (processors.get('realtime-playback'))();
  const run = (blocks, channels = 1) => {
    const samples = [];
    for (let block = 0; block < blocks; block += 1) {
      const output = Array.from({ length: channels }, () => new Float32Array(128).fill(9));
      assert.equal(processor.process([], [output]), true);
      samples.push(...output.at(-1));
      globalThis.currentTime += 128 / rate;
    }
    return samples;
  };
  return { port: processor.port, run, processor };
}

/** The reports, without the answers to flushes. */
function reports(port) {
  return port.posted.filter((message) => 'playing' in message);
}

test('A report tells in which block an answer began, and one when all was played.', () => {
  const { port, run } = makeProcessor();
  run(2);
  port.receive({ push: tone(300, 960), itemId: 'a', contentIndex: 0 });
  port.receive({ end: 'a' });
  run(10);
  const [first, ...others] = reports(port);
  assert.equal(first.itemId, 'a');
  assert.equal(first.started, 1);
  assert.equal(first.startedTime, 256 / 24000);
  const last = others.at(-1);
  assert.deepEqual([last.itemId, last.playing, last.playedFrames, last.queuedFrames], ['', false, 960, 0]);
});

test('While playing it reports its position each 50 ms, and while silent nothing.', () => {
  const { port, run } = makeProcessor();
  port.receive({ push: tone(300, 24000), itemId: 'a', contentIndex: 0 });
  run(94); // half a second
  assert.ok(reports(port).length >= 9 && reports(port).length <= 11);
  port.receive({ flush: 1 });
  run(2);
  const count = port.posted.length;
  run(100);
  assert.equal(port.posted.length, count);
});

test('A flush is answered with what was played, and silence begins with the next block.', () => {
  const { port, run } = makeProcessor();
  port.receive({ push: tone(300, 24000), itemId: 'a', contentIndex: 0 });
  run(10);
  port.receive({ flush: 7 });
  assert.deepEqual(port.posted.at(-1), {
    flushed: 7,
    cut: [{ itemId: 'a', contentIndex: 0, playedFrames: 1280, receivedFrames: 24000 }],
  });
  assert.ok(
    run(2)
      .slice(32)
      .every((sample) => sample === 0),
  );
});

test('Every channel gets the same sound.', () => {
  const { port, run } = makeProcessor();
  port.receive({ push: tone(300, 1280), itemId: 'a', contentIndex: 0 });
  const expected = [...tone(300, 1280)].map((sample) => sample / 32768);
  assert.deepEqual(run(10, 2), expected);
});

test('At 48 kHz a tone keeps its pitch, and a flush is over within two blocks.', () => {
  const { port, run } = makeProcessor(48000);
  port.receive({ push: tone(1000, 24000), itemId: 'a', contentIndex: 0 });
  const samples = run(200).slice(4800);
  assert.ok(Math.abs(amplitudeAt(samples, 1000, 48000) - 0.5) < 0.01);
  port.receive({ flush: 1 });
  assert.ok(
    run(3)
      .slice(256)
      .every((sample) => Math.abs(sample) < 1e-4),
  );
});

test('No output, or one without a channel, is survived.', () => {
  const { processor } = makeProcessor();
  assert.equal(processor.process([], []), true);
  assert.equal(processor.process([], [[]]), true);
});

test('A stopped processor lets the browser drop it.', () => {
  const { processor, port } = makeProcessor();
  port.receive({ stop: true });
  assert.equal(processor.process([], [[new Float32Array(128)]]), false);
});
