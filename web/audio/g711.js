/** G.711, the sound of telephones: μ-law and A-law, eight bits a sample at 8 kHz (ITU-T G.711). */

const MU_BIAS = 132;
const MU_MOST = 32_635;
const A_MASK = 0x55; // every other bit is inverted on the line

/** @typedef {{decode: Int16Array, encode: (sample: number) => number}} Law `decode` by the byte */

/** @type {Law} */
export const MU_LAW = { decode: Int16Array.from({ length: 256 }, (_, byte) => fromMuLaw(byte)), encode: toMuLaw };

/** @type {Law} */
export const A_LAW = { decode: Int16Array.from({ length: 256 }, (_, byte) => fromALaw(byte)), encode: toALaw };

/** @param {number} byte */
function fromMuLaw(byte) {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + MU_BIAS) << ((bits & 0x70) >> 4)) - MU_BIAS;
  return bits & 0x80 ? -magnitude : magnitude;
}

/** @param {number} sample 16 bits @returns {number} a byte */
function toMuLaw(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MU_MOST) + MU_BIAS;
  const exponent = 24 - Math.clz32(magnitude); // of its highest bit, from bit 7 on
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

/** @param {number} byte */
function fromALaw(byte) {
  const bits = byte ^ A_MASK;
  const exponent = (bits & 0x70) >> 4;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

/** @param {number} sample 16 bits @returns {number} a byte */
function toALaw(sample) {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = sample < 0 ? -sample - 1 : sample;
  const exponent = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> Math.max(4, exponent + 3)) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ A_MASK;
}
