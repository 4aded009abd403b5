/** The WebSocket subprotocol of tower and its agents, and their version. */
export const PROTOCOL = 'kubesphere-v1';

/** The lines with which both ends begin. */
export const CLIENT_LINE = `SSH-${PROTOCOL}-client`;
export const SERVER_LINE = `SSH-${PROTOCOL}-server`;

/** The type of channels; their extra data is the address that the agent connects to. */
export const CHANNEL_TYPE = 'kubesphere';

/** What an agent tells of itself, as its first request. */
export const CONFIG_REQUEST = 'config';

/** What either end sends to see whether the other one is there. */
export const PING_REQUEST = 'ping';

/** Time for everything up to the answer to the first request, in milliseconds. */
export const HANDSHAKE_MS = 10_000;

/** Longest message of a WebSocket, in bytes; messages have no meaning of their own. */
export const MAX_WEB_SOCKET_MESSAGE = 256 * 1024;
