import type { WebSocket } from 'ws';

/**
 * Pings a WebSocket and calls `dead` if the peer has not answered by the next ping; `excused`
 * returns true while the peer's messages are not read and no answer can arrive. Returns `stop`, and
 * `alive` to report other signs of life.
 */
export function startHeartbeat(
  socket: WebSocket,
  intervalMs: number,
  { excused, dead }: { excused: () => boolean; dead: () => void },
): { stop: () => void; alive: () => void } {
  let alive = true;
  const mark = () => {
    alive = true;
  };

  const timer = setInterval(() => {
    if (!alive && !excused()) {
      return dead();
    }

    alive = false;

    if (socket.readyState === socket.OPEN) {
      socket.ping();
    }
  }, intervalMs);

  timer.unref();
  socket.on('pong', mark);
  socket.on('message', mark);

  return { stop: () => clearInterval(timer), alive: mark };
}
