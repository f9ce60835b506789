import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amplitudeAt, installAudioThread, tone } from '../fakes.js';

const processors = installAudioThread(24000);
await import('../../../web/worklets/capture.js');

/** A processor at some rate, with a way to feed it floats in blocks of 128. */
function makeProcessor(rate = 24000) {
  globalThis.sampleRate = rate;
  const processor = new (processors.get('realtime-capture'))({
    processorOptions: { toRate: 24000, chunkMs: 20 },
  });
  const feed = (samples) => {
    for (let start = 0; start + 128 <= samples.length; start += 128) {
      assert.equal(processor.process([[samples.subarray(start, start + 128)]]), true);
    }
  };
  return { processor, port: processor.port, feed };
}

/** A tone as floats. */
function floats(hertz, frames, rate) {
  return Float32Array.from(tone(hertz, frames, rate), (sample) => sample / 32768);
}

test('Blocks become chunks of 20 ms that hold every sample once, in order.', () => {
  const { port, feed } = makeProcessor();
  feed(floats(1000, 4800));
  const chunks = port.posted.map(({ samples }) => samples);
  assert.deepEqual(
    chunks.map(({ length }) => length),
    [480, 480, 480, 480, 480, 480, 480, 480, 480],
  );
  assert.deepEqual(
    chunks.flatMap((chunk) => [...chunk]),
    [...tone(1000, 4320)],
  );
});

test('A microphone of 48 kHz is heard at 24 kHz with its pitch.', () => {
  const { port, feed } = makeProcessor(48000);
  feed(floats(1000, 48000, 48000));
  const samples = port.posted.flatMap(({ samples: chunk }) => [...chunk]);
  assert.ok(Math.abs(samples.length - 24000) <= 480 + 64);
  const amplitude = amplitudeAt(samples.slice(2400, 14400), 1000, 24000) / 32768;
  assert.ok(Math.abs(amplitude - 0.5) < 0.01);
});

test('A missing input is silence, not an error.', () => {
  const { processor, port } = makeProcessor();
  for (let block = 0; block < 4; block += 1) {
    processor.process([]);
    processor.process([[]]);
  }
  assert.deepEqual(
    port.posted.map(({ samples }) => Math.max(...samples)),
    [0, 0],
  );
});

test('When no buffer comes home, chunks are dropped and counted; when they do, it goes on.', () => {
  const { port, feed } = makeProcessor();
  feed(new Float32Array(480 * 300));
  assert.equal(port.posted.length, 256);
  const [first] = port.posted;
  port.receive(first.samples);
  feed(new Float32Array(960));
  assert.equal(port.posted.length, 257);
  assert.ok(port.posted.at(-1).dropped >= 44);
});

test('A stopped processor lets the browser drop it.', () => {
  const { processor, port } = makeProcessor();
  port.receive('stop');
  assert.equal(processor.process([]), false);
});
