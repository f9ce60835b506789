/** Calls of tools as turns: of functions, which this side answers, of MCP servers, and what those want to have approved. */

/** @typedef {import('./turn-list.js').Turn} Turn */
/** @typedef {import('./turn-list.js').Call} Call */

/** By the type of the item. @type {Map<string, Call['kind']>} */
const KINDS = new Map(
  Object.entries({
    function_call: /** @type {const} */ ('function'),
    mcp_call: /** @type {const} */ ('mcp'),
    mcp_approval_request: /** @type {const} */ ('approval'),
  }),
);

/** The call of a turn that waits for this side; null where none does. @param {Turn} turn @returns {Call | null} */
export function openCall({ call, final, problem }) {
  if (call === null || !final || call.output !== null || problem) return null;
  return call.kind === 'mcp' ? null : call;
}

/** Ends the wait for a decision whose session is gone: no other session knows the request. @param {Turn} turn @returns {boolean} whether it waited */
export function expireApproval(turn) {
  if (openCall(turn)?.kind !== 'approval') return false;
  turn.problem = 'its session ended before it was decided';
  return true;
}

/** Whether an item is a call. @param {any} item */
export function isCall(item) {
  return KINDS.has(item?.type);
}

/** Writes a call into its turn. @param {Turn} turn @param {any} item */
export function writeCall(turn, item) {
  const kind = KINDS.get(item.type) ?? 'function';
  const { input, output } = turn.call ?? { input: '', output: null };
  turn.call = {
    kind,
    name: item.name ?? '',
    server: item.server_label ?? '',
    callId: item.call_id ?? item.id,
    input: item.arguments || input,
    output: item.output ?? output,
  };
  turn.final ||= kind === 'approval' || item.status === 'completed' || Boolean(item.error);
  if (item.error) turn.problem = `failed: ${item.error.message ?? item.error.code ?? item.error.type ?? 'no reason was given'}`;
}

/**
 * What an item says about a call that was made before: a result, or a decision.
 *
 * @param {any} item
 * @returns {{callId: string, output: string} | null}
 */
export function resultOf(item) {
  if (item?.type === 'function_call_output') return { callId: item.call_id, output: item.output };
  if (item?.type !== 'mcp_approval_response') return null;
  return { callId: item.approval_request_id, output: item.approve ? 'approved' : 'refused' };
}
