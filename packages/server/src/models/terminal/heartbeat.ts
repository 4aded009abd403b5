import type { WebSocket } from 'ws';

/**
 * Pings a WebSocket and calls `dead` when nothing has come back by the next ping; a peer whose
 * messages are not being read just now (`excused`) cannot answer. Answers how to stop, and how to
 * tell that the peer lives.
 */
export function heartbeat(
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
