/** Downloads, the clipboard, and time stamps for names of files. */

/** Offers text to the visitor as a file. @param {string} name @param {string} text @param {string} [type] */
export function download(name, text, type = 'text/plain') {
  downloadParts(name, [text], `${type};charset=utf-8`);
}

/** The same for what is in parts, or no text. @param {string} name @param {BlobPart[]} parts @param {string} type */
export function downloadParts(name, parts, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // the browser reads it after the click
}

/** @param {string} name @param {unknown} value */
export function downloadJson(name, value) {
  download(name, `${JSON.stringify(value, null, 2)}\n`, 'application/json');
}

/** @param {string} text @returns {Promise<boolean>} whether the browser let us */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** For a file's name. @param {Date} [date] @returns {string} such as `2026-11-20-2215` */
export function stamp(date = new Date()) {
  const [day, time] = date.toISOString().split('T');
  return `${day}-${time.slice(0, 5).replace(':', '')}`;
}
