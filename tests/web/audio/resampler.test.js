import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Resampler } from '../../../web/audio/resampler.js';
import { amplitudeAt } from '../fakes.js';

/** Resamples a second of a tone in blocks, and leaves out the filter's beginning. */
function resampleTone(hertz, fromRate, toRate, blockFrames = 128) {
  const resampler = new Resampler(fromRate, toRate);
  const output = new Float32Array(512);
  const samples = [];
  for (let start = 0; start < fromRate; start += blockFrames) {
    const block = Float32Array.from({ length: blockFrames }, (_, index) =>
      Math.sin((2 * Math.PI * hertz * (start + index)) / fromRate),
    );
    const written = resampler.process(block, blockFrames, output);
    samples.push(...output.subarray(0, written));
  }
  return samples.slice(toRate / 10, toRate / 10 + toRate / 2);
}

for (const [fromRate, toRate] of [
  [48000, 24000],
  [44100, 24000],
  [16000, 24000],
  [24000, 48000],
  [24000, 44100],
]) {
  test(`A tone keeps its pitch and strength from ${fromRate} to ${toRate}.`, () => {
    const samples = resampleTone(1000, fromRate, toRate);
    assert.ok(Math.abs(amplitudeAt(samples, 1000, toRate) - 1) < 0.002);
    assert.ok(amplitudeAt(samples, 1010, toRate) < 0.01);
  });
}

test('What the lower rate cannot hold is not folded back into what is heard.', () => {
  const samples = resampleTone(15000, 48000, 24000);
  assert.ok(amplitudeAt(samples, 9000, 24000) < 0.001);
});

test('The size of the blocks makes no difference.', () => {
  const inLarge = resampleTone(440, 44100, 24000, 441);
  resampleTone(440, 44100, 24000, 128).forEach((sample, index) => {
    assert.ok(Math.abs(sample - inLarge[index]) < 1e-4);
  });
});

test('A constant stays that constant.', () => {
  const resampler = new Resampler(44100, 24000);
  const output = new Float32Array(2048);
  const written = resampler.process(new Float32Array(2048).fill(0.5), 2048, output);
  for (const sample of output.subarray(50, written)) assert.ok(Math.abs(sample - 0.5) < 1e-6);
});

test('It asks for exactly the input that a block of output needs.', () => {
  const resampler = new Resampler(24000, 44100);
  const output = new Float32Array(128);
  for (let block = 0; block < 500; block += 1) {
    const needed = resampler.needed(128);
    assert.equal(resampler.process(new Float32Array(needed), needed, output), 128);
  }
});
