/**
 * A conversation's turns as plain text, and how much of an interrupted answer was heard.
 */

/** @typedef {import('./turn-list.js').Turn} Turn */

/** @type {Partial<Record<Turn['role'], string>>} */
const SPEAKERS = { user: 'You', assistant: 'Assistant', tool: 'Tool' };

const MS_PER_CHARACTER = 65; // of speech, where nobody says how long an answer is: a call's, or one that was lost

/**
 * Divides what an answer says where its sound was, or is being, heard up to. Sound and words do not come with
 * each other's times, so this takes speech to be even, and goes on to the end of the word. The words of an answer that
 * was lost may have run ahead of its sound.
 *
 * @param {Turn} turn
 * @returns {{heard: string, unheard: string}}
 */
export function splitHeard({ text, audioMs, heardMs, lost }) {
  const spokenMs = text.length * MS_PER_CHARACTER;
  const wholeMs = lost ? Math.max(audioMs, spokenMs) : audioMs || spokenMs;
  if (heardMs === null || heardMs >= wholeMs) return { heard: text, unheard: '' };
  if (heardMs === 0) return { heard: '', unheard: text };
  const even = Math.floor((text.length * heardMs) / wholeMs);
  const rest = text.slice(even).search(/\s/);
  const end = rest < 0 ? text.length : even + rest;
  return { heard: text.slice(0, end), unheard: text.slice(end) };
}

/** @param {readonly Turn[]} turns @returns {string} for a file or the clipboard */
export function asText(turns) {
  return (
    turns
      .map(line)
      .filter((text) => text !== '')
      .join('\n\n') + '\n'
  );
}

/** @param {Turn} turn */
function line(turn) {
  if (turn.role === 'notice') return `— ${turn.text}`;
  if (turn.call !== null)
    return `Tool: ${turn.call.name}(${turn.call.input}) → ${turn.call.output ?? 'no result'}`;
  const images = turn.images.map(() => '[image]');
  const said = [...images, wordsOf(turn)].filter((part) => part !== '').join(' ');
  return said === '' ? '' : `${SPEAKERS[turn.role]}: ${said}`;
}

/** @param {Turn} turn */
function wordsOf(turn) {
  if (!turn.cut) return turn.text;
  return `${splitHeard(turn).heard.trimEnd()} — [interrupted]`;
}
