/**
 * A call whose work can be given up. Its signal may be made when it is first read, which costs more
 * than most answers: pass the call on, and read the signal only to wait.
 */
export interface Cancellable {
  readonly signal: AbortSignal;
}
