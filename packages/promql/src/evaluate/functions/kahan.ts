/** A sum that keeps what is lost by rounding (Neumaier's variant of Kahan's sum). */
export class KahanSum {
  #sum = 0;
  #lost = 0;

  /** Adds a number. */
  add(value: number): void {
    const sum = this.#sum;
    const next = sum + value;

    this.#lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    this.#sum = next;
  }

  /** The sum without what was lost. */
  get rounded(): number {
    return this.#sum;
  }

  /** The sum. */
  get total(): number {
    return this.#sum + this.#lost;
  }

  /** The sum, or infinity if it became infinite. */
  get finiteTotal(): number {
    return Math.abs(this.#sum) === Number.POSITIVE_INFINITY ? this.#sum : this.total;
  }
}
