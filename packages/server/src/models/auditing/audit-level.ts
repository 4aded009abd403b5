/** How much is recorded of a call (Kubernetes, "Auditing", "Audit policy"). */
export const AUDIT_LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;

/** One of the levels. */
export type AuditLevel = (typeof AUDIT_LEVELS)[number];

/** Reports whether a level records at least what another one does. */
export function reaches(level: AuditLevel, least: AuditLevel): boolean {
  return AUDIT_LEVELS.indexOf(level) >= AUDIT_LEVELS.indexOf(least);
}

/** Returns the level that a text names; None for any other text, as in 3.0. */
export function parseLevel(text: unknown): AuditLevel {
  return AUDIT_LEVELS.find((level) => level === text) ?? 'None';
}
