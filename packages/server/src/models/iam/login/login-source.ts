/** The client and the endpoint of a log-in. */
export interface LoginSource {
  type: 'Token' | 'Basic' | 'OAuth';
  sourceIP: string;
  userAgent: string;
  /** Name of the identity provider that decided. */
  provider?: string;
  /** Whether a successful log-in is recorded too. */
  recordSuccess: boolean;
}
