/** The results of the cells of a matrix: each is one request by one attacker. */
export class Tally {
  refused = 0;
  accepted = 0;
  /** Not sent: the same right was refused to the same attacker just before. */
  pruned = 0;
  readonly failures: string[] = [];

  get ran(): number {
    return this.refused + this.accepted;
  }

  /** Records a failure. */
  fail(text: string): void {
    this.failures.push(text);
  }
}
