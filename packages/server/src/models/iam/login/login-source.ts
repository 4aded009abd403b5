/** Where a log-in comes from and by which door. */
export interface LoginSource {
  type: 'Token' | 'Basic' | 'OAuth';
  sourceIP: string;
  userAgent: string;
  /** Name of the identity provider that has decided. */
  provider?: string;
  /** Whether a success is worth a record too. */
  recordSuccess: boolean;
}
