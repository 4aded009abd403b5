import { REFRESH_GRACE_MS, type Rotation, type Session } from './sessions.ts';

/**
 * What the exchange of a refresh token comes to (RFC 9700 section 4.14.2), and how the session is
 * then; undefined when it stays or ends.
 */
export function rotated(
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
