/**
 * Images from a file, a video or the screen, scaled down to JPEG data URIs.
 */

const LONGEST_SIDE_PX = 1280;
const JPEG_QUALITY = 0.85;

/**
 * @param {Blob} file
 * @returns {Promise<string>} a data URI
 * @throws {Error} where the browser cannot read it as an image
 */
export async function imageFromFile(file) {
  const bitmap = await createImageBitmap(file);
  try {
    return toDataUri(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

/** What a playing video shows now. @param {HTMLVideoElement} video @returns {string} a data URI */
export function imageFromVideo(video) {
  return toDataUri(video, video.videoWidth, video.videoHeight);
}

/**
 * Asks the visitor for a screen or window, and takes one picture of it.
 *
 * @returns {Promise<string>} a data URI
 * @throws {DOMException} where the visitor or the browser refuses
 */
export async function imageFromScreen() {
  const stream = await navigator.mediaDevices.getDisplayMedia({ video: true });
  const video = document.createElement('video');
  try {
    video.muted = true;
    video.srcObject = stream;
    await video.play();
    return imageFromVideo(video);
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}

/** @param {CanvasImageSource} source @param {number} width @param {number} height */
function toDataUri(source, width, height) {
  const scale = Math.min(1, LONGEST_SIDE_PX / Math.max(width, height, 1));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = '#fff'; // JPEG has no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/jpeg', JPEG_QUALITY);
}
