/**
 * AudioWorklet processor of the microphone: blocks of floats in, PCM16 chunks out.
 *
 * Chunks travel in buffers that the page sends back when it has read them, so that `process` allocates
 * nothing. When the page does not come round for seconds the pool runs dry, and chunks are dropped and
 * counted.
 */
import { CaptureChunker } from '../audio/capture-chunker.js';

const SILENCE = new Float32Array(128);
const POOL_CHUNKS = 256; // about 5 s of 20 ms chunks, 240 kB: more than a page's worst stall

class CaptureProcessor extends AudioWorkletProcessor {
  #running = true;
  #chunker;
  /** @type {Int16Array[]} */
  #pool = [];
  #pooled = 0;
  #dropped = 0;
  #message = { samples: /** @type {Int16Array} */ (new Int16Array(0)), dropped: 0 };
  /** @type {Transferable[]} */
  #transfer = [this.#message.samples.buffer];

  /** @param {AudioWorkletNodeOptions} options `processorOptions`: `toRate`, `chunkMs` */
  constructor(options) {
    super();
    const { toRate, chunkMs } = options.processorOptions;
    this.#chunker = new CaptureChunker({ fromRate: sampleRate, toRate, chunkMs });
    for (let index = 0; index < POOL_CHUNKS; index += 1)
      this.#store(new Int16Array(this.#chunker.chunkFrames));
    this.port.onmessage = ({ data }) => {
      if (data === 'stop') this.#running = false;
      else this.#store(data);
    };
  }

  /** @param {Float32Array[][]} inputs no input, or one without a channel, is silence */
  process(inputs) {
    const block = inputs.length > 0 && inputs[0].length > 0 ? inputs[0][0] : SILENCE;
    this.#dropped += this.#chunker.push(block, this.#take, this.#send);
    return this.#running;
  }

  /** @param {Int16Array} samples */
  #store(samples) {
    this.#pool[this.#pooled] = samples;
    this.#pooled += 1;
  }

  #take = () => {
    if (this.#pooled === 0) return null;
    this.#pooled -= 1;
    return this.#pool[this.#pooled];
  };

  /** @param {Int16Array} samples */
  #send = (samples) => {
    this.#message.samples = samples;
    this.#message.dropped = this.#dropped;
    this.#transfer[0] = /** @type {ArrayBuffer} */ (samples.buffer);
    this.port.postMessage(this.#message, this.#transfer);
  };
}

registerProcessor('realtime-capture', CaptureProcessor);
