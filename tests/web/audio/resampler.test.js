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

/** How strong what comes of a tone is, in dB of the tone, wherever it lands. */
function gainDb(hertz, fromRate, toRate) {
  const samples = resampleTone(hertz, fromRate, toRate);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return 10 * Math.log10(2 * power + 1e-20);
}

for (const fromRate of [44100, 48000, 96000]) {
  test(`Of ${fromRate} all that is speech passes, and what 24 kHz cannot hold is 80 dB down.`, () => {
    for (const hertz of [100, 1000, 4000, 8000, 10000, 10500])
      assert.ok(Math.abs(gainDb(hertz, fromRate, 24000)) < 0.1, `${hertz} Hz: ${gainDb(hertz, fromRate, 24000)} dB`);
    for (const hertz of [12000, 12100, 12500, 13000, 14000, 16000, 20000, 21900])
      assert.ok(gainDb(hertz, fromRate, 24000) <= -80, `${hertz} Hz: ${gainDb(hertz, fromRate, 24000)} dB`);
  });
}

for (const toRate of [44100, 48000]) {
  test(`What is played at ${toRate} has no image of itself above 12 kHz.`, () => {
    for (const hertz of [1000, 9000, 10500]) {
      const image = amplitudeAt(resampleTone(hertz, 24000, toRate), 24000 - hertz, toRate);
      assert.ok(20 * Math.log10(image) <= -80, `${hertz} Hz`);
    }
  });
}

test('A long stream does not drift: it makes as many samples as the rates say, to the sample.', () => {
  const resampler = new Resampler(44100, 24000);
  const [input, output] = [new Float32Array(1470), new Float32Array(2048)];
  const made = Array.from({ length: 300 }, () => resampler.process(input, 1470, output));
  assert.ok(made.slice(1).every((frames) => frames === 800));
});

test('A rate that no sound card has is near enough.', () => {
  const samples = resampleTone(1000, 44056, 24000);
  assert.ok(Math.abs(amplitudeAt(samples, 1000, 24000) - 1) < 0.002);
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
