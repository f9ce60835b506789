/** Sound as PCM16 chunks of 24 kHz: the capture worklet, fed by any node of its context. */
import { SAMPLE_RATE } from './pcm.js';

const CAPTURE_WORKLET = new URL('../worklets/capture.js', import.meta.url);

/** `dropped` are chunks that nobody fetched in time. @typedef {{samples: Int16Array<ArrayBuffer>, dropped: number}} Captured */

/**
 * Captures what is connected to the node that it gives. Post it `'stop'` to end that.
 *
 * @param {AudioContext} context
 * @param {number} chunkMs
 * @param {(captured: Captured) => void} onChunk its samples are valid only until it returns
 * @returns {Promise<AudioWorkletNode>}
 */
export async function openCapture(context, chunkMs, onChunk) {
  await context.audioWorklet.addModule(CAPTURE_WORKLET);
  const node = new AudioWorkletNode(context, 'realtime-capture', {
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: 'explicit',
    processorOptions: { toRate: SAMPLE_RATE, chunkMs },
  });
  node.port.onmessage = ({ data }) => {
    onChunk(data);
    node.port.postMessage(data.samples, [data.samples.buffer]);
  };
  return node;
}
