import { REFRESH_GRACE_MS, type Rotation, type Session } from './sessions.ts';

/**
 * Decides about the exchange of a refresh token (RFC 9700 section 4.14.2), and returns the session
 * to store; undefined if it stays or ends.
 */
export function decideRotation(
  stored: Session | undefined,
  next: Session,
  used: string,
): { rotation: Rotation; session?: Session } {
  if (!stored?.refreshHash || stored.username !== next.username) {
    return { rotation: { state: 'gone' } };
  }

  const now = next.rotatedAt ?? Date.now();

  if (stored.refreshHash === used) {
    return {
      rotation: { state: 'rotated' },
      session: { ...next, previousHash: used, rotatedAt: now },
    };
  }

  const at = stored.rotatedAt ?? 0;
  const again = stored.previousHash === used && now - at <= REFRESH_GRACE_MS;

  return { rotation: again ? { state: 'again', at } : { state: 'reused' } };
}
