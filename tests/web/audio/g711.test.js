import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A_LAW, MU_LAW } from '../../../web/audio/g711.js';

test('Some bytes are the samples that ITU-T G.711 gives them, scaled to 16 bits.', () => {
  const mu = [[0x00, -32124], [0x80, 32124], [0xff, 0], [0x7f, 0], [0xf0, 120], [0x8f, 16764], [0x0f, -16764]];
  for (const [byte, sample] of mu) assert.equal(MU_LAW.decode[byte] + 0, sample, `μ ${byte}`);
  const a = [[0x2a, -32256], [0xaa, 32256], [0xd5, 8], [0x55, -8], [0x80, 5504], [0x00, -5504]];
  for (const [byte, sample] of a) assert.equal(A_LAW.decode[byte], sample, `A ${byte}`);
});

for (const [name, { decode, encode }] of [
  ['μ-law', MU_LAW],
  ['A-law', A_LAW],
]) {
  test(`Every byte of ${name} comes back from its sample.`, () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const expected = name === 'μ-law' && byte === 0x7f ? 0xff : byte; // zero has two bytes
      assert.equal(encode(decode[byte]), expected);
    }
  });

  test(`Every sample is written by the nearest step of ${name}, or the one beside it.`, () => {
    for (let sample = -32768; sample <= 32767; sample += 7) {
      const error = Math.abs(decode[encode(sample)] - sample);
      assert.ok(error <= Math.max(16, Math.abs(sample) / 16), `${sample}: ${error}`);
    }
  });
}
